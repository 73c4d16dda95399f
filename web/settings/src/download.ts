/** Hands the user a file that was made in this page; nothing of it is sent anywhere. */

/** Long enough for the slowest browser to have taken the file over. */
const REVOKE_AFTER_MS = 60_000;

export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

/** For the name of a file: `2026-11-23`. */
export function today(now: number = Date.now()): string {
  return new Date(now).toISOString().slice(0, 10);
}

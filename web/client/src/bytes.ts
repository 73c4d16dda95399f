/** Bytes as text and back. */

/** Backed by a plain buffer, as WebCrypto and IndexedDB want it. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export function toUtf8(text: string): Bytes {
  return encoder.encode(text);
}

/** @throws TypeError when the bytes are not UTF-8. */
export function fromUtf8(bytes: ArrayBuffer | Bytes): string {
  return decoder.decode(bytes);
}

/** base64url without padding (RFC 4648, section 5). */
export function toBase64Url(bytes: Bytes): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws DOMException when `text` is not base64url. */
export function fromBase64Url(text: string): Bytes {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

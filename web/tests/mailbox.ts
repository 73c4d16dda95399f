/** The development mailbox: the mails that the server "sent". */
import { setTimeout as delay } from "node:timers/promises";
import type { Server } from "./server.ts";

export interface Mail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  at: number;
}

/** A mail leaves through the outbox within moments; this only bounds a failure. */
const MAIL_MS_MAX = 15_000;
const POLL_MS = 25;

export type LinkKind = "signup" | "device" | "reset" | "panic";

/** Newest first. */
export async function mails(server: Server, to: string): Promise<Mail[]> {
  const answer = await fetch(`${server.url}/dev/mailbox.json`);
  if (!answer.ok) throw new Error(`/dev/mailbox.json answered ${answer.status}`);
  return ((await answer.json()) as Mail[]).filter((mail) => mail.to === to);
}

/** The link of that kind in the newest mail that has one; waits for it to arrive. Mails in `seen` do not count. */
export async function mailLink(
  server: Server,
  to: string,
  kind: LinkKind,
  seen: ReadonlySet<string> = new Set(),
): Promise<string> {
  let link: string | undefined;
  await waitForMail(server, to, (mail) => {
    link = seen.has(mail.id) ? undefined : linkIn(mail, kind);
    return link !== undefined;
  });
  return link ?? "";
}

export async function waitForMail(server: Server, to: string, wanted: (mail: Mail) => boolean): Promise<Mail> {
  const deadline = performance.now() + MAIL_MS_MAX;
  for (;;) {
    const all = await mails(server, to);
    const found = all.find(wanted);
    if (found) return found;
    if (performance.now() > deadline) {
      throw new Error(
        `The mail to ${to} did not come. There are: ${all.map((mail) => mail.subject).join(" | ") || "none"}`,
      );
    }
    await delay(POLL_MS);
  }
}

function linkIn(mail: Mail, kind: LinkKind): string | undefined {
  return mail.text.match(new RegExp(`https?://\\S+/verify#${kind}(?:=[\\w-]+)?`))?.[0];
}

/** A mail server as small as it can be: takes mails, or refuses their recipient for good. */

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

export class SmtpPeer {
  /** What it answers to a recipient: taken, or "there is no such mailbox". */
  accepts = true;
  /** How many recipients it refused. */
  refused = 0;
  readonly #mails: string[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async listen(): Promise<SmtpPeer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const peer = new SmtpPeer(server, address.port);
    server.on("connection", (socket) => peer.#serve(socket));
    return peer;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}?tls=none`;
  }

  /** The newest link of that kind in a mail that was taken. */
  link(kind: string): string | undefined {
    const pattern = new RegExp(`https?://[^\\s"<>]+/verify#${kind}=[\\w-]+`);
    return this.#mails.map((mail) => mail.match(pattern)?.[0]).findLast((link) => link !== undefined);
  }

  close(): void {
    this.server.close();
  }

  #serve(socket: Socket): void {
    let unread = "";
    let mail: string | undefined;
    const say = (line: string) => socket.write(`${line}\r\n`);
    say("220 peer.example ESMTP");
    socket.setEncoding("utf8").on("error", () => {});
    socket.on("data", (chunk: string) => {
      unread += chunk;
      for (let end = unread.indexOf("\r\n"); end >= 0; end = unread.indexOf("\r\n")) {
        const line = unread.slice(0, end);
        unread = unread.slice(end + 2);
        if (mail !== undefined) {
          if (line === ".") {
            this.#mails.push(plain(mail));
            mail = undefined;
            say("250 taken");
          } else mail += `${line}\r\n`;
          continue;
        }
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === "RCPT" && !this.accepts) {
          this.refused += 1;
          say("550 5.1.1 there is no such mailbox here");
        } else if (verb === "DATA") {
          mail = "";
          say("354 go on");
        } else if (verb === "QUIT") {
          say("221 goodbye");
          socket.end();
        } else say("250 fine");
      }
    });
  }
}

/** Undoes quoted-printable as far as links need it: soft line breaks and escaped characters. */
function plain(mail: string): string {
  return mail
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** An authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds. */
import { webcrypto } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

const STEP_SECONDS = 30;
const POLL_MS = 100;

export class Authenticator {
  #lastStep = 0;
  #recoveryCodes: string[] = [];

  constructor(private readonly secret: string) {}

  /** Takes the place of another one of the same user: what that one has used up stays used up. */
  replace(other: Authenticator): this {
    this.#lastStep = Math.max(this.#lastStep, other.#lastStep);
    return this;
  }

  /** Writes the recovery codes down. */
  keep(recoveryCodes: string[]): void {
    this.#recoveryCodes = [...recoveryCodes];
  }

  /** Whether a code can be had without waiting for the clock. */
  get isReady(): boolean {
    return this.#lastStep <= presentStep();
  }

  /**
   * A code that the server has not seen. It accepts the step before the present one, the present one and the next one,
   * each once and in rising order; when all three are spent, this waits for the clock.
   */
  async code(): Promise<string> {
    for (;;) {
      const present = presentStep();
      const step = Math.max(this.#lastStep + 1, present);
      if (step <= present + 1) {
        this.#lastStep = step;
        return codeAt(this.secret, step);
      }
      await delay(POLL_MS);
    }
  }

  /** A recovery code, while there are any; each works once. */
  recoveryCode(): string | undefined {
    return this.#recoveryCodes.shift();
  }
}

function presentStep(): number {
  return Math.floor(Date.now() / 1000 / STEP_SECONDS);
}

async function codeAt(secret: string, step: number): Promise<string> {
  const key = await webcrypto.subtle.importKey("raw", base32(secret), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = new DataView(await webcrypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(mac.byteLength - 1) & 0x0f;
  return String((mac.getUint32(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, "0");
}

function base32(text: string): Uint8Array<ArrayBuffer> {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text.toUpperCase().replace(/[\s=]/g, "")) {
    const value = alphabet.indexOf(letter);
    if (value < 0) throw new Error(`not base32: ${letter}`);
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}

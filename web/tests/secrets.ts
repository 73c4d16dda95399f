/** Exchange keys made up at run time, so that none that looks real stands in the code; each is also a canary to search for. */
import { createHmac, randomBytes } from "node:crypto";

export interface TestAccount {
  readonly exchange: string;
  readonly kind?: string;
  readonly label: string;
  /** By the label of the form's field. */
  readonly fields: Readonly<Record<string, string>>;
}

export function binance(label: string): TestAccount & { secret: string } {
  const secret = alphanumeric(64);
  return {
    exchange: "Binance",
    kind: "HMAC key and secret",
    label,
    fields: { "API key": alphanumeric(64), "API secret": secret },
    secret,
  };
}

export function bybit(label: string): TestAccount & { secret: string } {
  const secret = alphanumeric(36);
  return { exchange: "Bybit", label, fields: { "API key": alphanumeric(18), "API secret": secret }, secret };
}

export function okx(label: string): TestAccount & { secret: string } {
  const secret = alphanumeric(32);
  return {
    exchange: "OKX",
    label,
    fields: { "API key": alphanumeric(36), "API secret": secret, Passphrase: `${alphanumeric(12)}aZ9!` },
    secret,
  };
}

/** What the demo terminal must get for its sample order with this secret. */
export function expectedSignature(secret: string, order: string): string {
  return createHmac("sha256", secret).update(order).digest("hex");
}

function alphanumeric(length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join("");
}

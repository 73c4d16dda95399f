/** A vendor's login: a key to sign with, the set of its public half, and tokens (RFC 7519) for whoever is logged in there. */
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";

const KEY_ID = "2026-11";
const LIFE_SECONDS = 300;

export class VendorIdentity {
  readonly audience = "keyleash";
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  /** Who is logged in at the vendor, in whichever browser. */
  user: { readonly subject: string; readonly email: string } | undefined;

  constructor(readonly issuer: string) {}

  /** What is served at `jwks_url` (RFC 7517). */
  get keySet(): string {
    const key = this.#keys.publicKey.export({ format: "jwk" });
    return JSON.stringify({ keys: [{ ...key, kid: KEY_ID, alg: "ES256", use: "sig" }] });
  }

  /** A fresh token; empty when nobody is logged in. */
  token(): string {
    if (!this.user) return "";
    const now = Math.floor(Date.now() / 1000);
    const { subject: sub, email } = this.user;
    const claims = {
      iss: this.issuer,
      aud: this.audience,
      sub,
      email,
      iat: now,
      exp: now + LIFE_SECONDS,
      jti: randomUUID(),
    };
    const signed = [{ alg: "ES256", typ: "JWT", kid: KEY_ID }, claims].map(base64url).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: this.#keys.privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

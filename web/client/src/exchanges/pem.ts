/**
 * What is wrong with a pasted PEM (RFC 7468), told from its label and, for RSA, from the size of its modulus. It is not
 * a full parser: the exchange is the judge of the rest.
 */

import type { FaultFacts } from "./faults.ts";

const RSA_MODULUS_BITS_MIN = 2048;
/** What a private key is for; the words are the same in every language. */
export type KeyAlgorithm = "RSA" | "Ed25519" | "ECDSA";

/** DER of the object identifiers in PKCS #8: rsaEncryption (RFC 8017, C), id-Ed25519 (RFC 8410, 3), id-ecPublicKey (RFC 5480, 2.1.1). */
const ALGORITHMS: Readonly<Record<string, KeyAlgorithm>> = {
  "2a864886f70d010101": "RSA",
  "2b6570": "Ed25519",
  "2a8648ce3d0201": "ECDSA",
};
const DER = { integer: 0x02, octetString: 0x04, oid: 0x06, sequence: 0x30 } as const;

/** `wanted`: the algorithm that the exchange takes there. A key of one that is not known here is left to the exchange. */
export function pemFault(text: string, wanted: KeyAlgorithm | undefined): FaultFacts | undefined {
  const found = /^-----BEGIN ([A-Z0-9 ]+)-----\n([\s\S]+?)\n?-----END \1-----$/.exec(text);
  if (!found) return { code: "not_a_pem" };
  const [, label = "", body = ""] = found;
  if (label.includes("PUBLIC KEY")) return { code: "pem_public" };
  if (label === "ENCRYPTED PRIVATE KEY" || body.includes("ENCRYPTED")) return { code: "pem_encrypted" };
  if (!label.endsWith("PRIVATE KEY")) return { code: "pem_other", holds: label.toLowerCase() };
  const der = fromBase64(body);
  const bits = der ? rsaModulusBits(label, der) : "damaged";
  if (!der || bits === "damaged") return { code: "pem_damaged" };
  const holds = algorithmOf(label, der);
  if (wanted && holds && holds !== wanted) return { code: "pem_algorithm", holds, wanted };
  if (bits !== undefined && bits < RSA_MODULUS_BITS_MIN) {
    return { code: "rsa_short", bits, minBits: RSA_MODULUS_BITS_MIN };
  }
  return undefined;
}

function fromBase64(body: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(body.replace(/\s/g, "")), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function algorithmOf(label: string, der: Uint8Array): KeyAlgorithm | undefined {
  if (label === "RSA PRIVATE KEY") return "RSA";
  if (label === "EC PRIVATE KEY") return "ECDSA";
  const algorithm = children(children(der)?.[0]?.bytes ?? der)?.[1];
  const oid = algorithm && children(algorithm.bytes)?.[0];
  return oid && ALGORITHMS[hex(oid.bytes)];
}

/** `undefined` for a key that is not RSA. */
function rsaModulusBits(label: string, der: Uint8Array): number | "damaged" | undefined {
  const outer = children(der)?.[0];
  const parts = outer && children(outer.bytes);
  if (outer?.tag !== DER.sequence || !parts) return "damaged";
  if (label === "RSA PRIVATE KEY") {
    const modulus = parts[1];
    return modulus?.tag === DER.integer ? bitLength(modulus.bytes) : "damaged";
  }
  if (label !== "PRIVATE KEY") return undefined;
  // PKCS #8 (RFC 5208): version, algorithm, and the PKCS #1 key in an octet string.
  const [, algorithm, inner] = parts;
  const oid = algorithm && children(algorithm.bytes)?.[0];
  if (oid?.tag !== DER.oid || inner?.tag !== DER.octetString) return "damaged";
  return ALGORITHMS[hex(oid.bytes)] === "RSA" ? rsaModulusBits("RSA PRIVATE KEY", inner.bytes) : undefined;
}

interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

/** The elements that stand one after another in `der` (X.690, 8.1.3); `undefined` when a length is wrong. */
function children(der: Uint8Array): Element[] | undefined {
  const found: Element[] = [];
  let at = 0;
  while (at < der.length) {
    const tag = der[at] ?? 0;
    const first = der[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    const length = lengthBytes === 0 ? first : Number.parseInt(hex(der.subarray(at + 2, start)), 16);
    if (Number.isNaN(length) || start + length > der.length) return undefined;
    found.push({ tag, bytes: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function bitLength(integer: Uint8Array): number {
  const first = integer.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (integer.length - first) * 8 - (Math.clz32(integer[first] ?? 0) - 24);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

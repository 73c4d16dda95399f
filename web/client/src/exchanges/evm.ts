/**
 * The address that belongs to an EVM private key: the last 20 bytes of Keccak-256 over the uncompressed public key
 * without its first byte (Ethereum Yellow Paper, appendix F).
 */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** In lower case with `0x`; `undefined` when the number is no private key of the curve. */
export function evmAddressOf(privateKeyHex: string): string | undefined {
  const key = hexToBytes(privateKeyHex.replace(/^0x/, ""));
  if (!secp256k1.utils.isValidSecretKey(key)) return undefined;
  const point = secp256k1.getPublicKey(key, false);
  return `0x${bytesToHex(keccak_256(point.subarray(1)).subarray(-20))}`;
}

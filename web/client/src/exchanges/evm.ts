/**
 * The address that belongs to an EVM private key: the last 20 bytes of Keccak-256 over the uncompressed public key
 * without its first byte (Ethereum Yellow Paper, appendix F).
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { getPublicKey, utils } from "@noble/secp256k1";

/** In lower case with `0x`; `undefined` when the number is no private key of the curve. */
export function evmAddressOf(privateKeyHex: string): string | undefined {
  const key = hexToBytes(privateKeyHex.replace(/^0x/, ""));
  if (!utils.isValidSecretKey(key)) return undefined;
  const point = getPublicKey(key, false);
  return `0x${bytesToHex(keccak_256(point.subarray(1)).subarray(-20))}`;
}

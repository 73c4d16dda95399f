/** Compresses each file once and as far as it goes, so that the server has nothing to do but to send it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What is text, and grows smaller. */
const TEXT = /\.(js|css|html|svg|webmanifest)$/;

/** By the ending under which the compressed file lies beside the plain one. */
const COMPRESSED = {
  ".br": (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  ".gz": (bytes) => gzipSync(bytes, { level: 9 }),
};

/** @param {string} out the directory that was built into */
export function compressAll(out) {
  for (const name of readdirSync(out, { recursive: true })) {
    if (!TEXT.test(name)) continue;
    const bytes = readFileSync(join(out, name));
    for (const [ending, compress] of Object.entries(COMPRESSED))
      writeFileSync(join(out, name + ending), compress(bytes));
  }
}

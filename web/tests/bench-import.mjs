// What it costs to bring 500 accounts to a new device, in figures: `KEYLEASH_BIN=... node tests/bench-import.mjs [ACCOUNTS]`.
import { bundle } from "./bundle.mjs";

const [script] = await bundle(["bench-import.ts"]);
await import(script);

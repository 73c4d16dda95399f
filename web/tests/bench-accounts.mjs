// What 500 accounts cost the panel, in figures: `KEYLEASH_BIN=... node tests/bench-accounts.mjs [ACCOUNTS]`.
import { bundle } from "./bundle.mjs";

const [script] = await bundle(["bench-accounts.ts"]);
await import(script);

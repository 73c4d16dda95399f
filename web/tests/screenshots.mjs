// Pictures of every page, light and dark, narrow and wide: `KEYLEASH_BIN=... node tests/screenshots.mjs DIRECTORY`.
import { bundle } from "./bundle.mjs";

const [script] = await bundle(["screenshots.ts"]);
await import(script);

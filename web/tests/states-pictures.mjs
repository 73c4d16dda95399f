// Pictures of every view in every state: `node tests/states-pictures.mjs DIRECTORY [GROUP [png]]`.
import { bundle } from "./bundle.mjs";

const [script] = await bundle(["states-pictures.ts"]);
await import(script);

/** Which of the built files import which. */
import { relative, resolve } from "node:path";

export const AT_ONCE = ["import-statement"];
export const EVERY_IMPORT = ["import-statement", "dynamic-import"];

/**
 * For each built file what it imports, by names relative to `out`.
 *
 * @param {string} out the directory that was built into
 * @param {import("esbuild").Metafile} metafile
 */
export function graph(out, metafile) {
  const name = (path) => relative(resolve(out), resolve(path));
  return new Map(
    Object.entries(metafile.outputs).map(([path, { imports }]) => [
      name(path),
      imports.filter(({ external }) => !external).map(({ path, kind }) => ({ name: name(path), kind })),
    ]),
  );
}

/** `entries`, and all that they import in one of the ways of `kinds`. */
export function reached(files, entries, kinds) {
  const found = new Set();
  const due = [...entries];
  for (let file = due.pop(); file !== undefined; file = due.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const { name, kind } of files.get(file) ?? []) if (kinds.includes(kind)) due.push(name);
  }
  return found;
}

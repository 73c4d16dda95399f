/**
 * Comma-separated values by RFC 4180. What is in them is partly chosen by others (the name of a device, a browser's name for
 * itself), and a spreadsheet carries out a cell that begins like a formula, quoted or not: such a cell gets an apostrophe in
 * front of it, which makes it text (OWASP, CSV injection).
 */

/** Also after white space, which some spreadsheets skip, and in the full-width forms, which some take for the plain ones. */
const FORMULA = /^[\s\0]*[=+\-@＝＋－＠]|^[\t\r\n\0]/;

/** Begins with a byte order mark, without which Excel takes UTF-8 for something else. */
export function csv(rows: readonly (readonly string[])[]): string {
  return `\u{FEFF}${rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")}`;
}

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * From a pasted or dropped text to named values: `.env` lines, `name: value` lines as exchanges' pages show them, INI and YAML
 * as far as they hold such lines, JSON, and object literals of JavaScript and Python.
 *
 * Owns the syntax. Knows nothing of exchanges beyond asking whether a line of its own is the name of the next.
 */

/** One value, as it stood in the text. */
export interface Named {
  /** What it stands in, outermost first: keys of objects, `#0` for a place in an array, headings. */
  readonly path: readonly string[];
  /** Empty for a PEM that stands alone. */
  readonly name: string;
  readonly value: string;
}

export interface Block {
  readonly values: readonly Named[];
  /** Lines of which nothing could be made. */
  readonly strayLines: number;
}

/** Deeper or longer than any configuration that holds a key. */
const DEPTH_MAX = 8;
const VALUES_MAX = 1_000;

/** `isName` tells of a line without a value whether it names what stands on the next line. */
export function readBlock(text: string, isName: (line: string) => boolean): Block {
  const tidy = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const json = parsed(tidy);
  if (json !== undefined) return { values: leaves(json), strayLines: 0 };
  const lines = (isObjectLiteral(tidy) ? oneEntryPerLine(tidy) : tidy).split("\n");
  return new Lines(lines, isName).read();
}

function parsed(text: string): object | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

function leaves(json: object): Named[] {
  const found: Named[] = [];
  const walk = (node: object, path: readonly string[]): void => {
    for (const [key, value] of Object.entries(node) as [string, unknown][]) {
      const name = Array.isArray(node) ? `#${key}` : key;
      if (found.length >= VALUES_MAX || path.length > DEPTH_MAX) return;
      if (typeof value === "object" && value !== null) walk(value, [...path, name]);
      else if (value !== null) found.push({ path, name, value: String(value) });
    }
  };
  walk(json, []);
  return found;
}

/** `{ apiKey: 'x' }`, as it stands in a program; JSON proper was read before. */
function isObjectLiteral(text: string): boolean {
  return /\{\s*["']?\w+["']?\s*:/.test(text);
}

function oneEntryPerLine(text: string): string {
  return text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{},]/g, (found) => {
    if (found === "{") return "{\n";
    if (found === "}") return "\n}";
    return found === "," ? "\n" : found;
  });
}

/** A name, and what separates it from its value. Exchanges' pages have names of several words. */
const ASSIGNMENT =
  /^(?:export\s+|set\s+|\$env:)?(["'`]?)([\p{L}_][\p{L}\p{N}_ .-]{0,62}?)\1\s*(?:=>|:=|=|:(?!\/\/))\s*(.*)$/u;
const COMMENT = /^(?:#|\/\/|;|--(?!-))\s*(.*)$/;
const SECTION = /^\[\s*([^\]]+?)\s*\]$/;
/** Nothing but punctuation: what is left of an object literal around its entries. */
const PUNCTUATION = /^[\s{}()[\],;]*$/;
/** `API key    abc`, as a table is copied. */
const COLUMNS = /^(.{2,40}?)(?:\t+|\s{2,})(\S.*)$/;

class Lines {
  readonly #values: Named[] = [];
  #strayLines = 0;
  #path: readonly string[] = [];
  #at = 0;

  constructor(
    private readonly lines: readonly string[],
    private readonly isName: (line: string) => boolean,
  ) {}

  read(): Block {
    while (this.#at < this.lines.length && this.#values.length < VALUES_MAX) {
      const line = this.#line(this.#at++);
      if (!PUNCTUATION.test(line)) this.#take(line);
    }
    return { values: this.#values, strayLines: this.#strayLines };
  }

  #line(at: number): string {
    return this.lines[at]?.trim() ?? "";
  }

  #take(line: string): void {
    const heading = COMMENT.exec(line)?.[1] ?? SECTION.exec(line)?.[1];
    const [, , name, rest] = ASSIGNMENT.exec(line) ?? [];
    const [, left, right] = COLUMNS.exec(line) ?? [];
    if (line.startsWith("-----BEGIN")) this.#add("", this.#pem(line));
    else if (heading !== undefined) this.#path = [heading];
    // The head of an object literal, such as `new ccxt.okx({`, may name the exchange.
    else if (line.endsWith("{")) this.#path = [line];
    else if (name !== undefined && rest !== undefined) this.#assign(name, rest);
    else if (left !== undefined && right !== undefined && this.isName(left)) this.#add(left, bare(right));
    else if (this.isName(line) && this.#nextIsValue()) this.#add(line, this.#nextLine());
    else this.#strayLines += 1;
  }

  #assign(name: string, rest: string): void {
    const quote = rest[0];
    if (quote === '"' || quote === "'" || quote === "`") this.#add(name, this.#quoted(quote, rest) ?? bare(rest));
    else if (rest.startsWith("-----BEGIN")) this.#add(name, this.#pem(rest));
    else if (!/^[|>]?[+-]?$/.test(rest)) this.#add(name, bare(rest));
    // Nothing on this line: a value below it, a heading of lines that are indented, or nothing at all.
    else if (this.#line(this.#at).startsWith("-----BEGIN")) this.#add(name, this.#pem(this.#line(this.#at++)));
    else if (this.isName(name) && this.#nextIsValue()) this.#add(name, this.#nextLine());
    else if (/^\s/.test(this.lines[this.#at] ?? "")) this.#path = [name];
    else this.#add(name, "");
  }

  /** A quoted text, which may go on over several lines; `undefined` when nothing ends it. */
  #quoted(quote: string, first: string): string | undefined {
    let text = first.slice(1);
    for (let at = this.#at; ; at++) {
      const end = closing(text, quote);
      if (end >= 0) {
        this.#at = at;
        const inside = text.slice(0, end);
        return quote === '"' ? unescaped(inside) : inside;
      }
      if (at >= this.lines.length) return undefined;
      text += `\n${this.lines[at]}`;
    }
  }

  /** From its first line, which was taken, to the one that ends it. */
  #pem(first: string): string {
    const lines = [first];
    while (!/-----END [^-]+-----/.test(lines.at(-1) ?? "") && this.#at < this.lines.length) {
      lines.push(this.#line(this.#at++));
    }
    return lines.join("\n").replace(/(-----END [^-]+-----).*$/, "$1");
  }

  #nextIsValue(): boolean {
    const next = this.#line(this.#at);
    return next !== "" && !this.isName(next) && (next.startsWith("-----BEGIN") || !/^[\w .-]{1,40}\s*[=:]/.test(next));
  }

  #nextLine(): string {
    const next = this.#line(this.#at++);
    return next.startsWith("-----BEGIN") ? this.#pem(next) : bare(next);
  }

  #add(name: string, value: string): void {
    this.#values.push({ path: this.#path, name: name.trim(), value });
  }
}

/** Where the quote ends that `text` is inside of; -1 when it does not. */
function closing(text: string, quote: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && quote === '"') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => ({ n: "\n", r: "", t: "\t" })[char] ?? char);
}

/** Without what may follow an unquoted value: a comment, a comma. */
function bare(text: string): string {
  const value = text.replace(/\s+#.*$/, "").replace(/[,;]\s*$/, "");
  const quoted = /^(["'`])(.*)\1$/.exec(value);
  return (quoted?.[2] ?? value).trim();
}

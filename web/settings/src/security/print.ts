/**
 * Prints a few lines and nothing else of the page. The panel stands somewhere inside of a vendor's page, which the panel's own
 * styles cannot hide; so the lines stand in the page while it is being printed, and a style sheet of their own hides the rest.
 */

const HIDE_THE_REST = `
  @media screen { body > .keyleash-print-sheet { display: none; } }
  @media print { body > :not(.keyleash-print-sheet) { display: none !important; } }
`;

const SHEET = `
  :host { font: 12pt/1.6 system-ui, sans-serif; color: #000; background: #fff; }
  h1 { font-size: 16pt; margin: 0 0 8pt; }
  p { margin: 0 0 4pt; }
  ul { list-style: none; margin: 16pt 0 0; padding: 0; columns: 2; font: 13pt/2 ui-monospace, monospace; }
  li { break-inside: avoid; }
`;

export interface Printed {
  readonly title: string;
  readonly facts: readonly string[];
  readonly lines: readonly string[];
}

export function print({ title, facts, lines }: Printed): void {
  const sheet = document.createElement("div");
  sheet.className = "keyleash-print-sheet";
  const root = sheet.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styleSheet(SHEET)];
  const list = element("ul");
  list.append(...lines.map((line) => element("li", line)));
  root.append(element("h1", title), ...facts.map((fact) => element("p", fact)), list);

  const rest = styleSheet(HIDE_THE_REST);
  document.adoptedStyleSheets.push(rest);
  document.body.append(sheet);
  const takeAway = () => {
    sheet.remove();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== rest);
  };
  addEventListener("afterprint", takeAway, { once: true });
  window.print();
}

function element(name: string, text = ""): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Constructed, because a strict content security policy refuses a `<style>`. */
function styleSheet(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

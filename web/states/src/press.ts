/** Finds and uses controls by what they are called, through shadow roots, as a reader of the screen would. */

import { LitElement } from "lit";

type Control = HTMLButtonElement | HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export async function press(root: ParentNode, name: string): Promise<void> {
  const control = await found(root, name);
  control.click();
  await drawn(root);
}

export async function type(root: ParentNode, name: string, text: string): Promise<void> {
  const control = await found(root, name);
  if (!(control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement))
    throw new Error(`${name} takes no text`);
  control.value = text;
  control.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  control.dispatchEvent(new Event("change", { bubbles: true, composed: true }));
  await drawn(root);
}

/** Until every element below has drawn what it has, and what that brought. */
export async function drawn(root: ParentNode): Promise<void> {
  for (let rounds = 0; rounds < 5; rounds++) {
    await Promise.all(elements(root).map((each) => (each instanceof LitElement ? each.updateComplete : undefined)));
    await new Promise((done) => setTimeout(done));
  }
}

async function found(root: ParentNode, name: string): Promise<Control> {
  await drawn(root);
  const controls = elements(root).filter(isControl);
  const control =
    controls.find((each) => nameOf(each) === name) ?? controls.find((each) => nameOf(each).startsWith(name));
  if (!control) throw new Error(`nothing here is called "${name}", but ${controls.map(nameOf).join(", ")}`);
  return control;
}

function isControl(element: Element): element is Control {
  return element.matches("button, input, select, textarea");
}

function nameOf(control: Control): string {
  const label = control.getAttribute("aria-label");
  if (label) return label;
  if (control instanceof HTMLButtonElement) return control.textContent?.trim() ?? "";
  return control.labels?.[0]?.textContent?.trim() ?? "";
}

function elements(root: ParentNode): Element[] {
  return [...root.querySelectorAll("*")].flatMap((each) => [
    each,
    ...(each.shadowRoot ? elements(each.shadowRoot) : []),
  ]);
}

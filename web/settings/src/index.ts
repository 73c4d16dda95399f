/**
 * `@keyleash/settings`: the settings panel as custom elements.
 *
 *     import "@keyleash/settings";
 *     document.querySelector("keyleash-settings").client = await Keyleash.open();
 */

export { field } from "./field.ts";
export { entries, type Failure, failureOf, LiveElement } from "./live.ts";
export { LoginForm } from "./login.ts";
export { SecondFactorPrompt } from "./second-factor.ts";
export { type AccountsTab, KeyleashSettings, type Section } from "./settings.ts";
export { StatusBanner } from "./status.ts";
export { controls, tokens } from "./theme.ts";
export { moment, removedBecause } from "./words.ts";

/**
 * `@keyleash/settings`: the settings panel as custom elements. To import it is to define them.
 *
 *     import "@keyleash/settings";
 *     document.querySelector("keyleash-settings").client = await Keyleash.open({ server: "https://keys.example" });
 */

export { KeyleashLogin } from "./login.ts";
export type { AccountsTab, Section } from "./places.ts";
export { KeyleashSettings } from "./settings.ts";
export { KeyleashStatus } from "./status.ts";

/** A browser by its user agent, in words that its owner will recognise; what it says of itself, so a hint and no proof. */

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "Mac"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** The kinds of device that are told apart. An Android without "Mobile" is a tablet: that is how Chrome and Firefox say it. */
const FORMS: readonly (readonly [RegExp, DeviceForm])[] = [
  [/iPad|Android(?!.*Mobile)/, "tablet"],
  [/iPhone|Android|Mobile/, "phone"],
];

export type DeviceForm = "desktop" | "phone" | "tablet";

export interface BrowserParts {
  readonly browser?: string;
  readonly system?: string;
  readonly form: DeviceForm;
}

export function browserParts(userAgent: string): BrowserParts {
  const browser = first(BROWSERS, userAgent);
  const system = first(SYSTEMS, userAgent);
  return { ...(browser && { browser }), ...(system && { system }), form: first(FORMS, userAgent) ?? "desktop" };
}

export function browserOf(userAgent: string): string {
  const { browser = "Browser", system = "this computer" } = browserParts(userAgent);
  return `${browser} on ${system}`;
}

function first<T>(table: readonly (readonly [RegExp, T])[], text: string): T | undefined {
  return table.find(([pattern]) => pattern.test(text))?.[1];
}

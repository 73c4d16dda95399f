/** The places of the panel, for whoever leads there. */

export type Section = "general" | "accounts" | "security";
export type AccountsTab = "accounts" | "sync";

export type Open = (section: Section, tab?: AccountsTab) => void;

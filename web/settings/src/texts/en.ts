/**
 * Every sentence of the panel, in English. The form of this object is what a translation has to fill: see `de.ts`.
 *
 * A sentence with a value in it is a function, so that each language puts the value where it belongs and finds its own
 * plural. Grouped by the view that shows it; a word that several views show stands in `words`.
 */

export const en = {
  /** BCP 47; also chooses how dates and numbers are written. */
  language: "en",

  words: {
    cancel: "Cancel",
    save: "Save",
    copy: "Copy",
    justNow: "just now",
    minutesAgo: (count: number) => `${count} min ago`,
    hoursAgo: (count: number) => `${count} h ago`,
  },

  settings: {
    title: "Settings",
    sections: { general: "General", accounts: "Accounts", security: "Security" },
    tabs: { accounts: "Accounts", sync: "Sync" },
  },
};

/** Every sentence of the panel, in German. */

import type { Texts } from "./texts.ts";

export const de: Texts = {
  language: "de",

  words: {
    cancel: "Abbrechen",
    save: "Speichern",
    copy: "Kopieren",
    justNow: "gerade eben",
    minutesAgo: (count) => `vor ${count} Min.`,
    hoursAgo: (count) => `vor ${count} Std.`,
  },

  settings: {
    title: "Einstellungen",
    sections: { general: "Allgemein", accounts: "Konten", security: "Sicherheit" },
    tabs: { accounts: "Konten", sync: "Sync" },
  },
};

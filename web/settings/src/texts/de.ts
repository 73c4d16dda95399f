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

  opening: {
    connecting: (server) => `Verbinden mit ${server}…`,
    tryAgain: "Noch einmal versuchen",
    failed: "Die Einstellungen können nicht starten",
    badAddress: (server) =>
      `„${server}“ ist keine Adresse eines Servers. Sie muss mit https:// beginnen, wie https://keys.example.`,
    obstacles: {
      silent: (server) => ({
        title: `${server} antwortet nicht`,
        why: "Der Server ist nicht erreichbar. Diese Seite macht von selbst weiter, sobald er antwortet.",
      }),
      origin: (server, origin) => ({
        title: "Diese Seite darf den Server nicht benutzen",
        why: `${server} antwortet, nimmt aber keine Anfragen von ${origin} an. Der Betreiber muss diese Adresse in http.allowed_origins eintragen.`,
      }),
      policy: (server) => ({
        title: "Die Sicherheitsrichtlinie dieser Seite steht im Weg",
        why: `Die Content-Security-Policy der Seite muss ${server} in connect-src nennen, mit https:// und mit wss://.`,
      }),
    },
  },

  login: {
    title: "Anmelden",
    logIn: "Anmelden",
    email: "E-Mail-Adresse",
    password: "Passwort",
    loggingInAs: "Anmelden als",
    signUp: "Konto anlegen",
    signUpButton: "Konto anlegen",
    passwordHint: (least) => `Mindestens ${least} Zeichen.`,
    haveAccount: "Ich habe ein Konto",
    forgot: "Passwort vergessen?",
    forgotTitle: "Passwort vergessen",
    sendLink: "Link senden",
    back: "Zurück zur Anmeldung",
    lookIntoMail: "Sehen Sie in Ihr Postfach",
    mailedSignUp: (email) => `Wenn ${email} hier ein Konto haben kann, ist ein Link zum Bestätigen unterwegs.`,
    mailedReset: (email) => `Wenn ${email} hier ein Konto hat, ist ein Link für ein neues Passwort unterwegs.`,
  },
};

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

  opening: {
    connecting: (server: string) => `Connecting to ${server}…`,
    tryAgain: "Try again",
    failed: "The panel cannot start",
    badAddress: (server: string) =>
      `“${server}” is not an address of a server. It has to begin with https://, such as https://keys.example.`,
    /** `origin` is that of the page, as the operator has to write it. */
    obstacles: {
      silent: (server: string, _origin: string) => ({
        title: `${server} does not answer`,
        why: "The server cannot be reached. This page goes on by itself once it answers.",
      }),
      origin: (server: string, origin: string) => ({
        title: "This page is not allowed to use the server",
        why: `${server} answers, but it does not take requests from ${origin}. Its operator has to add this address to http.allowed_origins.`,
      }),
      policy: (server: string, _origin: string) => ({
        title: "This page's security policy is in the way",
        why: `The page's Content-Security-Policy has to name ${server} in connect-src, with https:// and with wss://.`,
      }),
    },
  },

  login: {
    title: "Log in",
    logIn: "Log in",
    email: "Mail address",
    password: "Password",
    loggingInAs: "Logging in as",
    signUp: "Create an account",
    signUpButton: "Create account",
    passwordHint: (least: number) => `At least ${least} characters.`,
    haveAccount: "I have an account",
    forgot: "Forgot password?",
    forgotTitle: "Forgot password",
    sendLink: "Send a link",
    back: "Back to log in",
    lookIntoMail: "Look into your mail",
    mailedSignUp: (email: string) => `If ${email} can have an account here, a link to confirm it is on its way.`,
    mailedReset: (email: string) => `If ${email} has an account here, a link to set a new password is on its way.`,
  },
};

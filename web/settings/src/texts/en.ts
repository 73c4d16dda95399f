/**
 * Every sentence of the panel, in English. The form of this object is what a translation has to fill: see `de.ts`.
 *
 * A sentence with a value in it is a function, so that each language puts the value where it belongs and finds its own
 * plural. Grouped by the view that shows it; a word that several views show stands in `words`.
 */

import type { EventKind, LockReason, ProblemCode, StopReason } from "@keyleash/client";
import { draftWarningSentences, faultSentences } from "@keyleash/client/exchanges";

export const en = {
  /** BCP 47; also chooses how dates and numbers are written. */
  language: "en",

  words: {
    cancel: "Cancel",
    save: "Save",
    copy: "Copy",
    close: "Close",
    tryAgain: "Try again",
    loading: "Loading…",
    justNow: "just now",
    thisDevice: "This device",
    browserOn: (browser: string, system: string) => `${browser} on ${system}`,
    unknownBrowser: "Unknown browser",
    unknownSystem: "unknown system",
    /** Stands for an exchange key whose name this browser does not know. */
    unknownAccount: "An account that is not in this browser",
    unknownUntilVerified: "An account whose name shows once this device is verified",
  },

  general: {
    here: "This device",
    states: {
      off: { title: "Does not take part in sync", detail: "Every key that is added here stays in this browser alone." },
      enrolling: { title: "Being registered…", detail: "This browser is making the keys that only it will have." },
      pending: { title: "Waits to be verified", detail: "Approve it by mail, and it gets the keys that you share." },
      verified: { title: "Verified", detail: "It gets the keys that you share, as they change." },
      removed: { title: "Removed", detail: "Its keys do not open any more. Turn sync on to verify it again." },
    },
    atAGlance: "At a glance",
    accounts: (count: number) => (count === 1 ? "1 account in this browser" : `${count} accounts in this browser`),
    accountsShared: (synced: number, local: number) => `${synced} synced, ${local} local only`,
    devices: (count: number) => (count === 1 ? "1 device" : `${count} devices`),
    devicesOnline: (online: number) => (online === 1 ? "1 online now" : `${online} online now`),
    noDevices: "No devices yet",
    noDevicesDetail: "Turn sync on to verify the first one.",
    totpOn: "Two-factor authentication is on",
    totpOff: "Two-factor authentication is off",
    totpOffDetail: "Sync needs it.",
    codesLeft: (left: number) => (left === 1 ? "1 recovery code left" : `${left} recovery codes left`),
    manageAccounts: "Manage accounts",
    manageDevices: "Manage devices",
    verifyDevice: "Verify this device",
    openSecurity: "Open security",
  },

  sync: {
    switch: "Sync exchange API keys across devices",
    meaning:
      "Off: every key stays in this browser alone, and nothing of it reaches the server. On: the keys that you choose are shared, encrypted, with the devices that you verify.",
    onElsewhere: "Sync is on for your account; this browser does not take part yet.",
    totpFirst: "Two-factor authentication comes first.",
    totpFirstWhy: "Whoever can log in could add a device and read your keys; a password alone is too weak for that.",
    setUpTotp: "Set up two-factor authentication",
    turnOff: "Turn sync off everywhere",
    turnOffMeans: {
      before: "This turns sync off on ",
      strong: "every",
      after:
        " device: synced accounts leave all of them, this one too, and each device has to be verified again afterwards. Local-only accounts stay where they are.",
    },
    enrolling: "Making this device's keys…",
    verified: "Verified",
    takesPart: "This device takes part in sync.",
    removedAgain: "Turn sync on to verify it again.",
    elsewhere: (count: number) =>
      count === 1
        ? "1 account is on your other devices and not here yet."
        : `${count} accounts are on your other devices and not here yet.`,
    retrieveAll: (count: number) => (count === 1 ? "Retrieve it" : `Retrieve all ${count}`),
    pick: "Choose which",
    retrieving: (received: number, total: number) => `Retrieving: ${received} of ${total}`,
  },

  verification: {
    title: "Verify this device",
    waits: "Waits for approval",
    steps: {
      request: "Request the mail",
      compare: "Open its link and compare the match code",
      approve: "Approve. This page goes on by itself.",
    },
    matchCode: "Match code",
    matchWhy: "The mail and the page behind its link show the same code. If it differs, do not approve.",
    request: "Request verification mail",
    again: "Send again",
    sent: (address: string) => `Mail sent to ${address}.`,
    linkWorksFor: "The link works for another",
    expired: "The link in the last mail has expired. Send a new one.",
    undeliverable: (address: string, when: string) =>
      `The mail to ${address} could not be delivered (${when}). Check that this mailbox takes mails, then send it again.`,
    yourAddress: "your address",
    againIn: "A new mail can be sent in",
  },

  devices: {
    title: "Devices",
    removedTitle: "Removed devices",
    desktop: "Computer",
    phone: "Phone",
    tablet: "Tablet",
    /** Before a time: "Verified 5 minutes ago". */
    verified: "Verified",
    asked: "Asked to be verified",
    removed: "Removed",
    notVerified: "Not verified",
    online: "Online now",
    lastSeen: "Last seen",
    neverOnline: "Never online",
    upToDate: "Up to date",
    behind: (count: number) => `${count} behind`,
    behindMeans: (count: number) =>
      count === 1
        ? "There is a change that it has not got yet; it gets it as soon as it is online."
        : `There are up to ${count} changes that it has not got yet; it gets them as soon as it is online.`,
    holds: (count: number) => (count === 1 ? "Holds 1 key" : `Holds ${count} keys`),
    holdsNone: "Holds no synced key",
    rename: "Rename",
    renameOf: (name: string) => `Rename ${name}`,
    newName: "New name",
    remove: "Remove",
    removeOf: (name: string) => `Remove ${name}`,
    removeMeans:
      "loses its keys at once; if it is offline, what it holds can never be opened again. For some days it can be verified again by mail and code, and then gets its local-only accounts back.",
    thisOneMeans: "This is the device that you are using.",
    lostOrStolen: "For a device that is lost or stolen:",
    eraseInstead: "remove and erase instead",
    erase: "Remove and erase",
    eraseMeans:
      "loses its keys at once and for good: its local-only accounts are destroyed too and can never come back.",
    removeOthers: "Remove all others",
    removeOthersAction: "Remove all other devices",
    removeOthersMeans: (count: number) =>
      count === 1
        ? "Your other device loses its keys at once."
        : `Your ${count} other devices lose their keys at once.`,
    panic: "Panic: lock every device",
    panicAction: "Lock every device now",
    panicMeans: {
      before: "Every device, ",
      strong: "this one too",
      after: ", loses its keys at once. Each has to be verified again by mail and code.",
    },
    emergency: "All at once",
    emergencyMeans: "For when you do not know which device is in the wrong hands.",
    olderRemoved: (count: number) => (count === 1 ? "1 more removed device" : `${count} more removed devices`),
  },

  removal: {
    confirmed: (after: string) => `Disabled, confirmed by the device after ${after}`,
    notWiped: (after: string) => `Locked out; after ${after} the device answered that it could not wipe`,
    waiting: "Disabled, waiting for the device to confirm",
    offline: "Offline: locked out, confirmation when it returns",
    steps: {
      label: "How the removal goes",
      keyTaken: "Key taken away",
      keyTakenDetail: "Nothing on it opens without the server's half.",
      told: "Device told",
      toldDetail: "It is online.",
      untold: "Not told yet",
      untoldDetail: "It is offline and hears of it when it returns.",
      answered: "Confirmed",
      answeredDetail: (after: string) => `After ${after}: its keys are forgotten.`,
      failed: "Could not wipe",
      failedDetail: "What is left there does not open.",
      unanswered: "Not confirmed yet",
      unansweredDetail: "The lock-out does not wait for it.",
    },
    done: "Done.",
    pending: "Still to come.",
    reasons: {
      removed: "",
      erased: "erased",
      panic: "by the panic button",
      sync_off: "as sync was turned off",
      signed_out: "",
    },
  },

  removedBecause: {
    removed: "This device was removed from your account.",
    erased: "This device was removed from your account, and everything it held was erased.",
    panic: "All devices were locked by the panic button.",
    sync_off: "Sync was turned off for your account.",
    signed_out: "You were signed out.",
  },

  rotation: {
    title: "Rotate these keys.",
    why: (device: string) =>
      `${device} held them. Whatever was read there before cannot be taken back, except at the exchange.`,
    progress: (done: number, total: number) => `${done} of ${total} rotated`,
    all: (total: number) =>
      total === 1 ? "The key that it held is rotated" : `All ${total} keys that it held are rotated`,
    rotateOn: (exchange: string) => `Rotate on ${exchange}`,
    rotated: "Rotated",
    rotatedAt: (when: string) => `Rotated ${when}`,
    tick: (account: string) => `${account} is rotated at the exchange`,
    none: "It never held a synced account.",
  },

  secondFactor: {
    code: "Code from your authenticator app",
    /** Said where six digits are enough to go on. */
    goesOn: "Goes on by itself after the sixth digit.",
    recoveryCode: "Recovery code",
    useRecoveryCode: "Use a recovery code",
    useApp: "Use the authenticator app",
    recoveryHint: "Each works once. Dashes and spaces do not matter.",
    wrong: "This code is not right, or was used before. Wait for the next one.",
    wrongRecovery: "This recovery code is not right, or was used before.",
    incomplete: "A code has six digits.",
    checking: "Checking…",
    againIn: "Try again in",
  },

  totp: {
    title: "Two-factor authentication",
    on: "On",
    off: "Off",
    offMeans: "A code from an app on your phone, besides the password. Sync needs it.",
    onMeans: "Logging in, and everything that changes security, asks for a code.",
    setUp: "Set up two-factor authentication",
    change: "Change authenticator",
    changeMeans: "For a new phone or another app. The present one works until the new one has shown a code.",
    oldCodeFirst: "First a code from the authenticator that you have now.",
    turnOff: "Turn off",
    turnOffAction: "Turn off two-factor authentication",
    turnOffMeans: {
      before: "This also turns sync off: synced accounts leave ",
      strong: "every",
      after: " device, and each has to be verified again.",
    },
    password: "Your password",
    continue: "Continue",
    scan: "Scan this with an authenticator app",
    apps: "Any app for time-based codes does: those of the big vendors, of your password manager, or an open one such as Aegis or Ente Auth.",
    qr: "QR code for your authenticator app",
    byHand: "Or type this secret into it:",
    copySecret: "Copy secret",
    secretFacts: "Time-based, 6 digits, 30 seconds, SHA-1",
    openApp: "Open in an app on this device",
    newCode: "Code that the app shows",
    confirm: "Turn on",
    confirmChange: "Use the new authenticator",
    changed: "Your new authenticator is in use; the old one's codes are worth nothing now.",
    turnedOff: "Two-factor authentication is off.",
  },

  recovery: {
    title: "Recovery codes",
    yours: "Your recovery codes.",
    meaning:
      "Each works once in place of a code, when your phone is not at hand. They are shown only now: store them where this browser is not.",
    listLabel: "Recovery codes",
    download: "Download",
    print: "Print",
    copied: "Copied",
    stored: "I have stored them",
    notKept: "Download, print or copy them first, or write them down.",
    left: (left: number, total: number) => `${left} of ${total} left`,
    few: "Few are left. Make new ones before you need them.",
    none: "None is left: without your phone you could not log in. Make new ones now.",
    renew: "New recovery codes",
    renewAction: "Make new recovery codes",
    renewMeans: "The recovery codes that you have now stop working.",
    fileTitle: (service: string) => `Recovery codes for ${service}`,
    fileAccount: (address: string) => `Account: ${address}`,
    fileMade: (when: string) => `Made: ${when}`,
    fileNote: "Each code works once in place of a code from the authenticator app.",
  },

  password: {
    title: "Password",
    change: "Change password",
    present: "Present password",
    new: "New password",
    showLabel: "Show the passwords",
    wrong: "This is not your present password.",
    codeToo: "A code from your authenticator app completes it.",
    atLeast: (count: number) => `At least ${count} characters.`,
    advice:
      "Length is what counts: a few random words are strong and easy to keep. A password manager makes it easier still.",
    toGo: (count: number) => (count === 1 ? "1 more character" : `${count} more characters`),
    enough: (count: number) => `${count} characters: long enough`,
    strong: (count: number) => `${count} characters: strong`,
    same: "This is the password that you have now.",
    guessable: "Easy to guess: it repeats itself, or is your address.",
    changed: "Changed.",
    changedMeans: "Your other sessions were ended.",
    elsewhere: "You log in with your terminal's own login: there is no password here.",
  },

  sessions: {
    title: "Where you are logged in",
    current: "This one",
    used: "Used",
    since: (when: string) => `since ${when}`,
    end: "End",
    endOf: (browser: string) => `End the session of ${browser}`,
    endOthers: (count: number) => (count === 1 ? "End the other one" : `End all ${count} others`),
    ended: (count: number) => (count === 1 ? "1 session was ended." : `${count} sessions were ended.`),
    only: "You are logged in here alone.",
  },

  mail: {
    title: "Mails to you",
    to: (address: string) => `They go to ${address}.`,
    logins: "Log-in from a new browser or place",
    loginsMeans: "A mail when somebody logs in from a browser or network that was not seen before.",
    always: "Always sent",
    alwaysWhy:
      "They are how you notice that somebody else is in your account, so whoever is in it cannot turn them off.",
    alwaysKinds: [
      "Devices that are added, verified or removed",
      "Two-factor authentication turned on, changed or off",
      "Recovery codes used or renewed, passwords changed",
      "Sync turned off, and panic",
    ],
  },

  log: {
    title: "History",
    listLabel: "Security log",
    filter: "Show",
    groups: {
      all: "Everything",
      devices: "Devices",
      keys: "Keys",
      logins: "Log-ins",
      security: "Security",
    },
    search: "Search the history",
    searchPlaceholder: "Device, address, browser…",
    more: "Show more",
    searching: (count: number) => `Searching: ${count} entries read…`,
    nothing: "Nothing of this kind has happened.",
    noMatch: "No entry matches.",
    searchFurther: (count: number) => `No match among the latest ${count} entries.`,
    shown: (count: number) => (count === 1 ? "1 entry" : `${count} entries`),
    today: "Today",
    yesterday: "Yesterday",
    exportCsv: "Export CSV",
    exportJson: "Export JSON",
    exporting: (count: number) => `Collecting: ${count} entries so far…`,
    exported: (count: number) => (count === 1 ? "1 entry was exported." : `${count} entries were exported.`),
    stop: "Stop",
    columns: { time: "Time (UTC)", event: "Event", about: "About", device: "Device", address: "Address" },
    kinds: {
      signed_up: "Account created",
      logged_in: "Logged in",
      logged_out: "Logged out",
      session_ended: "Session ended",
      other_sessions_ended: "Every other session ended",
      totp_enabled: "Two-factor authentication turned on",
      totp_changed: "Authenticator app changed",
      totp_disabled: "Two-factor authentication turned off",
      recovery_code_used: "Recovery code used",
      recovery_codes_renewed: "Recovery codes renewed",
      password_changed: "Password changed",
      password_reset: "Password reset",
      mail_preferences_changed: "Mail preferences changed",
      sync_turned_on: "Sync turned on",
      sync_turned_off: "Sync turned off",
      device_added: "Device asked to be verified",
      device_verified: "Device verified",
      device_renamed: "Device renamed",
      device_removed: "Device removed",
      device_erased: "Device removed and erased",
      device_wiped: "Device confirmed that its keys are disabled",
      panic: "Panic: every device locked",
      credential_added: "Exchange key added",
      credential_changed: "Exchange key changed",
      credential_deleted: "Exchange key deleted",
      credential_read: "Exchange keys read",
      credential_rotated: "Exchange key ticked off as rotated",
      attempts_blocked: "Too many wrong codes: attempts blocked for a while",
      mail_undeliverable: "A mail to you could not be delivered",
      mail_changed: "Mail address changed",
    } satisfies Record<EventKind, string>,
  },

  status: {
    removedMeans: "The keys here cannot sign any more.",
    removedSince: (when: string) => `Since ${when}.`,
    wayBack: "To use this device again, turn sync on and verify it by mail and code.",
    wayBackLoggedOut: "To use this device again, log in, turn sync on and verify it by mail and code.",
    verifyAgain: "Verify it again",
    unreachable: "The server cannot be reached.",
    youAreOffline: "This computer is offline.",
    graceMeans: "You can go on signing for a while; then this browser locks itself.",
    graceReload: "A page that is reloaded now is locked until the server is back.",
    timeLeft: "Time until this browser locks",
    locked: "Locked.",
    lockedBecause: {
      server_needed: "Your keys open only once the server has answered.",
      grace_over: "The server was out of reach for too long. Your keys open again once it is back.",
    },
    nextTry: (left: string) => `Reconnecting: next try in ${left}.`,
    reconnecting: "Reconnecting…",
    connecting: "Connecting…",
    notConnected: "Not connected.",
    reload: "Reload the page",
    stopped: {
      outdated: "This page is older than the server. Reload it.",
      not_understood: "This page and the server do not understand each other. Reload it.",
      closed_for_good: "The server ended the connection for good. Reload the page.",
      unknown_device: "The server does not know this device any more. Turn sync on again.",
    } satisfies Record<StopReason, string>,
    minutesLeft: (minutes: number) =>
      minutes === 1 ? "This browser locks itself in a minute." : `This browser locks itself in ${minutes} minutes.`,
    catchingUp: (received: number, total: number) => `Catching up: ${received} of ${total}`,
    retrieving: (received: number, total: number) => `Retrieving your accounts: ${received} of ${total}`,
  },

  errors: {
    unreachable: "The server cannot be reached. Check the connection and try again.",
    signedOut: "Log in first.",
    locked: {
      signed_out: "This browser is locked: log in to unlock your keys.",
      server_needed: "This browser is locked: its keys open only once the server has answered.",
      grace_over: "This browser is locked: the server has been out of reach for too long.",
      removed: "This device was removed: its keys do not open any more.",
    } satisfies Record<LockReason, string>,
    noSuchAccount: "This account is not in this browser any more.",
    damaged: "This account's stored data does not open. It was left as it is.",
    unexpected: "Something unexpected went wrong here.",
    problems: {
      bad_credentials: "Address or password is not right, or the address is not confirmed yet.",
      session_required: "Your login has ended. Log in again.",
      device_removed: "This device was removed from your account.",
      totp_required: "This takes a code from your authenticator app.",
      totp_invalid: "This code is not right, or was used before.",
      origin_refused: "The server does not take calls from this page.",
      not_found: "This is not there any more.",
      totp_not_enabled: "Turn on two-factor authentication first.",
      totp_already_enabled: "Two-factor authentication is on already.",
      sync_off: "Turn sync on in this browser first.",
      device_state: "The device is not in a state where this makes sense any more.",
      link_used_or_expired: "This link was used already, or is too old.",
      too_large: "This is too large.",
      quota_exceeded: "You have as many of these as one user may have. Remove one first.",
      too_many_attempts: "Too many wrong tries. Your keys are safe; wait a little, then go on.",
      too_many_requests: "Too many requests of this kind. Wait a little.",
      internal: "Something went wrong at the server. It was logged there; try again.",
      unavailable: "The server is not ready for this right now. Try again in a moment.",
    } satisfies Partial<Record<ProblemCode, string>>,
  },

  accounts: {
    title: "Accounts",
    add: "Add account",
    noneFound: (query: string) => (query ? `Nothing here matches “${query}”.` : "There is nothing of this kind."),
    copied: (what: string) => `${what} copied. The clipboard clears itself.`,
    clearNow: "Clear now",
    deleted: (count: number, label: string) => (count === 1 ? `“${label}” deleted.` : `${count} accounts deleted.`),
    undo: "Undo",
    undoIsPossible: "You can undo this for a few seconds.",

    autoConnect: {
      title: "Auto connect all accounts",
      on: "On: every account of this browser is shared with your devices, and every account of theirs comes here, now and as they are added.",
      off: "Off: you choose account by account what is shared and what comes here.",
      noSync: "Accounts stay in this browser alone while sync is off.",
      setUp: "Set up sync",
      waits: "This device waits to be verified; until then its accounts stay in this browser.",
      verify: "Verify this device",
    },

    empty: {
      title: "No accounts yet",
      explained:
        "Add an exchange API key, or paste its .env lines or JSON. It lives encrypted in this browser alone until you share it.",
    },

    sealed: {
      locked: (count: number) => `${count} ${count === 1 ? "account is" : "accounts are"} stored here, locked.`,
      opening: (count: number) => `Opening ${count} ${count === 1 ? "account" : "accounts"}…`,
      gone: (count: number) =>
        count === 1 ? "1 account here can never be opened again." : `${count} accounts here can never be opened again.`,
      goneBecauseLate:
        "Their key went when this device was removed, and it came back too late to get it again. Nothing can open them.",
      lockedByRemoval: (count: number) =>
        count === 1
          ? "1 account here was locked by the removal."
          : `${count} accounts here were locked by the removal.`,
      wayBack:
        "Verify this device again soon, and what was in this browser alone opens again; shared accounts can be retrieved. Later, nothing opens them.",
      discard: (count: number) => (count === 1 ? "Discard it" : `Discard all ${count}`),
      discardForGood: (count: number) => (count === 1 ? "Discard it for good" : `Discard all ${count} for good`),
    },

    decisions: {
      count: (count: number) =>
        count === 1
          ? "One change could not be sent and waits for your decision."
          : `${count} changes could not be sent and wait for your decision.`,
      decide: "Decide",
    },

    toolbar: {
      search: "Search accounts",
      order: "Order",
      orders: { label: "By label", exchange: "By exchange", newest: "Newest first", oldest: "Oldest first" },
      filters: "Show only",
      filter: {
        all: "All",
        synced: "Synced",
        local: "Local only",
        elsewhere: "Elsewhere",
        warnings: "Warnings",
        conflicts: "To decide",
      },
    },

    row: {
      select: (label: string) => `Select ${label}`,
      synced: "Synced",
      localOnly: "Local only",
      syncOf: (label: string) => `Sync ${label}`,
      retrieve: "Retrieve",
      retrieveOf: (label: string) => `Retrieve ${label}`,
      onItsWay: "On its way…",
      onDevices: (count: number) => (count === 1 ? "on 1 device" : `on ${count} devices`),
    },

    badges: {
      closed: "Exchange closed",
      expires: (on: string) => `Expires about ${on}`,
      expired: (on: string) => `Expired about ${on}`,
      looksLikeDemo: "Looks like a demo key",
      looksLikeLive: "Looks like a live key",
      conflict: "Changed twice",
      refused: "Change refused",
      waiting: "Not sent yet",
      elsewhere: "Elsewhere",
    },

    bulk: {
      selectAll: "Select all in view",
      shown: (count: number) => (count === 1 ? "1 account" : `${count} accounts`),
      selected: (count: number) => `${count} selected`,
      sync: (count: number) => `Sync ${count}`,
      keepLocal: (count: number) => `Keep ${count} local only`,
      retrieve: (count: number) => `Retrieve ${count}`,
      delete: (count: number) => `Delete ${count}`,
      clear: "Clear selection",
      progress: {
        share: (done: number, total: number) => `Syncing ${done} of ${total}`,
        unshare: (done: number, total: number) => `Taking back ${done} of ${total}`,
        delete: (done: number, total: number) => `Deleting ${done} of ${total}`,
      },
      failed: (count: number, why: string) =>
        `${count === 1 ? "One was" : `${count} were`} left as ${count === 1 ? "it was" : "they were"}, and still selected: ${why}`,
    },

    elsewhere: {
      count: (count: number) =>
        count === 1
          ? "1 account is on your other devices and not here."
          : `${count} accounts are on your other devices and not here.`,
      retrieveAll: (count: number) => `Retrieve all (${count})`,
      retrieving: "Retrieving accounts",
      progress: (received: number, total: number) => `${received} of ${total}`,
      goesOn: "You can go on working; this continues in the background, and after a reload.",
      explained: "Its key and secret are not in this browser.",
      heldBy: (names: string) => `It is on: ${names}.`,
    },

    detail: {
      exchange: "Exchange",
      added: "Added",
      changed: (on: string) => `changed ${on}`,
      heldBy: "On devices",
      onlyHere: "This browser alone",
      show: "Show",
      hide: "Hide",
      copy: "Copy",
      showField: (label: string, shown: boolean) => (shown ? `Hide ${label}` : `Show ${label}`),
      copyField: (label: string) => `Copy ${label}`,
      edit: "Edit",
      editOf: (label: string) => `Edit ${label}`,
      relabel: "Relabel",
      relabelOf: (label: string) => `Relabel ${label}`,
      newLabel: "New label",
      delete: "Delete",
      deleteOf: (label: string) => `Delete ${label}`,
      manageAt: (exchange: string) => `API keys on ${exchange}`,
      refused: (detail: string) => `The server refused the change: ${detail}`,
      discard: "Discard the change",
    },
  },

  accountForm: {
    addTitle: "Add an account",
    editTitle: (label: string) => `Edit ${label}`,
    exchange: "Exchange",
    closed: "closed",
    kind: "Kind of key",
    environment: "Environment",
    label: "Label",
    labelHint: "What you want to call it.",
    optional: (label: string) => `${label} (optional)`,
    unchanged: "Unchanged",
    show: "Show",
    hide: "Hide",
    makeKey: (exchange: string) => `Make a key on ${exchange}`,
    noWithdrawal: "Give it no permission to withdraw.",
    store: "Store in this browser",
    storeAnyway: "Store it anyway",
    duplicate: (label: string) => `You already have this key as “${label}”.`,
  },

  importing: {
    label: "Paste it all at once",
    placeholder: ".env lines, JSON, a PEM, or the exchange's text",
    chooseFile: "Choose a file…",
    hint: "Or drop a .env, .json or .pem file anywhere on this form. It is read here; nothing is sent.",
    filled: (exchange: string) => `Filled in for ${exchange}:`,
    notUnderstood: (names: readonly string[], lines: number) =>
      [
        names.length > 0 ? `Not used: ${names.join(", ")}.` : "",
        lines > 0 ? `${lines === 1 ? "One line was" : `${lines} lines were`} not understood.` : "",
      ].join(" "),
    several: (count: number) => `${count} keys found. Which one?`,
    ofWhich: "A key was found. Choose its exchange, and the fields are filled in.",
    otherExchange: (exchange: string) =>
      `That is another kind of key, or one of ${exchange}. Add it as an account of its own.`,
    refused: {
      seed_phrase:
        "This looks like a wallet's seed phrase. Never paste that here; use an API key. Nothing of it was kept.",
      too_large: "This is larger than 64 KiB, and so no key.",
      nothing: "No API key was found in this.",
      unreadable: "This file could not be read.",
    },
  },

  conflict: {
    title: "Another device changed this account first.",
    nothingLost: "Nothing was overwritten. Choose which one stays.",
    differs: "differs",
    label: "Label",
    environment: "Environment",
    mine: { title: "Changed here", deleted: "Deleted here.", choose: "Keep mine" },
    theirs: { title: "Changed on the other device", deleted: "Deleted on the other device.", choose: "Use theirs" },
  },

  faults: faultSentences,
  draftWarnings: draftWarningSentences,
  /** Names of fields, kinds and environments as the table of exchanges has them; in English they are what they are. */
  terms: {} as Readonly<Record<string, string>>,

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
    codeToo: "You are logged in at your terminal. Your keys take a code too.",
    elsewhere: "Log in at your terminal: it tells Keyleash who you are, and there is no other password here.",
    goThere: "Go to the log-in",
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

  /** The pages behind mail links. */
  verify: {
    pageTitle: "Keyleash: confirm",
    oneMoment: "One moment…",
    toTerminal: "Go to the terminal",
    incomplete: "This link is not complete",
    incompleteMeans:
      "Nothing was changed. Open the link from the mail again; if your mail program broke it into two lines, copy both.",
    spent: "This link does not work any more",
    device: {
      title: "A device asks for your exchange keys",
      facts: { device: "Device", browser: "Browser", address: "Address", asked: "Asked" },
      compare:
        "Approve only if the screen of that device shows the same code. If it was not you, close this page: nothing happens.",
      approve: "Approve this device",
      removedBefore: "This device was removed before, so approving it takes a code.",
      loggedOut: "You are not logged in here, so approving it takes a code.",
      approved: "Approved",
      /** After the device's name. */
      approvedMeans: "is verified and goes on by itself. You can close this page.",
      spentMeans: "If the device still waits, send a new mail from there.",
    },
    signup: {
      title: "Confirm your account",
      meaning:
        "Somebody signed up with your mail address. If it was you, confirm it; otherwise close this page and nothing happens.",
      confirm: "Confirm my account",
      ready: "Your account is ready",
      logIn: "Go to the terminal and log in",
      spentMeans: "If your account is confirmed already, log in. If not, sign up again and you get a new link.",
    },
    reset: {
      title: "Set a new password",
      set: "Set the new password",
      codeToo: "Your account has two-factor authentication: setting a password takes a code.",
      done: "Your password is changed",
      doneMeans: "Every session was ended.",
      spentMeans: "Choose “Forgot password?” where you log in, and you get a new one.",
    },
    panic: {
      title: "This wasn’t you?",
      meaning:
        "Lock every device of your account at once, this one too: their keys no longer open, even on devices that are offline. Each has to be verified again by mail and code afterwards.",
      logInFirst: "Log in first, to prove that it is you.",
      done: "Every device is locked",
      doneMeans: (count: number) =>
        `${count === 1 ? "One device has" : `${count} devices have`} lost the keys. Now change your password, and rotate the keys at your exchanges: what was read before cannot be taken back.`,
    },
  },
};

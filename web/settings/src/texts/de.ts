/** Every sentence of the panel, in German. */

import type { Form } from "@keyleash/client/exchanges";
import type { Texts } from "./texts.ts";

/** What the table of exchanges has in English; what is not here reads the same in German. */
const TERMS: Readonly<Record<string, string>> = {
  "API key": "API-Schlüssel",
  "API key id": "API-Schlüssel-ID",
  "API secret": "API-Secret",
  "Private key (PEM)": "Privater Schlüssel (PEM)",
  "Private key (base64)": "Privater Schlüssel (Base64)",
  "Key name": "Schlüsselname",
  "Key id": "Schlüssel-ID",
  "Wallet address": "Wallet-Adresse",
  "Agent private key": "Privater Schlüssel des Agenten",
  "Vault or sub-account address": "Vault- oder Unterkonto-Adresse",
  "HMAC key and secret": "HMAC-Schlüssel und Secret",
  "HMAC key id and secret": "HMAC-Schlüssel-ID und Secret",
  "RSA key pair": "RSA-Schlüsselpaar",
  "RSA key pair and passphrase": "RSA-Schlüsselpaar und Passphrase",
  "Ed25519 key pair (recommended by Binance)": "Ed25519-Schlüsselpaar (von Binance empfohlen)",
  "API key, secret and passphrase": "API-Schlüssel, Secret und Passphrase",
  "ECDSA key (ES256)": "ECDSA-Schlüssel (ES256)",
  "Ed25519 key": "Ed25519-Schlüssel",
  "Agent (API wallet)": "Agent (API-Wallet)",
  "United States (app)": "USA (app)",
  "Europe (my)": "Europa (my)",
};

const LAPSES: Readonly<Record<string, string>> = {
  binance: "Binance nimmt einem Schlüssel ohne IP-Beschränkung das Recht zu handeln wieder weg.",
  bybit: "Ein Bybit-Schlüssel ohne IP-Bindung läuft nach 90 Tagen ab, und 7 Tage nach einem Wechsel des Passworts.",
  okx: "Bei OKX verfällt ein Schlüssel mit Handels- oder Auszahlungsrecht und ohne IP-Bindung nach 14 Tagen ohne Nutzung.",
  blofin: "Ein BloFin-Schlüssel hat ein Ablaufdatum; es steht auf der API-Seite der Börse.",
  hyperliquid: "Ein Hyperliquid-Agent gilt höchstens 180 Tage.",
};

const FORMS: Readonly<Record<Form, string>> = {
  alphanumeric_64: "64 Buchstaben und Ziffern lang",
  begins_with_bg: "ein Text, der mit bg_ beginnt",
  alphanumeric_8_32: "8 bis 32 Buchstaben und Ziffern lang",
  mixed_8_32: "8 bis 32 Zeichen lang, mit Ziffer, Klein- und Großbuchstabe und Sonderzeichen",
};

function named({ label }: { readonly label: string }): string {
  return TERMS[label] ?? label;
}

export const de: Texts = {
  language: "de",

  words: {
    cancel: "Abbrechen",
    save: "Speichern",
    copy: "Kopieren",
    close: "Schließen",
    tryAgain: "Erneut versuchen",
    loading: "Wird geladen…",
    justNow: "gerade eben",
    thisDevice: "Dieses Gerät",
    browserOn: (browser, system) => `${browser} unter ${system}`,
    unknownBrowser: "Unbekannter Browser",
    unknownSystem: "unbekanntem System",
    unknownAccount: "Ein Konto, das nicht in diesem Browser ist",
    unknownUntilVerified: "Ein Konto, dessen Name erscheint, sobald dieses Gerät bestätigt ist",
  },

  general: {
    here: "Dieses Gerät",
    states: {
      off: {
        title: "Nimmt nicht an der Synchronisierung teil",
        detail: "Jeder Schlüssel, der hier hinzukommt, bleibt allein in diesem Browser.",
      },
      enrolling: {
        title: "Wird angemeldet…",
        detail: "Dieser Browser erzeugt die Schlüssel, die nur er haben wird.",
      },
      pending: {
        title: "Wartet auf Bestätigung",
        detail: "Bestätigen Sie es per Mail, dann bekommt es die Schlüssel, die Sie teilen.",
      },
      verified: {
        title: "Bestätigt",
        detail: "Es bekommt die Schlüssel, die Sie teilen, sobald sich etwas ändert.",
      },
      removed: {
        title: "Entfernt",
        detail:
          "Seine Schlüssel lassen sich nicht mehr öffnen. Schalten Sie die Synchronisierung ein, um es erneut zu bestätigen.",
      },
    },
    atAGlance: "Auf einen Blick",
    accounts: (count) => (count === 1 ? "1 Konto in diesem Browser" : `${count} Konten in diesem Browser`),
    accountsShared: (synced, local) => `${synced} synchronisiert, ${local} nur lokal`,
    devices: (count) => (count === 1 ? "1 Gerät" : `${count} Geräte`),
    devicesOnline: (online) => `${online} jetzt online`,
    noDevices: "Noch keine Geräte",
    noDevicesDetail: "Schalten Sie die Synchronisierung ein, um das erste zu bestätigen.",
    totpOn: "Zwei-Faktor-Authentifizierung ist eingeschaltet",
    totpOff: "Zwei-Faktor-Authentifizierung ist ausgeschaltet",
    totpOffDetail: "Die Synchronisierung braucht sie.",
    codesLeft: (left) => (left === 1 ? "Noch 1 Wiederherstellungscode" : `Noch ${left} Wiederherstellungscodes`),
    manageAccounts: "Konten verwalten",
    manageDevices: "Geräte verwalten",
    verifyDevice: "Dieses Gerät bestätigen",
    openSecurity: "Zur Sicherheit",
  },

  sync: {
    switch: "API-Schlüssel der Börsen auf allen Geräten synchronisieren",
    meaning:
      "Aus: Jeder Schlüssel bleibt allein in diesem Browser, und nichts davon erreicht den Server. Ein: Die Schlüssel, die Sie auswählen, werden verschlüsselt mit den Geräten geteilt, die Sie bestätigen.",
    onElsewhere: "Die Synchronisierung ist für Ihr Konto eingeschaltet; dieser Browser nimmt noch nicht teil.",
    totpFirst: "Zuerst die Zwei-Faktor-Authentifizierung.",
    totpFirstWhy:
      "Wer sich anmelden kann, könnte ein Gerät hinzufügen und Ihre Schlüssel lesen; ein Passwort allein ist dafür zu schwach.",
    setUpTotp: "Zwei-Faktor-Authentifizierung einrichten",
    turnOff: "Synchronisierung überall ausschalten",
    turnOffMeans: {
      before: "Das schaltet die Synchronisierung auf ",
      strong: "jedem",
      after:
        " Gerät aus: Synchronisierte Konten verschwinden von allen, auch von diesem, und jedes Gerät muss danach neu bestätigt werden. Nur lokale Konten bleiben, wo sie sind.",
    },
    enrolling: "Die Schlüssel dieses Geräts werden erzeugt…",
    verified: "Bestätigt",
    takesPart: "Dieses Gerät nimmt an der Synchronisierung teil.",
    removedAgain: "Schalten Sie die Synchronisierung ein, um es erneut zu bestätigen.",
    elsewhere: (count) =>
      count === 1
        ? "1 Konto ist auf Ihren anderen Geräten und noch nicht hier."
        : `${count} Konten sind auf Ihren anderen Geräten und noch nicht hier.`,
    retrieveAll: (count) => (count === 1 ? "Abrufen" : `Alle ${count} abrufen`),
    pick: "Auswählen",
    retrieving: (received, total) => `Wird abgerufen: ${received} von ${total}`,
  },

  verification: {
    title: "Dieses Gerät bestätigen",
    waits: "Wartet auf Bestätigung",
    steps: {
      request: "Mail anfordern",
      compare: "Den Link darin öffnen und den Vergleichscode prüfen",
      approve: "Bestätigen. Diese Seite geht von selbst weiter.",
    },
    matchCode: "Vergleichscode",
    matchWhy: "Die Mail und die Seite hinter ihrem Link zeigen denselben Code. Wenn er abweicht, bestätigen Sie nicht.",
    request: "Bestätigungsmail anfordern",
    again: "Erneut senden",
    sent: (address) => `Mail an ${address} gesendet.`,
    linkWorksFor: "Der Link gilt noch",
    expired: "Der Link in der letzten Mail ist abgelaufen. Senden Sie eine neue.",
    undeliverable: (address, when) =>
      `Die Mail an ${address} konnte nicht zugestellt werden (${when}). Prüfen Sie, ob dieses Postfach Mails annimmt, und senden Sie sie dann erneut.`,
    yourAddress: "Ihre Adresse",
    againIn: "Eine neue Mail ist möglich in",
  },

  devices: {
    title: "Geräte",
    removedTitle: "Entfernte Geräte",
    desktop: "Computer",
    phone: "Telefon",
    tablet: "Tablet",
    verified: "Bestätigt",
    asked: "Bestätigung angefragt",
    removed: "Entfernt",
    notVerified: "Nicht bestätigt",
    online: "Jetzt online",
    lastSeen: "Zuletzt gesehen",
    neverOnline: "Noch nie online",
    upToDate: "Auf dem neuesten Stand",
    behind: (count) => `${count} zurück`,
    behindMeans: (count) =>
      count === 1
        ? "Eine Änderung hat es noch nicht; es bekommt sie, sobald es online ist."
        : `Bis zu ${count} Änderungen hat es noch nicht; es bekommt sie, sobald es online ist.`,
    holds: (count) => (count === 1 ? "Hat 1 Schlüssel" : `Hat ${count} Schlüssel`),
    holdsNone: "Hat keinen synchronisierten Schlüssel",
    rename: "Umbenennen",
    renameOf: (name) => `${name} umbenennen`,
    newName: "Neuer Name",
    remove: "Entfernen",
    removeOf: (name) => `${name} entfernen`,
    removeMeans:
      "verliert seine Schlüssel sofort; ist es offline, lässt sich nie wieder öffnen, was darauf liegt. Einige Tage lang lässt es sich per Mail und Code erneut bestätigen und bekommt dann seine nur lokalen Konten zurück.",
    thisOneMeans: "Es ist das Gerät, das Sie gerade benutzen.",
    lostOrStolen: "Für ein verlorenes oder gestohlenes Gerät:",
    eraseInstead: "stattdessen entfernen und löschen",
    erase: "Entfernen und löschen",
    eraseMeans:
      "verliert seine Schlüssel sofort und endgültig: Auch seine nur lokalen Konten werden vernichtet und kommen nie zurück.",
    removeOthers: "Alle anderen entfernen",
    removeOthersAction: "Alle anderen Geräte entfernen",
    removeOthersMeans: (count) =>
      count === 1
        ? "Ihr anderes Gerät verliert seine Schlüssel sofort."
        : `Ihre ${count} anderen Geräte verlieren ihre Schlüssel sofort.`,
    panic: "Notfall: alle Geräte sperren",
    panicAction: "Jetzt alle Geräte sperren",
    panicMeans: {
      before: "Jedes Gerät, ",
      strong: "auch dieses",
      after: ", verliert seine Schlüssel sofort. Jedes muss per Mail und Code neu bestätigt werden.",
    },
    emergency: "Alle auf einmal",
    emergencyMeans: "Wenn Sie nicht wissen, welches Gerät in falschen Händen ist.",
    olderRemoved: (count) => (count === 1 ? "1 weiteres entferntes Gerät" : `${count} weitere entfernte Geräte`),
  },

  removal: {
    confirmed: (after) => `Gesperrt, vom Gerät bestätigt nach ${after}`,
    notWiped: (after) => `Ausgesperrt; nach ${after} antwortete das Gerät, dass es nicht löschen konnte`,
    waiting: "Gesperrt, die Bestätigung des Geräts steht noch aus",
    offline: "Offline: ausgesperrt, Bestätigung bei seiner Rückkehr",
    steps: {
      label: "Ablauf der Entfernung",
      keyTaken: "Schlüssel entzogen",
      keyTakenDetail: "Ohne die Hälfte des Servers öffnet sich dort nichts.",
      told: "Gerät benachrichtigt",
      toldDetail: "Es ist online.",
      untold: "Noch nicht benachrichtigt",
      untoldDetail: "Es ist offline und erfährt es bei seiner Rückkehr.",
      answered: "Bestätigt",
      answeredDetail: (after) => `Nach ${after}: Seine Schlüssel sind vergessen.`,
      failed: "Konnte nicht löschen",
      failedDetail: "Was dort liegt, lässt sich nicht öffnen.",
      unanswered: "Noch nicht bestätigt",
      unansweredDetail: "Die Sperre hängt nicht davon ab.",
    },
    done: "Erledigt.",
    pending: "Steht noch aus.",
    reasons: {
      removed: "",
      erased: "gelöscht",
      panic: "durch den Notfallknopf",
      sync_off: "beim Ausschalten der Synchronisierung",
      signed_out: "",
    },
  },

  removedBecause: {
    removed: "Dieses Gerät wurde aus Ihrem Konto entfernt.",
    erased: "Dieses Gerät wurde aus Ihrem Konto entfernt, und alles darauf wurde gelöscht.",
    panic: "Alle Geräte wurden durch den Notfallknopf gesperrt.",
    sync_off: "Die Synchronisierung wurde für Ihr Konto ausgeschaltet.",
    signed_out: "Sie wurden abgemeldet.",
  },

  rotation: {
    title: "Tauschen Sie diese Schlüssel aus.",
    why: (device) => `${device} hatte sie. Was dort zuvor gelesen wurde, lässt sich nur an der Börse ungültig machen.`,
    progress: (done, total) => `${done} von ${total} ausgetauscht`,
    all: (total) =>
      total === 1
        ? "Der Schlüssel, den es hatte, ist ausgetauscht"
        : `Alle ${total} Schlüssel, die es hatte, sind ausgetauscht`,
    rotateOn: (exchange) => `Bei ${exchange} austauschen`,
    rotated: "Ausgetauscht",
    rotatedAt: (when) => `Ausgetauscht ${when}`,
    tick: (account) => `${account} ist an der Börse ausgetauscht`,
    none: "Es hatte nie ein synchronisiertes Konto.",
  },

  secondFactor: {
    code: "Code aus Ihrer Authenticator-App",
    goesOn: "Geht nach der sechsten Ziffer von selbst weiter.",
    recoveryCode: "Wiederherstellungscode",
    useRecoveryCode: "Wiederherstellungscode verwenden",
    useApp: "Authenticator-App verwenden",
    recoveryHint: "Jeder gilt einmal. Striche und Leerzeichen spielen keine Rolle.",
    wrong: "Dieser Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten.",
    wrongRecovery: "Dieser Wiederherstellungscode ist falsch oder wurde schon benutzt.",
    incomplete: "Ein Code hat sechs Ziffern.",
    checking: "Wird geprüft…",
    againIn: "Nächster Versuch in",
  },

  totp: {
    title: "Zwei-Faktor-Authentifizierung",
    on: "Ein",
    off: "Aus",
    offMeans: "Ein Code aus einer App auf Ihrem Telefon, zusätzlich zum Passwort. Die Synchronisierung braucht ihn.",
    onMeans: "Die Anmeldung und alles, was die Sicherheit betrifft, fragt nach einem Code.",
    setUp: "Zwei-Faktor-Authentifizierung einrichten",
    change: "Authenticator wechseln",
    changeMeans: "Für ein neues Telefon oder eine andere App. Die jetzige gilt, bis die neue einen Code gezeigt hat.",
    oldCodeFirst: "Zuerst ein Code aus dem Authenticator, den Sie jetzt haben.",
    turnOff: "Ausschalten",
    turnOffAction: "Zwei-Faktor-Authentifizierung ausschalten",
    turnOffMeans: {
      before: "Das schaltet auch die Synchronisierung aus: Synchronisierte Konten verschwinden von ",
      strong: "jedem",
      after: " Gerät, und jedes muss neu bestätigt werden.",
    },
    password: "Ihr Passwort",
    continue: "Weiter",
    scan: "Scannen Sie dies mit einer Authenticator-App",
    apps: "Jede App für zeitbasierte Codes ist recht: die der großen Anbieter, die Ihres Passwortmanagers oder eine offene wie Aegis oder Ente Auth.",
    qr: "QR-Code für Ihre Authenticator-App",
    byHand: "Oder tippen Sie diesen Schlüssel ein:",
    copySecret: "Schlüssel kopieren",
    secretFacts: "Zeitbasiert, 6 Ziffern, 30 Sekunden, SHA-1",
    openApp: "In einer App auf diesem Gerät öffnen",
    newCode: "Code, den die App zeigt",
    confirm: "Einschalten",
    confirmChange: "Neuen Authenticator verwenden",
    changed: "Ihr neuer Authenticator gilt; die Codes des alten sind jetzt wertlos.",
    turnedOff: "Die Zwei-Faktor-Authentifizierung ist ausgeschaltet.",
  },

  recovery: {
    title: "Wiederherstellungscodes",
    yours: "Ihre Wiederherstellungscodes.",
    meaning:
      "Jeder gilt einmal anstelle eines Codes, wenn Ihr Telefon nicht zur Hand ist. Sie werden nur jetzt gezeigt: Bewahren Sie sie dort auf, wo dieser Browser nicht ist.",
    listLabel: "Wiederherstellungscodes",
    download: "Herunterladen",
    print: "Drucken",
    copied: "Kopiert",
    stored: "Ich habe sie aufbewahrt",
    notKept: "Laden Sie sie zuerst herunter, drucken oder kopieren Sie sie, oder schreiben Sie sie auf.",
    left: (left, total) => `noch ${left} von ${total}`,
    few: "Es sind nur noch wenige. Erzeugen Sie neue, bevor Sie sie brauchen.",
    none: "Es ist keiner mehr da: Ohne Ihr Telefon kämen Sie nicht hinein. Erzeugen Sie jetzt neue.",
    renew: "Neue Wiederherstellungscodes",
    renewAction: "Neue Wiederherstellungscodes erzeugen",
    renewMeans: "Die Wiederherstellungscodes, die Sie jetzt haben, gelten dann nicht mehr.",
    fileTitle: (service) => `Wiederherstellungscodes für ${service}`,
    fileAccount: (address) => `Konto: ${address}`,
    fileMade: (when) => `Erzeugt: ${when}`,
    fileNote: "Jeder Code gilt einmal anstelle eines Codes aus der Authenticator-App.",
  },

  password: {
    title: "Passwort",
    change: "Passwort ändern",
    present: "Jetziges Passwort",
    new: "Neues Passwort",
    showLabel: "Passwörter zeigen",
    wrong: "Das ist nicht Ihr jetziges Passwort.",
    codeToo: "Ein Code aus Ihrer Authenticator-App schließt es ab.",
    atLeast: (count) => `Mindestens ${count} Zeichen.`,
    advice:
      "Auf die Länge kommt es an: Ein paar zufällige Wörter sind stark und leicht zu merken. Mit einem Passwortmanager ist es noch leichter.",
    toGo: (count) => `noch ${count} Zeichen`,
    enough: (count) => `${count} Zeichen: lang genug`,
    strong: (count) => `${count} Zeichen: stark`,
    same: "Das ist Ihr jetziges Passwort.",
    guessable: "Leicht zu erraten: Es wiederholt sich oder ist Ihre Adresse.",
    changed: "Geändert.",
    changedMeans: "Ihre anderen Sitzungen wurden beendet.",
    elsewhere: "Sie melden sich mit der Anmeldung Ihres Terminals an: Hier gibt es kein Passwort.",
  },

  sessions: {
    title: "Wo Sie angemeldet sind",
    current: "Diese hier",
    used: "Benutzt",
    since: (when) => `seit ${when}`,
    end: "Beenden",
    endOf: (browser) => `Sitzung von ${browser} beenden`,
    endOthers: (count) => (count === 1 ? "Die andere beenden" : `Alle ${count} anderen beenden`),
    ended: (count) => (count === 1 ? "1 Sitzung wurde beendet." : `${count} Sitzungen wurden beendet.`),
    only: "Sie sind nur hier angemeldet.",
  },

  mail: {
    title: "Mails an Sie",
    to: (address) => `Sie gehen an ${address}.`,
    logins: "Anmeldung mit neuem Browser oder von neuem Ort",
    loginsMeans: "Eine Mail, wenn sich jemand mit einem Browser oder aus einem Netz anmeldet, das noch nicht vorkam.",
    always: "Werden immer gesendet",
    alwaysWhy:
      "An ihnen merken Sie, dass jemand anderes in Ihrem Konto ist; darum kann niemand, der darin ist, sie abschalten.",
    alwaysKinds: [
      "Geräte, die hinzukommen, bestätigt oder entfernt werden",
      "Zwei-Faktor-Authentifizierung eingeschaltet, gewechselt oder ausgeschaltet",
      "Wiederherstellungscodes benutzt oder erneuert, Passwort geändert",
      "Synchronisierung ausgeschaltet und Notfall",
    ],
  },

  log: {
    title: "Verlauf",
    listLabel: "Sicherheitsprotokoll",
    filter: "Zeigen",
    groups: {
      all: "Alles",
      devices: "Geräte",
      keys: "Schlüssel",
      logins: "Anmeldungen",
      security: "Sicherheit",
    },
    search: "Verlauf durchsuchen",
    searchPlaceholder: "Gerät, Adresse, Browser…",
    more: "Mehr zeigen",
    searching: (count) => `Suche läuft: ${count} Einträge gelesen…`,
    nothing: "Nichts davon ist vorgekommen.",
    noMatch: "Kein Eintrag passt.",
    searchFurther: (count) => `Kein Treffer unter den letzten ${count} Einträgen.`,
    shown: (count) => (count === 1 ? "1 Eintrag" : `${count} Einträge`),
    today: "Heute",
    yesterday: "Gestern",
    exportCsv: "Als CSV ausgeben",
    exportJson: "Als JSON ausgeben",
    exporting: (count) => `Wird gesammelt: bisher ${count} Einträge…`,
    exported: (count) => (count === 1 ? "1 Eintrag wurde ausgegeben." : `${count} Einträge wurden ausgegeben.`),
    stop: "Anhalten",
    columns: { time: "Zeit (UTC)", event: "Ereignis", about: "Betrifft", device: "Gerät", address: "Adresse" },
    kinds: {
      signed_up: "Konto angelegt",
      logged_in: "Angemeldet",
      logged_out: "Abgemeldet",
      session_ended: "Sitzung beendet",
      other_sessions_ended: "Alle anderen Sitzungen beendet",
      totp_enabled: "Zwei-Faktor-Authentifizierung eingeschaltet",
      totp_changed: "Authenticator-App gewechselt",
      totp_disabled: "Zwei-Faktor-Authentifizierung ausgeschaltet",
      recovery_code_used: "Wiederherstellungscode benutzt",
      recovery_codes_renewed: "Wiederherstellungscodes erneuert",
      password_changed: "Passwort geändert",
      password_reset: "Passwort neu gesetzt",
      mail_preferences_changed: "Mail-Einstellungen geändert",
      sync_turned_on: "Synchronisierung eingeschaltet",
      sync_turned_off: "Synchronisierung ausgeschaltet",
      device_added: "Gerät hat um Bestätigung gebeten",
      device_verified: "Gerät bestätigt",
      device_renamed: "Gerät umbenannt",
      device_removed: "Gerät entfernt",
      device_erased: "Gerät entfernt und gelöscht",
      device_wiped: "Gerät hat bestätigt, dass seine Schlüssel gesperrt sind",
      panic: "Notfall: alle Geräte gesperrt",
      credential_added: "API-Schlüssel hinzugefügt",
      credential_changed: "API-Schlüssel geändert",
      credential_deleted: "API-Schlüssel gelöscht",
      credential_read: "API-Schlüssel gelesen",
      credential_rotated: "API-Schlüssel als ausgetauscht abgehakt",
      attempts_blocked: "Zu viele falsche Codes: Versuche eine Zeit lang gesperrt",
      mail_undeliverable: "Eine Mail an Sie konnte nicht zugestellt werden",
      mail_changed: "Mailadresse geändert",
    },
  },

  status: {
    removedMeans: "Die Schlüssel hier können nicht mehr unterschreiben.",
    removedSince: (when) => `Seit ${when}.`,
    wayBack:
      "Um dieses Gerät wieder zu benutzen, schalten Sie die Synchronisierung ein und bestätigen Sie es per Mail und Code.",
    wayBackLoggedOut:
      "Um dieses Gerät wieder zu benutzen, melden Sie sich an, schalten Sie die Synchronisierung ein und bestätigen Sie es per Mail und Code.",
    verifyAgain: "Erneut bestätigen",
    unreachable: "Der Server ist nicht erreichbar.",
    youAreOffline: "Dieser Computer ist offline.",
    graceMeans: "Sie können noch eine Weile Orders unterschreiben; dann sperrt sich dieser Browser.",
    graceReload: "Eine Seite, die jetzt neu geladen wird, ist gesperrt, bis der Server wieder da ist.",
    timeLeft: "Zeit, bis sich dieser Browser sperrt",
    locked: "Gesperrt.",
    lockedBecause: {
      server_needed: "Ihre Schlüssel öffnen sich erst, wenn der Server geantwortet hat.",
      grace_over: "Der Server war zu lange nicht erreichbar. Ihre Schlüssel öffnen sich wieder, sobald er zurück ist.",
    },
    nextTry: (left) => `Verbindung wird wiederhergestellt: nächster Versuch in ${left}.`,
    reconnecting: "Verbindung wird wiederhergestellt…",
    connecting: "Verbindung wird aufgebaut…",
    notConnected: "Nicht verbunden.",
    reload: "Seite neu laden",
    stopped: {
      outdated: "Diese Seite ist älter als der Server. Laden Sie sie neu.",
      not_understood: "Diese Seite und der Server verstehen einander nicht. Laden Sie die Seite neu.",
      closed_for_good: "Der Server hat die Verbindung endgültig beendet. Laden Sie die Seite neu.",
      unknown_device: "Der Server kennt dieses Gerät nicht mehr. Schalten Sie die Synchronisierung erneut ein.",
    },
    minutesLeft: (minutes) =>
      minutes === 1
        ? "In einer Minute sperrt sich dieser Browser."
        : `In ${minutes} Minuten sperrt sich dieser Browser.`,
    catchingUp: (received, total) => `Wird nachgeholt: ${received} von ${total}`,
    retrieving: (received, total) => `Ihre Konten werden abgerufen: ${received} von ${total}`,
  },

  errors: {
    unreachable: "Der Server ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es erneut.",
    signedOut: "Melden Sie sich zuerst an.",
    locked: {
      signed_out: "Dieser Browser ist gesperrt: Melden Sie sich an, um Ihre Schlüssel zu öffnen.",
      server_needed: "Dieser Browser ist gesperrt: Seine Schlüssel öffnen sich erst, wenn der Server geantwortet hat.",
      grace_over: "Dieser Browser ist gesperrt: Der Server war zu lange nicht erreichbar.",
      removed: "Dieses Gerät wurde entfernt: Seine Schlüssel lassen sich nicht mehr öffnen.",
    },
    noSuchAccount: "Dieses Konto ist nicht mehr in diesem Browser.",
    damaged: "Die gespeicherten Daten dieses Kontos lassen sich nicht öffnen. Sie wurden nicht verändert.",
    unexpected: "Hier ist etwas Unerwartetes schiefgegangen.",
    problems: {
      bad_credentials: "Adresse oder Passwort ist falsch, oder die Adresse ist noch nicht bestätigt.",
      session_required: "Ihre Anmeldung ist abgelaufen. Melden Sie sich erneut an.",
      device_removed: "Dieses Gerät wurde aus Ihrem Konto entfernt.",
      totp_required: "Dafür braucht es einen Code aus Ihrer Authenticator-App.",
      totp_invalid: "Dieser Code ist falsch oder wurde schon benutzt.",
      origin_refused: "Der Server nimmt von dieser Seite keine Aufrufe an.",
      not_found: "Das gibt es nicht mehr.",
      totp_not_enabled: "Schalten Sie zuerst die Zwei-Faktor-Authentifizierung ein.",
      totp_already_enabled: "Die Zwei-Faktor-Authentifizierung ist schon eingeschaltet.",
      sync_off: "Schalten Sie zuerst die Synchronisierung in diesem Browser ein.",
      device_state: "Das Gerät ist nicht mehr in einem Zustand, in dem das sinnvoll ist.",
      link_used_or_expired: "Dieser Link wurde schon benutzt oder ist zu alt.",
      too_large: "Das ist zu groß.",
      quota_exceeded: "Davon haben Sie schon so viele, wie ein Benutzer haben darf. Entfernen Sie zuerst eines.",
      too_many_attempts: "Zu viele falsche Versuche. Ihre Schlüssel sind sicher; warten Sie kurz, dann geht es weiter.",
      too_many_requests: "Zu viele Anfragen dieser Art. Warten Sie kurz.",
      internal: "Beim Server ist etwas schiefgegangen. Es wurde dort vermerkt; versuchen Sie es erneut.",
      unavailable: "Der Server ist gerade nicht bereit dafür. Versuchen Sie es gleich noch einmal.",
    },
  },

  accounts: {
    title: "Konten",
    add: "Konto hinzufügen",
    noneFound: (query) => (query ? `Nichts hier passt zu „${query}“.` : "Davon gibt es nichts."),
    copied: (what) => `${what} kopiert. Die Zwischenablage leert sich von selbst.`,
    clearNow: "Jetzt leeren",
    deleted: (count, label) => (count === 1 ? `„${label}“ gelöscht.` : `${count} Konten gelöscht.`),
    undo: "Rückgängig",
    undoIsPossible: "Das lässt sich noch einige Sekunden lang rückgängig machen.",

    autoConnect: {
      title: "Alle Konten automatisch verbinden",
      on: "Ein: Jedes Konto dieses Browsers wird mit Ihren Geräten geteilt, und jedes von dort kommt hierher – jetzt und sobald eines dazukommt.",
      off: "Aus: Sie entscheiden Konto für Konto, was geteilt wird und was hierher kommt.",
      noSync: "Solange die Synchronisierung aus ist, bleiben Konten allein in diesem Browser.",
      setUp: "Synchronisierung einrichten",
      waits: "Dieses Gerät wartet auf Bestätigung; bis dahin bleiben seine Konten in diesem Browser.",
      verify: "Dieses Gerät bestätigen",
    },

    empty: {
      title: "Noch keine Konten",
      explained:
        "Fügen Sie einen API-Schlüssel einer Börse hinzu oder gleich dessen .env-Zeilen oder JSON ein. Er liegt verschlüsselt allein in diesem Browser, bis Sie ihn teilen.",
    },

    sealed: {
      locked: (count) => (count === 1 ? "1 Konto liegt hier, gesperrt." : `${count} Konten liegen hier, gesperrt.`),
      opening: (count) => (count === 1 ? "1 Konto wird geöffnet …" : `${count} Konten werden geöffnet …`),
      gone: (count) =>
        count === 1
          ? "1 Konto hier lässt sich nie wieder öffnen."
          : `${count} Konten hier lassen sich nie wieder öffnen.`,
      goneBecauseLate:
        "Ihr Schlüssel verschwand, als dieses Gerät entfernt wurde, und es kam zu spät zurück, um ihn wiederzubekommen. Nichts kann sie öffnen.",
      lockedByRemoval: (count) =>
        count === 1
          ? "1 Konto hier wurde durch die Entfernung gesperrt."
          : `${count} Konten hier wurden durch die Entfernung gesperrt.`,
      wayBack:
        "Bestätigen Sie dieses Gerät bald erneut, dann öffnet sich wieder, was allein in diesem Browser lag; geteilte Konten lassen sich abrufen. Später öffnet sie nichts mehr.",
      discard: (count) => (count === 1 ? "Verwerfen" : `Alle ${count} verwerfen`),
      discardForGood: (count) => (count === 1 ? "Endgültig verwerfen" : `Alle ${count} endgültig verwerfen`),
    },

    decisions: {
      count: (count) =>
        count === 1
          ? "Eine Änderung ließ sich nicht senden und wartet auf Ihre Entscheidung."
          : `${count} Änderungen ließen sich nicht senden und warten auf Ihre Entscheidung.`,
      decide: "Entscheiden",
    },

    toolbar: {
      search: "Konten durchsuchen",
      order: "Reihenfolge",
      orders: {
        label: "Nach Name",
        exchange: "Nach Börse",
        newest: "Neueste zuerst",
        oldest: "Älteste zuerst",
      },
      filters: "Nur zeigen",
      filter: {
        all: "Alle",
        synced: "Synchronisiert",
        local: "Nur lokal",
        elsewhere: "Anderswo",
        warnings: "Warnungen",
        conflicts: "Zu entscheiden",
      },
    },

    row: {
      select: (label) => `${label} auswählen`,
      synced: "Synchronisiert",
      localOnly: "Nur lokal",
      syncOf: (label) => `${label} synchronisieren`,
      retrieve: "Abrufen",
      retrieveOf: (label) => `${label} abrufen`,
      onItsWay: "Unterwegs …",
      onDevices: (count) => (count === 1 ? "auf 1 Gerät" : `auf ${count} Geräten`),
    },

    badges: {
      closed: "Börse geschlossen",
      expires: (on) => `Läuft ab etwa ${on}`,
      expired: (on) => `Abgelaufen etwa ${on}`,
      looksLikeDemo: "Wirkt wie ein Demo-Schlüssel",
      looksLikeLive: "Wirkt wie ein Live-Schlüssel",
      conflict: "Zweimal geändert",
      refused: "Änderung abgelehnt",
      waiting: "Noch nicht gesendet",
      elsewhere: "Anderswo",
    },

    bulk: {
      selectAll: "Alle sichtbaren auswählen",
      shown: (count) => (count === 1 ? "1 Konto" : `${count} Konten`),
      selected: (count) => `${count} ausgewählt`,
      sync: (count) => `${count} synchronisieren`,
      keepLocal: (count) => `${count} nur lokal behalten`,
      retrieve: (count) => `${count} abrufen`,
      delete: (count) => `${count} löschen`,
      clear: "Auswahl aufheben",
      progress: {
        share: (done, total) => `${done} von ${total} synchronisiert`,
        unshare: (done, total) => `${done} von ${total} zurückgeholt`,
        delete: (done, total) => `${done} von ${total} gelöscht`,
      },
      failed: (count, why) =>
        count === 1
          ? `Eines blieb, wie es war, und ist noch ausgewählt: ${why}`
          : `${count} blieben, wie sie waren, und sind noch ausgewählt: ${why}`,
    },

    elsewhere: {
      count: (count) =>
        count === 1
          ? "1 Konto liegt auf Ihren anderen Geräten, aber nicht hier."
          : `${count} Konten liegen auf Ihren anderen Geräten, aber nicht hier.`,
      retrieveAll: (count) => `Alle abrufen (${count})`,
      retrieving: "Konten werden abgerufen",
      progress: (received, total) => `${received} von ${total}`,
      goesOn: "Sie können weiterarbeiten; das läuft im Hintergrund weiter, auch nach dem Neuladen.",
      explained: "Schlüssel und Secret sind nicht in diesem Browser.",
      heldBy: (names) => `Es liegt auf: ${names}.`,
    },

    detail: {
      exchange: "Börse",
      added: "Hinzugefügt",
      changed: (on) => `geändert ${on}`,
      heldBy: "Auf Geräten",
      onlyHere: "Allein in diesem Browser",
      show: "Zeigen",
      hide: "Verbergen",
      copy: "Kopieren",
      showField: (label, shown) => (shown ? `${label} verbergen` : `${label} zeigen`),
      copyField: (label) => `${label} kopieren`,
      edit: "Bearbeiten",
      editOf: (label) => `${label} bearbeiten`,
      relabel: "Umbenennen",
      relabelOf: (label) => `${label} umbenennen`,
      newLabel: "Neue Bezeichnung",
      delete: "Löschen",
      deleteOf: (label) => `${label} löschen`,
      manageAt: (exchange) => `API-Schlüssel bei ${exchange}`,
      refused: (detail) => `Der Server hat die Änderung abgelehnt: ${detail}`,
      discard: "Änderung verwerfen",
    },
  },

  accountForm: {
    addTitle: "Konto hinzufügen",
    editTitle: (label) => `${label} bearbeiten`,
    exchange: "Börse",
    closed: "geschlossen",
    kind: "Art des Schlüssels",
    environment: "Umgebung",
    label: "Bezeichnung",
    labelHint: "Wie Sie das Konto nennen möchten.",
    optional: (label) => `${label} (optional)`,
    unchanged: "Unverändert",
    show: "Zeigen",
    hide: "Verbergen",
    makeKey: (exchange) => `Schlüssel bei ${exchange} anlegen`,
    noWithdrawal: "Geben Sie ihm kein Recht auf Auszahlungen.",
    store: "In diesem Browser speichern",
    storeAnyway: "Trotzdem speichern",
    duplicate: (label) => `Diesen Schlüssel haben Sie schon als „${label}“.`,
  },

  importing: {
    label: "Alles auf einmal einfügen",
    placeholder: ".env-Zeilen, JSON, eine PEM oder der Text der Börse",
    chooseFile: "Datei wählen …",
    hint: "Oder ziehen Sie eine .env-, .json- oder .pem-Datei auf dieses Formular. Sie wird hier gelesen; nichts wird gesendet.",
    filled: (exchange) => `Ausgefüllt für ${exchange}:`,
    notUnderstood: (names, lines) =>
      [
        names.length > 0 ? `Nicht verwendet: ${names.join(", ")}.` : "",
        lines > 0 ? `${lines === 1 ? "Eine Zeile wurde" : `${lines} Zeilen wurden`} nicht verstanden.` : "",
      ].join(" "),
    several: (count) => `${count} Schlüssel gefunden. Welchen davon?`,
    ofWhich: "Ein Schlüssel wurde gefunden. Wählen Sie seine Börse, dann werden die Felder ausgefüllt.",
    otherExchange: (exchange) =>
      `Das ist ein Schlüssel anderer Art oder einer von ${exchange}. Fügen Sie ihn als eigenes Konto hinzu.`,
    refused: {
      seed_phrase:
        "Das sieht nach der Seed-Phrase einer Wallet aus. Fügen Sie die niemals hier ein; nehmen Sie einen API-Schlüssel. Davon wurde nichts behalten.",
      too_large: "Das ist größer als 64 KiB und damit kein Schlüssel.",
      nothing: "Darin wurde kein API-Schlüssel gefunden.",
      unreadable: "Diese Datei ließ sich nicht lesen.",
    },
  },

  conflict: {
    title: "Ein anderes Gerät hat dieses Konto zuerst geändert.",
    nothingLost: "Nichts wurde überschrieben. Wählen Sie, was bleibt.",
    differs: "anders",
    label: "Bezeichnung",
    environment: "Umgebung",
    mine: { title: "Hier geändert", deleted: "Hier gelöscht.", choose: "Meines behalten" },
    theirs: {
      title: "Auf dem anderen Gerät geändert",
      deleted: "Auf dem anderen Gerät gelöscht.",
      choose: "Das andere nehmen",
    },
  },

  faults: {
    label_missing: () => "Geben Sie dem Konto eine Bezeichnung.",
    label_hidden_characters: () => "Die Bezeichnung enthält unsichtbare Zeichen.",
    label_too_long: ({ max }) => `Eine Bezeichnung hat höchstens ${max} Zeichen.`,
    exchange_missing: () => "Wählen Sie eine Börse.",
    kind_missing: ({ exchange }) => `Wählen Sie die Art des Schlüssels von ${exchange}.`,
    environment_missing: () => "Wählen Sie eine Umgebung.",
    missing: ({ field }) => `${named(field)} fehlt.`,
    choice_missing: ({ field }) => `Wählen Sie: ${named(field)}.`,
    hidden_characters: ({ field }) => `${named(field)} enthält unsichtbare Zeichen. Bitte noch einmal kopieren.`,
    white_space: ({ field }) =>
      `${named(field)} enthält ein Leerzeichen oder einen Zeilenumbruch. Bitte noch einmal kopieren.`,
    pem_misplaced: ({ field }) => `In „${named(field)}“ steht ein PEM-Schlüssel; der gehört in ein anderes Feld.`,
    too_long: ({ field, maxBytes }) => `${named(field)} ist länger als ${maxBytes} Bytes.`,
    same_as: ({ field, other }) => `${named(field)} ist dasselbe wie ${named(other)}.`,
    seed_phrase: () =>
      "Das sieht nach der Seed-Phrase einer Wallet aus. Fügen Sie die niemals hier ein; nehmen Sie einen API-Schlüssel.",
    not_a_pem: () => "Das ist keine PEM: Sie beginnt mit -----BEGIN … und endet mit dem passenden -----END ….",
    pem_public: () =>
      "Das ist der öffentliche Schlüssel. Fügen Sie den privaten ein; den öffentlichen bekommt die Börse.",
    pem_encrypted: () =>
      "Dieser private Schlüssel ist mit einer Passphrase verschlüsselt. Fügen Sie ihn entschlüsselt ein.",
    pem_damaged: () => "Der Inhalt dieser PEM ist beschädigt. Bitte noch einmal mit allen Zeilen kopieren.",
    pem_other: ({ holds }) => `Diese PEM enthält „${holds}“ und keinen privaten Schlüssel.`,
    pem_algorithm: ({ holds, wanted }) =>
      `Das ist ein ${holds}-Schlüssel; die gewählte Art verlangt einen ${wanted}-Schlüssel.`,
    rsa_short: ({ bits, minBits }) => `Dieser RSA-Schlüssel hat ${bits} Bit; Börsen verlangen mindestens ${minBits}.`,
    key_name_form: () => "Ein Schlüsselname lautet organizations/…/apiKeys/….",
    ed25519_form: () => "Ein privater Ed25519-Schlüssel hat 88 Base64-Zeichen und endet auf ==.",
    address_form: () => "Eine Adresse besteht aus 0x und 40 Hex-Ziffern.",
    private_key_form: () => "Ein privater Schlüssel besteht aus 64 Hex-Ziffern.",
    private_key_invalid: () => "Das ist kein gültiger privater Schlüssel.",
    master_key: () =>
      "Das ist der Hauptschlüssel der Wallet; er kann alles auszahlen. Legen Sie einen Agenten (API-Wallet) an und fügen Sie dessen Schlüssel ein.",
  },

  draftWarnings: {
    exchange_closed: ({ exchange, closed }) =>
      `${exchange} hat am ${new Intl.DateTimeFormat("de", { dateStyle: "medium", timeZone: "UTC" }).format(new Date(closed))} geschlossen: Mit diesen Schlüsseln wird nicht mehr gehandelt.`,
    lapses: ({ exchangeId, reminder }) => LAPSES[exchangeId] ?? reminder,
    unusual_form: ({ field, exchange, form }) => `${named(field)} ist bei ${exchange} sonst ${FORMS[form]}.`,
    looks_like_demo: ({ environment }) =>
      `Die Bezeichnung klingt nach einem Demo-Schlüssel, die Umgebung ist aber ${named(environment)}.`,
    looks_like_live: ({ environment }) =>
      `Die Bezeichnung klingt nach einem Live-Schlüssel, die Umgebung ist aber ${named(environment)}.`,
  },

  terms: TERMS,

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
    codeToo: "Sie sind bei Ihrem Terminal angemeldet. Für Ihre Schlüssel ist auch ein Code nötig.",
    elsewhere:
      "Melden Sie sich bei Ihrem Terminal an: Es sagt Keyleash, wer Sie sind; ein weiteres Passwort gibt es hier nicht.",
    goThere: "Zur Anmeldung",
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

  verify: {
    pageTitle: "Keyleash: bestätigen",
    oneMoment: "Einen Moment…",
    toTerminal: "Zum Terminal",
    incomplete: "Dieser Link ist unvollständig",
    incompleteMeans:
      "Nichts wurde geändert. Öffnen Sie den Link in der Mail noch einmal; hat Ihr Mailprogramm ihn auf zwei Zeilen umbrochen, kopieren Sie beide.",
    spent: "Dieser Link gilt nicht mehr",
    device: {
      title: "Ein Gerät bittet um Ihre Börsenschlüssel",
      facts: { device: "Gerät", browser: "Browser", address: "Adresse", asked: "Angefragt" },
      compare:
        "Bestätigen Sie nur, wenn der Bildschirm dieses Geräts denselben Code zeigt. Waren Sie es nicht, schließen Sie diese Seite: Dann geschieht nichts.",
      approve: "Dieses Gerät bestätigen",
      removedBefore: "Dieses Gerät wurde schon einmal entfernt; um es zu bestätigen, ist darum ein Code nötig.",
      loggedOut: "Sie sind hier nicht angemeldet; um es zu bestätigen, ist darum ein Code nötig.",
      approved: "Bestätigt",
      approvedMeans: "ist bestätigt und macht von selbst weiter. Sie können diese Seite schließen.",
      spentMeans: "Wartet das Gerät noch, senden Sie von dort eine neue Mail.",
    },
    signup: {
      title: "Bestätigen Sie Ihr Konto",
      meaning:
        "Jemand hat sich mit Ihrer Mailadresse registriert. Waren Sie es, bestätigen Sie es; andernfalls schließen Sie diese Seite, und nichts geschieht.",
      confirm: "Mein Konto bestätigen",
      ready: "Ihr Konto ist bereit",
      logIn: "Zum Terminal und anmelden",
      spentMeans:
        "Ist Ihr Konto schon bestätigt, melden Sie sich an. Wenn nicht, legen Sie es noch einmal an; dann bekommen Sie einen neuen Link.",
    },
    reset: {
      title: "Neues Passwort festlegen",
      set: "Neues Passwort festlegen",
      codeToo: "Ihr Konto hat Zwei-Faktor-Authentifizierung: Für ein neues Passwort ist ein Code nötig.",
      done: "Ihr Passwort ist geändert",
      doneMeans: "Alle Sitzungen wurden beendet.",
      spentMeans: "Wählen Sie bei der Anmeldung „Passwort vergessen?“; dann bekommen Sie einen neuen.",
    },
    panic: {
      title: "Das waren nicht Sie?",
      meaning:
        "Sperren Sie alle Geräte Ihres Kontos auf einmal, auch dieses: Die Schlüssel darauf lassen sich nicht mehr öffnen, selbst auf Geräten, die offline sind. Jedes muss danach erneut per Mail und Code bestätigt werden.",
      logInFirst: "Melden Sie sich zuerst an, um zu zeigen, dass Sie es sind.",
      done: "Alle Geräte sind gesperrt",
      doneMeans: (count) =>
        `${count === 1 ? "Ein Gerät hat" : `${count} Geräte haben`} die Schlüssel verloren. Ändern Sie jetzt Ihr Passwort und tauschen Sie die Schlüssel bei Ihren Börsen aus: Was zuvor gelesen wurde, lässt sich nicht zurückholen.`,
    },
  },
};

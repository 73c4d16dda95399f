import { drawn, press, type } from "../press.ts";
import { events, me, sessions } from "../scene.ts";
import type { Answers } from "../staged.ts";
import { type Change, type Group, panel, type State } from "../state.ts";

const place = { section: "security" } as const;
/** Not a secret of anybody: the example of RFC 6238, in base32. */
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const QR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33"><rect width="33" height="33" fill="#fff"/><path d="${finder(4, 4)}${finder(22, 4)}${finder(4, 22)}M14,14h5v5h-5z" fill="#000"/></svg>`;
const CODES = Array.from({ length: 10 }, (_, n) => `k3v${n}-9xwt-4h7${n}-qz5m`);

/** What stands below what a state is about is kept short. */
const answers: Answers = {
  events: async () => [],
  sessions: async () => sessions.slice(0, 1),
  setUpTotp: async () => ({ secret: SECRET, otpauth_url: `otpauth://totp/Keyleash?secret=${SECRET}`, qr_svg: QR }),
  confirmTotp: async () => CODES,
  renewRecoveryCodes: async () => CODES,
};
const without: Change = {
  session: { kind: "in", me: { ...me, totp_enabled: false, sync_enabled: false }, confirmed: true },
  sync: { kind: "off" },
};

const state = (name: string, change: Change, open?: State["open"], more: Answers = {}): State => ({
  name,
  view: () => panel(place, { change, answers: { ...answers, ...more } }),
  ...(open && { open }),
});

export const security: Group = {
  name: "security",
  states: [
    state("all", {}, undefined, { events: async () => [...events], sessions: async () => [...sessions] }),
    state("few-recovery-codes", { session: { kind: "in", me: { ...me, recovery_codes_left: 2 }, confirmed: true } }),
    state("two-factor-off", without),
    state("two-factor-password", without, (figure, { totp }) => press(figure, totp.setUp)),
    state("two-factor-scan", without, async (figure, { totp }) => {
      await press(figure, totp.setUp);
      await type(figure, totp.password, "a long pass phrase");
      await press(figure, totp.continue);
    }),
    state("recovery-codes", {}, async (figure, { recovery, secondFactor }) => {
      await press(figure, recovery.renew);
      await type(figure, secondFactor.code, "123456");
      await drawn(figure);
    }),
    state("two-factor-turn-off", {}, (figure, { totp }) => press(figure, totp.turnOff)),
    state("password", {}, async (figure, { password }) => {
      await press(figure, password.change);
      await type(figure, password.new, "four random words are");
    }),
  ],
};

/** One of the three corners of a QR code. */
function finder(x: number, y: number): string {
  return `M${x},${y}h7v7h-7zM${x + 1},${y + 1}v5h5v-5zM${x + 2},${y + 2}h3v3h-3z`;
}

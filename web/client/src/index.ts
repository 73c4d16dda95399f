/**
 * `@keyleash/client`: what a terminal builds on.
 *
 *     const keyleash = await Keyleash.open();
 *     keyleash.onChange((state) => render(state.accounts, state.lock));
 *     await keyleash.withCredential(id, ({ fields }) => sign(order, fields.secret));
 *
 * How a removal travels here: `sync/connection.ts` hears `revoked` and hands it on ahead of everything that waits.
 * `removal.ts` has this tab forget its keys in that very turn (`holdings.ts`, `tab-lock.ts`), tells the other tabs to
 * (`tabs/`), wipes the storage (`store/`), and answers with a receipt. `leader.ts` is the one tab with the socket, `tab.ts`
 * what each tab knows, `keyleash.ts` what a terminal calls. What to do is decided apart from doing it: in
 * `sync/connection-machine.ts`, `sync/versions.ts`, `sync/grace.ts` and `sync/backoff.ts`.
 */

export type { EventFilter } from "./api.ts";
export { type BrowserParts, browserOf, browserParts, type DeviceForm } from "./browser-of.ts";
export type { DeleteOptions } from "./calls/accounts.ts";
export type { TotpProof } from "./calls/user.ts";
export {
  DamagedError,
  DraftError,
  LockedError,
  NoSuchAccountError,
  ProblemError,
  RemovedError,
  SignedOutError,
  UnreachableError,
} from "./errors.ts";
export type { ClientEvent, ClientEvents } from "./events.ts";
export { type Client, Keyleash, type OpenOptions } from "./keyleash.ts";
export type {
  CredentialId,
  DeviceHoldings,
  DeviceId,
  DeviceState,
  DeviceView,
  EventKind,
  EventView,
  Holding,
  Inspection,
  LogIn,
  LoginKind,
  LoginOffer,
  MailPreferences,
  Me,
  ProblemCode,
  ReceiptView,
  Removal,
  RemovedDevices,
  RevokeReason,
  SecondFactor,
  SessionId,
  SessionView,
  TotpSetup,
  UnixMillis,
} from "./protocol.gen.ts";
export { DEVICE_NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "./protocol.gen.ts";
export type * from "./state.ts";
export type { Identity } from "./vendor-login.ts";

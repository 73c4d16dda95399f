/** Facts in words: times, browsers, reasons, kinds of events. Nothing here decides anything. */
import {
  browserOf,
  type DeviceView,
  type EventKind,
  type EventView,
  type RevokeReason,
  type Snapshot,
} from "@keyleash/client";

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function moment(at: number): string {
  return dateAndTime.format(at);
}

export function ago(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return moment(at);
}

/** `14:05`, or `1:02:03`: what is left of a countdown. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const padded = (part: number) => String(part).padStart(2, "0");
  return h > 0 ? `${h}:${padded(m)}:${padded(s)}` : `${m}:${padded(s)}`;
}

/** How a removal went for this device, as the remover sees it. */
export function removalOutcome(device: DeviceView): string {
  if (device.receipt) {
    const what = device.receipt.wiped
      ? "Disabled, confirmed by the device"
      : "Locked out; the device answered that it could not wipe";
    return `${what} after ${duration(device.receipt.after_ms)}`;
  }
  return device.online
    ? "Disabled, waiting for the device to confirm"
    : "Offline: locked out, confirmation when it returns";
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

export const removedBecause: Record<RevokeReason, string> = {
  removed: "This device was removed from your account.",
  erased: "This device was removed from your account, and everything it held was erased.",
  panic: "All devices were locked by the panic button.",
  sync_off: "Sync was turned off for your account.",
  signed_out: "You were signed out.",
};

export const eventWords: Record<EventKind, string> = {
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
  credential_rotated: "Exchange key rotated, you said",
  attempts_blocked: "Too many wrong codes: attempts blocked for a while",
  mail_undeliverable: "A mail to you could not be delivered",
  mail_changed: "Mail address changed",
};

/** What an entry of the security log is about, with names in place of ids where this browser knows them. */
export function aboutEvent(event: EventView, { accounts, devices }: Snapshot): string {
  const device = devices.find((each) => each.id === event.device)?.name;
  return [...new Set([subject(event, accounts), device, event.address])].filter(Boolean).join(" · ");
}

function subject({ kind, detail }: EventView, accounts: Snapshot["accounts"]): string {
  switch (kind) {
    case "credential_added":
    case "credential_changed":
    case "credential_deleted":
    case "credential_read":
    case "credential_rotated":
      return accounts.find((each) => each.id === detail)?.label ?? "An account that is not in this browser";
    case "logged_in":
      return browserOf(detail);
    case "session_ended":
      return "";
    default:
      return detail;
  }
}

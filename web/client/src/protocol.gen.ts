// Generated from crates/protocol by its test `typescript_is_fresh`. Do not edit.

/**
 * A person's account on the server.
 */
export type UserId = string;

/**
 * One browser profile that a user enrolled.
 */
export type DeviceId = string;

/**
 * One exchange API credential. Chosen by the browser that adds it, unique within its user.
 */
export type CredentialId = string;

/**
 * One login. Public: it names the session in lists, it does not open it.
 */
export type SessionId = string;

/**
 * One entry of the security log.
 */
export type EventId = string;

/**
 * A position in a user's count of changes; each committed change has the next one. As a device's cursor: the
 * highest one that it has applied.
 */
export type Seq = number;

/**
 * A credential's version: 0 is "does not exist yet", the first stored one is 1.
 */
export type Version = number;

/**
 * Milliseconds since 1970-01-01T00:00:00Z.
 */
export type UnixMillis = number;

/**
 * Names one history of the database. Random, made when the database is created, changed when a backup is restored.
 * A device that meets another epoch fetches everything again and deletes nothing local.
 */
export type Epoch = string;

/**
 * Bytes that are public: keys' public halves, nonces, signatures, ciphertext.
 */
export type Base64Url = string;

/**
 * A secret on its way. Its `Debug` says nothing, and its memory is cleared when it is dropped.
 */
export type Sensitive = string;

/**
 * From the browser.
 */
export type ClientMessage = { "type": "hello" } & Hello | { "type": "ack", seq: Seq, } | { "type": "put", 
/**
 * The client's own name for this request; comes back in `done` or `error`.
 */
ref: number, id: CredentialId, base_version: Version, box: Base64Url, } | { "type": "delete", ref: number, id: CredentialId, base_version: Version, } | { "type": "retrieve", ref: number, ids: Array<CredentialId>, } | { "type": "receipt", at: UnixMillis, wiped: boolean, };

export type Hello = { device: DeviceId, cursor: Seq, epoch?: Epoch, 
/**
 * ECDSA P-256 with SHA-256, r ‖ s, over [`crate::transcript::hello`].
 */
signature: Base64Url, 
/**
 * Whether the unlock key is wanted; a reconnecting tab still holds it.
 */
want_unlock: boolean, 
/**
 * What this connection is sent in full; left out: everything.
 */
retrieve?: RetrieveMode, };

/**
 * How much of the user's credentials a device wants.
 */
export type RetrieveMode = "all" | "picked";

/**
 * From the server.
 */
export type ServerMessage = { "type": "challenge", nonce: Base64Url, } | { "type": "welcome" } & Welcome | { "type": "unlock" } & SealedUnlock | { "type": "sync" } & SyncPage | { "type": "done", ref: number, id: CredentialId, version: Version, seq: Seq, } | { "type": "retrieved", ref: number, } | { "type": "error" } & SocketError | { "type": "devices", devices: Array<DeviceView>, } | { "type": "revoked", reason: RevokeReason, at: UnixMillis, } | { "type": "drain", reconnect_after_ms: number, };

export type Welcome = { state: DeviceState, seq: Seq, epoch: Epoch, heartbeat_ms: number, 
/**
 * How long an unlocked tab may go on without the server.
 */
grace_ms: number, };

/**
 * A device's unlock key, sealed to its receive key (HPKE base mode, single shot).
 */
export type SealedUnlock = { suite: string, 
/**
 * The encapsulated key, 65 bytes.
 */
enc: Base64Url, ct: Base64Url, };

/**
 * What changed, in the order of `seq`. After applying it the cursor is `seq`.
 */
export type SyncPage = { seq: Seq, upserts: Array<Upsert>, deletes: Array<Tombstone>, 
/**
 * How many changes this catch-up has in all, on its first page, so that a client can show progress.
 */
total?: number, 
/**
 * Whether this is the last page: the device has everything up to `seq`.
 */
done: boolean, };

export type Upsert = { id: CredentialId, version: Version, seq: Seq, box: Base64Url, 
/**
 * The box holds the credential without its `fields`: enough to pick it, nothing to sign with.
 */
summary?: boolean, };

export type Tombstone = { id: CredentialId, version: Version, seq: Seq, };

export type SocketError = { ref?: number, code: ProblemCode, detail: string, 
/**
 * With `conflict`: the version that is stored now.
 */
version?: Version, };

/**
 * A device's life: pending, verified, removed; verified again only by mail and TOTP.
 */
export type DeviceState = "pending" | "verified" | "removed";

export type RevokeReason = "removed" | "erased" | "panic" | "sync_off" | "signed_out";

/**
 * The stable `code` of a refusal.
 */
export type ProblemCode = "bad_json" | "bad_credentials" | "bad_token" | "session_required" | "device_removed" | "totp_required" | "totp_invalid" | "origin_refused" | "login_elsewhere" | "not_found" | "method_not_allowed" | "totp_not_enabled" | "totp_already_enabled" | "sync_off" | "conflict" | "device_state" | "link_used_or_expired" | "too_large" | "unsupported_media_type" | "invalid_field" | "bad_key" | "bad_box" | "quota_exceeded" | "too_many_attempts" | "too_many_requests" | "internal" | "unavailable";

/**
 * The body of a refusal over HTTP (RFC 9457; `type` is always `about:blank`).
 */
export type Problem = { code: ProblemCode, status: number, title: string, 
/**
 * What exactly was refused and what would be accepted.
 */
detail: string, 
/**
 * The field of the body that is at fault.
 */
field?: string, 
/**
 * When it is worth trying again, seconds from now (also in `Retry-After`).
 */
retry_after?: number, 
/**
 * With `device_removed`: why, so that a device that was away carries out what it missed.
 */
reason?: RevokeReason, };

export type SignUp = { email: string, 
/**
 * 12 to 1,024 characters.
 */
password: Sensitive, };

/**
 * A token from a mail link's fragment.
 */
export type LinkToken = { token: Sensitive, };

/**
 * What this server takes as a login.
 */
export type LoginOffer = { 
/**
 * Sign-up, password and its reset.
 */
accounts: boolean, 
/**
 * A token of the vendor's, at `/login/token`.
 */
vendor: boolean, 
/**
 * The vendor's page to log in at.
 */
login_url?: string, };

export type LogIn = { email: string, password: Sensitive, transport?: Transport, totp?: Sensitive, recovery_code?: Sensitive, };

export type LogInByToken = { 
/**
 * A JWT (RFC 7519) that the vendor signed.
 */
token: Sensitive, transport?: Transport, totp?: Sensitive, recovery_code?: Sensitive, };

/**
 * A fresh code of the authenticator app, or one of the recovery codes.
 */
export type SecondFactor = { totp?: Sensitive, recovery_code?: Sensitive, };

/**
 * How the session is carried.
 */
export type Transport = "cookie" | "bearer";

export type LoggedIn = { 
/**
 * With `"transport": "bearer"`: goes into `Authorization: Bearer`.
 */
token?: Sensitive, user_id: UserId, 
/**
 * Where mails go.
 */
email: string, login: LoginKind, totp_enabled: boolean, sync_enabled: boolean, 
/**
 * Whether the device of this session shares every account by itself.
 */
auto_connect: boolean, 
/**
 * Recovery codes that were not used yet.
 */
recovery_codes_left: number, mail_preferences: MailPreferences, };

export type Me = { user_id: UserId, 
/**
 * Where mails go.
 */
email: string, login: LoginKind, totp_enabled: boolean, sync_enabled: boolean, 
/**
 * Whether the device of this session shares every account by itself.
 */
auto_connect: boolean, 
/**
 * Recovery codes that were not used yet.
 */
recovery_codes_left: number, mail_preferences: MailPreferences, };

/**
 * Who knows this user's login.
 */
export type LoginKind = "account" | "vendor";

/**
 * Which of the mails that are a courtesy are sent. Those that security needs are sent always.
 */
export type MailPreferences = { 
/**
 * When somebody logged in with a browser that was not used before.
 */
logins: boolean, };

/**
 * Begins the set-up of two-factor authentication, or of another authenticator app in place of the present one. Who asks
 * shows once more who they are: by the password, or, who logs in with a vendor's token, by one that was issued within
 * the last five minutes.
 */
export type SetUpTotp = { password?: Sensitive, identity_token?: Sensitive, totp?: Sensitive, recovery_code?: Sensitive, };

export type TotpSetup = { 
/**
 * Base32, for typing.
 */
secret: Sensitive, otpauth_url: Sensitive, 
/**
 * The same as an SVG image.
 */
qr_svg: Sensitive, };

export type TotpConfirm = { code: Sensitive, };

export type RecoveryCodes = { recovery_codes: Array<Sensitive>, };

export type SetSync = { 
/**
 * Turn sync on or off for the user, on every device. Turning off needs a second factor.
 */
enabled?: boolean, 
/**
 * Turn "auto connect all accounts" on or off for the device of this session.
 */
auto_connect?: boolean, totp?: Sensitive, recovery_code?: Sensitive, };

export type Enrol = { 
/**
 * 1 to 64 characters.
 */
name: string, 
/**
 * P-256 for HPKE, 65 bytes, uncompressed.
 */
receive_key: Base64Url, 
/**
 * P-256 for ECDSA, 65 bytes, uncompressed.
 */
signing_key: Base64Url, 
/**
 * Signature over `transcript::enrol`.
 */
proof: Base64Url, };

export type Enrolled = { id: DeviceId, state: DeviceState, 
/**
 * Stands on the asking screen, in the mail and on the approving page.
 */
match_code: string, };

export type DeviceView = { id: DeviceId, name: string, user_agent: string, state: DeviceState, created_at: UnixMillis, verified_at?: UnixMillis, removed_at?: UnixMillis, last_seen?: UnixMillis, online: boolean, 
/**
 * How far this device has applied.
 */
acked_seq: Seq, 
/**
 * Up to where there is something for it; up to date when `acked_seq` has reached it.
 */
seq: Seq, 
/**
 * While it is pending: since when it is known that its verification mail could not be delivered.
 */
mail_failed_at?: UnixMillis, 
/**
 * Why it was removed.
 */
reason?: RevokeReason, receipt?: ReceiptView, };

/**
 * The device's own claim that it disabled its keys. The lock-out does not depend on it.
 */
export type ReceiptView = { 
/**
 * When the server got it.
 */
at: UnixMillis, 
/**
 * How long after the removal that was, milliseconds.
 */
after_ms: number, wiped: boolean, };

export type DeviceList = { devices: Array<DeviceView>, };

export type VerificationMail = { expires_at: UnixMillis, };

/**
 * What the approving page shows; asking for it changes nothing.
 */
export type Inspection = { device_name: string, user_agent: string, 
/**
 * Where the request came from on the network.
 */
address: string, requested_at: UnixMillis, match_code: string, 
/**
 * Whether the approval needs a code even with the owner's session: this device was removed before.
 */
totp_required: boolean, };

export type Approve = { token: Sensitive, totp?: Sensitive, recovery_code?: Sensitive, };

export type RenameDevice = { name: string, };

export type RemoveDevice = { 
/**
 * Destroy its key now, without the restore window.
 */
erase: boolean, totp?: Sensitive, recovery_code?: Sensitive, };

export type Removal = { state: DeviceState, seq: Seq, 
/**
 * Whether the device had a live socket when it was removed.
 */
online: boolean, 
/**
 * The credentials that this device was ever given: what to rotate.
 */
held: Array<CredentialId>, };

export type RemoveMany = { 
/**
 * The device that stays.
 */
device?: DeviceId, totp?: Sensitive, recovery_code?: Sensitive, };

export type RemovedDevices = { seq: Seq, removed: Array<RemovedDevice>, };

export type RemovedDevice = { id: DeviceId, online: boolean, held: Array<CredentialId>, };

/**
 * What each device was ever given: with the removed ones, what to rotate.
 */
export type HoldingsList = { devices: Array<DeviceHoldings>, };

export type DeviceHoldings = { device: DeviceId, 
/**
 * First given first.
 */
held: Array<Holding>, };

export type Holding = { credential: CredentialId, 
/**
 * When the device was first given it.
 */
given_at: UnixMillis, 
/**
 * When the owner said that it was rotated at the exchange, since the device was removed.
 */
rotated_at?: UnixMillis, };

export type SetRotated = { rotated: boolean, };

export type PasswordChange = { password: Sensitive, new_password: Sensitive, totp?: Sensitive, recovery_code?: Sensitive, };

export type PasswordForgot = { email: string, };

export type PasswordReset = { token: Sensitive, new_password: Sensitive, totp?: Sensitive, recovery_code?: Sensitive, };

export type SessionView = { id: SessionId, created_at: UnixMillis, last_used_at: UnixMillis, expires_at: UnixMillis, user_agent: string, address: string, device?: DeviceId, 
/**
 * Whether it is the one that asks.
 */
current: boolean, };

export type SessionList = { sessions: Array<SessionView>, };

export type EndedSessions = { 
/**
 * How many logins ended.
 */
ended: number, };

/**
 * The kinds of entry in the security log.
 */
export type EventKind = "signed_up" | "logged_in" | "logged_out" | "session_ended" | "other_sessions_ended" | "totp_enabled" | "totp_changed" | "totp_disabled" | "recovery_code_used" | "recovery_codes_renewed" | "password_changed" | "password_reset" | "mail_preferences_changed" | "sync_turned_on" | "sync_turned_off" | "device_added" | "device_verified" | "device_renamed" | "device_removed" | "device_erased" | "device_wiped" | "panic" | "credential_added" | "credential_changed" | "credential_deleted" | "credential_read" | "credential_rotated" | "attempts_blocked" | "mail_undeliverable" | "mail_changed";

export type EventView = { id: EventId, at: UnixMillis, kind: EventKind, device?: DeviceId, address?: string, 
/**
 * Words about it; never a secret.
 */
detail: string, };

export type EventList = { events: Array<EventView>, };

/** Why a socket is closed. 4000 to 4499: come back later; 4500 to 4999: final. */
export const CloseCode = {
  /** This node is leaving, or another has fewer devices; reconnect after the delay that `drain` gave, or with back-off. */
  going_away: 4000,
  /** The peer read too slowly for too long; it reconnects and catches up. */
  slow_consumer: 4001,
  /** No `hello` came in time. */
  hello_late: 4002,
  /** More sockets from this address that have not said hello than allowed. */
  too_many_sockets: 4003,
  /** A newer socket of the same device took this one's place. */
  superseded: 4004,
  /** The peer did not answer the heartbeat. */
  heartbeat_lost: 4005,
  /** A part that the server needs is unavailable for now. */
  unavailable: 4006,
  /** Too many messages in too short a time. */
  rate_limited: 4007,
  /** The device was told that it is revoked, and wipes. */
  revoked: 4500,
  /** The session is gone, or the device is not this session's user's, or the signature is wrong. */
  unauthorised: 4501,
  /** A message that the protocol does not know, or at the wrong time. */
  protocol_error: 4502,
  /** A frame or a fragmented message over 32 KiB. */
  frame_too_large: 4503,
  /** The subprotocol offered is not spoken here. */
  unsupported_version: 4504,
} as const;

export const SUBPROTOCOL = "keyleash.v1";
export const BEARER_SUBPROTOCOL = "keyleash.bearer.";
export const UNLOCK_SUITE = "DHKEM_P256_HKDF_SHA256-HKDF_SHA256-AES_256_GCM";
export const FRAME_BYTES_MAX = 32768;
export const PLAINTEXT_BYTES_MAX = 16384;
export const BOX_NONCE_BYTES = 12;
export const UNLOCK_KEY_BYTES = 32;
export const PASSWORD_CHARS_MIN = 12;
export const PASSWORD_CHARS_MAX = 1024;
export const RETRIEVE_IDS_MAX = 200;
export const DEVICE_NAME_CHARS_MAX = 64;

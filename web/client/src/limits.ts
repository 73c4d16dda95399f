/** Each bound of the client, with its unit in its name and its reason beside it. */

/** An HTTP call without an answer for this long counts as unreachable: longer than a password hash on a busy server. */
export const HTTP_TIMEOUT_MS = 15_000;

/**
 * How long a refused login is given to turn out renewed: approving a device in another tab renews the login, and the news of
 * the approval may come over the socket before the answer that brings the new cookie. Waits between the tries.
 */
export const RENEWAL_PAUSES_MS: readonly number[] = [0, 300, 1_500];

/** From opening the socket to `welcome`. The server gives `hello` 5 s; beyond twice that something swallows frames. */
export const GREETING_TIMEOUT_MS = 10_000;

/** From `revoked` to the end of the socket: the server waits 5 s for the receipt, and then closes. */
export const PARTING_TIMEOUT_MS = 8_000;

/** First and longest wait before connecting again; the true wait is random below it, so that a fleet does not return at once. */
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
/** A connection that lived this long was a good one: the next loss starts from the first wait again. */
export const STEADY_MS = 10_000;

/** Heartbeats missed before the connection counts as lost, though the network said nothing. */
export const HEARTBEATS_MISSED = 2.5;

/** Writes on their way to the server at once: enough to hide the round trip, far below any rate limit. */
export const WRITES_IN_FLIGHT_MAX = 16;
/** A write that the server could not take for the moment is tried again after this. */
export const WRITE_RETRY_MS = 5_000;

/** How often a change is sealed anew because another tab changed the same account in between. */
export const SWAP_TRIES_MAX = 8;

/**
 * How long a removal waits for the other tabs to confirm that they forgot, which takes some 10 ms, before it tells the
 * server that one did not. The server waits 5 s for a receipt.
 */
export const TABS_FORGET_MS = 2_000;

/** Warnings kept for showing. */
export const WARNINGS_MAX = 20;

/** A browser's timer counts in 32 bits and fires at once beyond that; what is due later is looked at in between. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/** A login by the vendor's token that ends this soon is not begun again by itself: something ends it on purpose. */
export const REENTER_MS = 10_000;

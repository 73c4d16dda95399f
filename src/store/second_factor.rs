//! The second factor: its secret, the steps whose codes were taken, the recovery codes.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{Seq, UnixMillis, UserId};

use super::{StoreResult, TokenHash, Trail};

/// A second factor that is being set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTotp {
    /// Its secret.
    pub sealed: Vec<u8>,
    pub since: UnixMillis,
}

/// A pending second factor whose app gave a good code.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmedTotp<'a> {
    /// Its secret, as it is pending.
    pub sealed: &'a [u8],
    /// The secret whose place it takes.
    pub present: Option<&'a [u8]>,
    /// Of the code.
    pub step: i64,
    pub recovery_codes: &'a [TokenHash],
}

#[async_trait]
pub trait SecondFactorStore: Debug + Send + Sync {
    /// Keeps a second factor that is being set up, in place of one that was before it. `false`: `present` is not the
    /// secret that is in force (any more).
    async fn set_totp_pending(&self, user: UserId, pending: &PendingTotp, present: Option<&[u8]>) -> StoreResult<bool>;

    /// Makes what is pending the second factor, in place of the present one if there is one. Its code's step is taken, and
    /// so are the steps that were taken before. `None`: something else is pending or in force by now.
    async fn enable_totp(&self, user: UserId, totp: ConfirmedTotp<'_>, trail: Trail) -> StoreResult<Option<Seq>>;

    /// Turns the second factor off, and sync with it (see [`DeviceStore::revoke`]).
    async fn disable_totp(
        &self,
        user: UserId,
        at: UnixMillis,
        restore_until: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Seq>;

    /// Takes a step's code, atomically: `false` if it, or a later one, was taken before.
    async fn take_totp_step(&self, user: UserId, step: i64) -> StoreResult<bool>;

    /// Uses up a recovery code. `false`: not one of them, or used.
    async fn take_recovery_code(&self, user: UserId, code: TokenHash, at: UnixMillis) -> StoreResult<bool>;

    /// Those that were not used.
    async fn recovery_codes_left(&self, user: UserId) -> StoreResult<u32>;

    async fn replace_recovery_codes(&self, user: UserId, codes: &[TokenHash], trail: Trail) -> StoreResult<()>;
}

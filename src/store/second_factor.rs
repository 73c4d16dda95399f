//! The second factor: its secret, the steps whose codes were taken, the recovery codes.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use keyleash_domain::attempts::Policy;
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

/// A code of the second factor, as somebody gave it for a change.
#[derive(Clone, Debug)]
pub struct GivenCode {
    pub code: Code,
    /// The name under which its tries are counted, and how many there may be.
    pub counted_as: String,
    pub policy: Policy,
    pub at: UnixMillis,
    /// What is written if it is right.
    pub trail: Trail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The app shows it in this time step. It is right if neither this step's code nor a later one was taken before.
    OfStep(i64),
    /// The app shows it in none of the steps that count: wrong.
    OfNoStep,
    /// It is right if it is one of the user's recovery codes that were not used.
    Recovery(TokenHash),
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    Wrong {
        /// From now on there are waits.
        is_last_free: bool,
    },
    /// It was not looked at: there were too many tries.
    Wait(Duration),
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

    /// Tries a code, all in one transaction: counts the try and, if the code is right, uses it up, forgets the tries before
    /// it and writes its trail. Of two tries with one code, one finds it right. The answer is given when it is committed, so
    /// nobody learns from a try that is not counted.
    async fn try_code(&self, user: UserId, given: &GivenCode) -> StoreResult<Result<(), CodeRefusal>>;

    /// Those that were not used.
    async fn recovery_codes_left(&self, user: UserId) -> StoreResult<u32>;

    async fn replace_recovery_codes(&self, user: UserId, codes: &[TokenHash], trail: Trail) -> StoreResult<()>;
}

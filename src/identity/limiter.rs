//! How often may somebody try. One place for every password, code and mail: the count is in the database before the try
//! is judged, so neither a restart nor another node nor another route resets it. Codes of the second factor are counted and
//! judged in one transaction, see [`crate::store::SecondFactorStore::try_code`].

use std::time::Duration;

use keyleash_domain::{
    attempts::{Decision, Policy},
    peer::network,
};
use keyleash_protocol::UserId;

use super::{Identity, Refusal, token::sha256};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Passwords for one account. Ten mistypes are free; a guesser gets about a hundred tries a day after that. The owner's
/// verified devices go on working meanwhile.
const PASSWORD: Policy =
    Policy { free: 10, first_wait: Duration::from_secs(1), longest_wait: Duration::from_mins(15), forget_after: DAY };
/// Codes of one user. Six digits: a hundred tries a day are a chance of 3 in 10,000 (three codes are good at a time).
pub(super) const CODE: Policy =
    Policy { free: 5, first_wait: Duration::from_secs(2), longest_wait: Duration::from_mins(15), forget_after: DAY };

/// What is being tried.
#[derive(Clone, Debug)]
pub(super) enum Attempt<'a> {
    /// A password for a mail address, whether or not it has an account.
    Password { email: &'a str },
    /// A TOTP or recovery code.
    Code { user: UserId },
    /// Anything unauthenticated that costs us work, from one address on the network.
    Address { address: &'a str },
    /// A mail that its reader asks for, logged in.
    Mail { email: &'a str },
    /// A mail that anybody can ask for, to one mailbox. Counted apart: strangers cannot use up the owner's.
    StrangersMail { email: &'a str },
}

impl Attempt<'_> {
    /// The name under which it is counted. Addresses of both kinds are hashed: the table is no directory of people.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Password { email } => format!("password/{}", hex::encode(sha256(email.as_bytes()))),
            Self::Code { user } => format!("code/{user}"),
            Self::Address { address } => format!("address/{}", hex::encode(sha256(one_client(address).as_bytes()))),
            Self::Mail { email } => format!("mail/{}", hex::encode(sha256(email.as_bytes()))),
            Self::StrangersMail { email } => format!("strangers-mail/{}", hex::encode(sha256(email.as_bytes()))),
        }
    }
}

impl Identity {
    /// Counts an attempt, or refuses it. Call it before looking at what was given.
    pub(super) async fn attempt(&self, attempt: Attempt<'_>) -> Result<(), Refusal> {
        let policy = match attempt {
            Attempt::Password { .. } => PASSWORD,
            Attempt::Code { .. } => CODE,
            Attempt::Address { .. } => Policy {
                free: self.limits.attempts_per_address,
                first_wait: Duration::from_secs(1),
                longest_wait: Duration::from_mins(1),
                forget_after: HOUR,
            },
            Attempt::Mail { .. } | Attempt::StrangersMail { .. } => Policy {
                free: self.limits.mails_per_hour,
                first_wait: Duration::from_mins(1),
                longest_wait: HOUR,
                forget_after: HOUR,
            },
        };
        match self.store.begin_attempt(&attempt.key(), &policy, self.clock.now()).await? {
            Decision::Try(_) => Ok(()),
            Decision::Wait(wait) => Err(match attempt {
                Attempt::Password { .. } | Attempt::Code { .. } => Refusal::TooManyAttempts { wait },
                Attempt::Address { .. } | Attempt::Mail { .. } | Attempt::StrangersMail { .. } => {
                    Refusal::TooManyRequests { wait }
                }
            }),
        }
    }

    /// The try was good: earlier bad ones are forgotten.
    pub(super) async fn succeeded(&self, attempt: Attempt<'_>) -> Result<(), Refusal> {
        Ok(self.store.clear_attempts(&attempt.key()).await?)
    }
}

fn one_client(address: &str) -> String {
    address.parse().map_or_else(|_| address.to_owned(), |address| network(address).to_string())
}

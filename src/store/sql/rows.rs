//! Rows into types. A column that does not hold what this program writes is reported, not guessed at.

use std::str::FromStr;

use keyleash_domain::login::Login;
use keyleash_protocol::{Seq, UnixMillis, UserId, Version, http::MailPreferences};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Row;

use super::{
    Driver,
    driver::for_every_driver,
    meaning::{self, Meaning},
};
use crate::{
    kms::WrappedKey,
    store::{
        CredentialRow, Device, DeviceKey, Event, Greeted, Heads, Link, LinkedDevice, OutboxMail, PendingTotp, Receipt,
        Session, StoreError, TokenHash, User, Whereabouts,
    },
};

/// What can go wrong in an operation.
pub(super) enum Fault {
    /// Nothing of it was done, or will be: no COMMIT was sent.
    Undone(sqlx::Error),
    /// COMMIT was sent, and it is not known what became of it.
    InDoubt(sqlx::Error),
    Unexpected(String),
}

impl Fault {
    pub(super) fn during(self, operation: &'static str) -> StoreError {
        match self {
            Self::Undone(error) | Self::InDoubt(error) => {
                let (meaning, source) = (meaning::of(&error), Box::new(error));
                match meaning {
                    Meaning::RunAgain | Meaning::Broken | Meaning::Held | Meaning::Busy => {
                        StoreError::Unavailable { operation, source }
                    }
                    Meaning::Wrong => StoreError::Refused { operation, source },
                }
            }
            Self::Unexpected(what) => StoreError::Corrupt { operation, what },
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Undone(error)
    }
}

/// Ids from their text.
pub(super) fn parse<T: FromStr>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::Unexpected(format!("not an id: {text:?}")))
}

fn parse_some<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Fault> {
    text.map(parse).transpose()
}

/// The name under which a variant is stored: the one that it has on the wire.
pub(super) fn name(value: &impl Serialize) -> Result<String, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(Fault::Unexpected("a value without a name".to_owned())),
    }
}

pub(super) fn named<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| Fault::Unexpected(format!("an unknown name: {text:?}")))
}

fn login(text: &str) -> Result<Login, Fault> {
    Login::from_text(text).ok_or_else(|| Fault::Unexpected("a login that is neither kind".to_owned()))
}

fn hash(bytes: Vec<u8>) -> Result<TokenHash, Fault> {
    bytes.try_into().map_err(|_| Fault::Unexpected("a hash that is not 32 bytes".to_owned()))
}

/// A row, read by column name.
pub(super) struct Columns<'r, D: Driver>(pub &'r D::Row);

for_every_driver! {
impl Columns<'r> {
    pub(super) fn user(&self) -> Result<User, Fault> {
        Ok(User {
            id: parse(&self.0.try_get::<String, _>("id")?)?,
            login: login(&self.0.try_get::<String, _>("login")?)?,
            email: self.0.try_get("email")?,
            password_hash: self.0.try_get("password_hash")?,
            confirmed: self.0.try_get("confirmed")?,
            totp_secret: self.0.try_get("totp_secret")?,
            totp_pending: match (self.0.try_get("totp_pending")?, self.0.try_get("totp_pending_at")?) {
                (Some(sealed), Some(since)) => Some(PendingTotp { sealed, since: UnixMillis(since) }),
                _ => None,
            },
            sync_enabled: self.0.try_get("sync_enabled")?,
            mail_preferences: MailPreferences { logins: self.0.try_get("mail_logins")? },
            seq: Seq(self.0.try_get("seq")?),
        })
    }

    pub(super) fn id<T: FromStr>(&self) -> Result<T, Fault> {
        parse(&self.0.try_get::<String, _>("id")?)
    }

    pub(super) fn user_id(&self) -> Result<UserId, Fault> {
        parse(&self.0.try_get::<String, _>("user_id")?)
    }

    pub(super) fn token_hash(&self) -> Result<TokenHash, Fault> {
        hash(self.0.try_get("token_hash")?)
    }

    /// Columns that begin with `head_`.
    pub(super) fn heads(&self) -> Result<Heads, Fault> {
        Ok(Heads {
            seq: Seq(self.0.try_get("head_seq")?),
            devices: Seq(self.0.try_get("head_devices")?),
            sessions: Seq(self.0.try_get("head_sessions")?),
            credentials: Seq(self.0.try_get("head_credentials")?),
        })
    }

    pub(super) fn session(&self) -> Result<Session, Fault> {
        Ok(Session {
            id: parse(&self.0.try_get::<String, _>("id")?)?,
            user: parse(&self.0.try_get::<String, _>("user_id")?)?,
            device: parse_some(self.0.try_get::<Option<String>, _>("device_id")?.as_deref())?,
            created_at: UnixMillis(self.0.try_get("created_at")?),
            last_used_at: UnixMillis(self.0.try_get("last_used_at")?),
            expires_at: UnixMillis(self.0.try_get("expires_at")?),
            user_agent: self.0.try_get("user_agent")?,
            address: self.0.try_get("address")?,
            revoked: self.0.try_get::<Option<String>, _>("revoked")?.as_deref().map(named).transpose()?,
        })
    }

    pub(super) fn link(&self) -> Result<Link, Fault> {
        let device = match parse_some(self.0.try_get::<Option<String>, _>("device_id")?.as_deref())? {
            None => None,
            Some(id) => Some(LinkedDevice {
                id,
                keys: hash(self.0.try_get("device_keys_hash")?)?,
                address: self.0.try_get("address")?,
            }),
        };
        Ok(Link {
            purpose: named(&self.0.try_get::<String, _>("purpose")?)?,
            user: parse(&self.0.try_get::<String, _>("user_id")?)?,
            device,
            created_at: UnixMillis(self.0.try_get("created_at")?),
        })
    }

    pub(super) fn device(&self) -> Result<Device, Fault> {
        let receipt = match (self.0.try_get("receipt_at")?, self.0.try_get("receipt_wiped")?) {
            (Some(at), Some(wiped)) => Some(Receipt { at: UnixMillis(at), wiped }),
            _ => None,
        };
        let online = match (parse_some(self.0.try_get::<Option<String>, _>("online_at")?.as_deref())?, self.0.try_get("node_since")?) {
            (Some(node), Some(since)) => Some(Whereabouts { node, since: UnixMillis(since) }),
            _ => None,
        };
        Ok(Device {
            id: parse(&self.0.try_get::<String, _>("id")?)?,
            user: parse(&self.0.try_get::<String, _>("user_id")?)?,
            name: self.0.try_get("name")?,
            user_agent: self.0.try_get("user_agent")?,
            receive_key: self.0.try_get("receive_key")?,
            signing_key: self.0.try_get("signing_key")?,
            keys: hash(self.0.try_get("keys_hash")?)?,
            match_code: self.0.try_get("match_code")?,
            state: named(&self.0.try_get::<String, _>("state")?)?,
            auto_connect: self.0.try_get("auto_connect")?,
            created_at: UnixMillis(self.0.try_get("created_at")?),
            verified_at: self.0.try_get::<Option<i64>, _>("verified_at")?.map(UnixMillis),
            removed_at: self.0.try_get::<Option<i64>, _>("removed_at")?.map(UnixMillis),
            reason: self.0.try_get::<Option<String>, _>("reason")?.as_deref().map(named).transpose()?,
            last_seen: self.0.try_get::<Option<i64>, _>("last_seen")?.map(UnixMillis),
            acked: Seq(self.0.try_get("acked")?),
            receipt,
            online,
            mail_failed_at: self.0.try_get::<Option<i64>, _>("mail_failed_at")?.map(UnixMillis),
            seq: Seq(self.0.try_get("seq")?),
        })
    }

    /// With its user's heads.
    pub(super) fn greeted(&self) -> Result<Greeted, Fault> {
        Ok(Greeted {
            user: parse(&self.0.try_get::<String, _>("user_id")?)?,
            heads: self.heads()?,
            signing_key: self.0.try_get("signing_key")?,
            state: named(&self.0.try_get::<String, _>("state")?)?,
            verified_at: self.0.try_get::<Option<i64>, _>("verified_at")?.map(UnixMillis),
            removed_at: self.0.try_get::<Option<i64>, _>("removed_at")?.map(UnixMillis),
            reason: self.0.try_get::<Option<String>, _>("reason")?.as_deref().map(named).transpose()?,
        })
    }

    pub(super) fn device_key(&self) -> Result<DeviceKey, Fault> {
        Ok(DeviceKey {
            device: parse(&self.0.try_get::<String, _>("device_id")?)?,
            sealed: self.0.try_get("sealed")?,
            receive_key: self.0.try_get("receive_key")?,
            auto_connect: self.0.try_get("auto_connect")?,
        })
    }

    pub(super) fn credential(&self) -> Result<CredentialRow, Fault> {
        Ok(CredentialRow {
            id: parse(&self.0.try_get::<String, _>("id")?)?,
            version: Version(self.0.try_get("version")?),
            seq: Seq(self.0.try_get("seq")?),
            added_seq: Seq(self.0.try_get("added_seq")?),
            sealed: self.0.try_get("sealed")?,
        })
    }

    /// From a join that may have found none.
    pub(super) fn credential_if_any(&self) -> Result<Option<CredentialRow>, Fault> {
        let is_there = self.0.try_get::<Option<String>, _>("id")?.is_some();
        is_there.then(|| self.credential()).transpose()
    }

    pub(super) fn data_key(&self) -> Result<WrappedKey, Fault> {
        Ok(WrappedKey { key_id: self.0.try_get("key_id")?, blob: self.0.try_get("wrapped")? })
    }

    pub(super) fn mail(&self) -> Result<OutboxMail, Fault> {
        Ok(OutboxMail {
            id: parse(&self.0.try_get::<String, _>("id")?)?,
            user: parse(&self.0.try_get::<String, _>("user_id")?)?,
            sealed: self.0.try_get("sealed")?,
            at: UnixMillis(self.0.try_get("created_at")?),
            tries: u32::try_from(self.0.try_get::<i64, _>("tries")?).unwrap_or(u32::MAX),
        })
    }

    pub(super) fn event(&self) -> Result<Event, Fault> {
        Ok(Event {
            id: parse(&self.0.try_get::<String, _>("id")?)?,
            at: UnixMillis(self.0.try_get("at")?),
            kind: named(&self.0.try_get::<String, _>("kind")?)?,
            device: parse_some(self.0.try_get::<Option<String>, _>("device_id")?.as_deref())?,
            address: self.0.try_get("address")?,
            detail: self.0.try_get("detail")?,
        })
    }
}
}

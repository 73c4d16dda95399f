//! What is asked of the database, or written to it, by thousands at the same moment: when another node is gone, and when many
//! put. So it is asked together, see [`Together`]; how each is answered stands in `looks`, `credentials` and `writes`.

use std::sync::Arc;

use keyleash_protocol::{DeviceId, Seq, SessionId, UnixMillis, UserId};

use super::{
    Driver,
    connections::Connections,
    credentials::Since,
    driver::for_every_driver,
    together::{Bounds, Together},
    writes::Given,
};
use crate::store::{
    ChangeOutcome, CredentialChange, Device, DeviceKey, Gift, Greeted, Heads, Look, Session, Shareable, StoreResult,
    TokenHash,
};

#[derive(Debug)]
pub(super) struct Questions {
    sessions: Together<TokenHash, Option<Session>>,
    uses: Together<(SessionId, UnixMillis), ()>,
    greetings: Together<DeviceId, Option<Greeted>>,
    looks: Together<(UserId, Option<Heads>), Option<Look>>,
    devices: Together<UserId, Vec<Device>>,
    device_keys: Together<UserId, Vec<DeviceKey>>,
    shareable: Together<Since, Shareable>,
    changes: Together<CredentialChange, ChangeOutcome>,
    given: Together<Given, Vec<DeviceId>>,
}

/// What is small, and what a node's devices ask when they all come back at once: as many may wait as are answered before the
/// last would give up. In one batch are so many that a larger one costs no less for each.
const SMALL: Bounds = Bounds { batch: 64, waiting: 16_384 };
/// Of these answers each may be a megabyte.
const LARGE: Bounds = Bounds { batch: 16, ..SMALL };
/// Each may hold a row of 16 KiB, and costs more than a question does: so many wait for a second or two. Who puts then is
/// better off with a refusal now than with one after eight seconds.
pub(super) const CHANGES: Bounds = Bounds { waiting: 2_048, ..SMALL };

impl Questions {
    pub(super) async fn session(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Session>> {
        Ok(self.sessions.ask(token).await?.filter(|session| session.expires_at > now))
    }

    pub(super) async fn touch_session(&self, session: SessionId, at: UnixMillis) -> StoreResult<()> {
        self.uses.ask((session, at)).await
    }

    pub(super) async fn greet(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Greeted>> {
        Ok(self.greetings.ask(device).await?.filter(|greeted| greeted.user == user))
    }

    pub(super) async fn look(&self, user: UserId, known: Option<Heads>) -> StoreResult<Option<Look>> {
        self.looks.ask((user, known)).await
    }

    pub(super) async fn devices(&self, user: UserId) -> StoreResult<Vec<Device>> {
        self.devices.ask(user).await
    }

    pub(super) async fn device_keys(&self, user: UserId) -> StoreResult<Vec<DeviceKey>> {
        self.device_keys.ask(user).await
    }

    pub(super) async fn shareable_since(&self, user: UserId, cursor: Seq) -> StoreResult<Shareable> {
        self.shareable.ask((user, cursor)).await
    }

    pub(super) async fn change_credential(&self, change: CredentialChange) -> StoreResult<ChangeOutcome> {
        self.changes.ask(change).await
    }

    pub(super) async fn record_given(
        &self,
        user: UserId,
        gifts: &[Gift],
        at: UnixMillis,
    ) -> StoreResult<Vec<DeviceId>> {
        self.given.ask((user, gifts.to_vec(), at)).await
    }
}

/// The database, as those use it who answer.
#[derive(Debug)]
pub(super) struct Desk<D: Driver>(pub(super) Connections<D>);

for_every_driver! {
impl Desk {
    pub(super) fn questions(writer: &Connections<D>, reader: &Connections<D>) -> Questions {
        /// Has a desk answer with one of its methods.
        macro_rules! desk {
            ($pool:ident.$method:ident) => {{
                let desk = Arc::new(Self($pool.clone()));
                move |asked: Arc<[_]>| {
                    let desk = desk.clone();
                    async move { desk.$method(&asked).await }
                }
            }};
        }
        Questions {
            sessions: Together::start("find a session", SMALL, desk!(reader.sessions)),
            uses: Together::start("note a session's use", SMALL, desk!(writer.touch_sessions)),
            greetings: Together::start("read a device that says hello", SMALL, desk!(reader.greetings)),
            looks: Together::start("look at a user", SMALL, desk!(reader.looks)),
            devices: Together::start("list devices", SMALL, desk!(reader.devices)),
            device_keys: Together::start("read device keys", SMALL, desk!(reader.device_keys)),
            shareable: Together::start("read changed credentials", LARGE, desk!(reader.shareable_since)),
            changes: Together::start("change a credential", CHANGES, desk!(writer.change_credentials)),
            given: Together::start("record what devices are given", SMALL, desk!(writer.record_given)),
        }
    }
}
}

//! What a device asks for by name. One question at a time, its pages between those of what changed: a device that retrieves
//! much is still told first what changed.

use keyleash_protocol::{CredentialId, ProblemCode, limits::RETRIEVE_IDS_MAX, socket::ServerMessage};

use super::{
    identified::{Identified, Stage},
    rate::Pace,
    terms::{Effect, Moment, Retrieved, VaultRefusal, WriteRefusal},
    writing::error,
};
use crate::outbox::Outbox;

#[derive(Debug)]
pub(super) struct Retrieval {
    r#ref: u32,
    /// What no page was made of yet.
    left: Vec<CredentialId>,
}

impl Retrieval {
    /// The next question, if its answer could be sent.
    pub(super) fn next(&self, outbox: &mut Outbox) -> Option<Effect> {
        outbox.begin_retrieval().then(|| Effect::Retrieve { ids: self.left.clone() })
    }
}

impl Identified {
    pub(super) fn retrieve(&mut self, r#ref: u32, ids: Vec<CredentialId>, pace: Pace) {
        let refusal = self.refusal(pace, self.retrieval.is_some()).or_else(|| {
            let detail = format!("ids: at most {RETRIEVE_IDS_MAX}");
            let code = ProblemCode::InvalidField;
            (ids.len() > RETRIEVE_IDS_MAX).then_some(WriteRefusal { code, detail, present: None })
        });
        if let Some(refusal) = refusal {
            self.replies.push_back(error(r#ref, refusal));
        } else if ids.is_empty() {
            self.replies.push_back(ServerMessage::Retrieved { r#ref });
        } else {
            self.retrieval = Some(Box::new(Retrieval { r#ref, left: ids }));
        }
    }

    pub(super) fn retrieved(
        &mut self,
        result: Result<Retrieved, VaultRefusal>,
        moment: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Stage::Verified { outbox, .. } = &mut self.stage else { return };
        let Some(retrieval) = &mut self.retrieval else { return };
        let r#ref = retrieval.r#ref;
        match result {
            Ok(Retrieved { page, left }) if moment.writable || page.upserts.is_empty() => {
                effects.extend(outbox.retrieved(page, moment.now).map(|page| Effect::Send(ServerMessage::Sync(page))));
                retrieval.left = left;
                if retrieval.left.is_empty() {
                    self.retrieval = None;
                    self.replies.push_back(ServerMessage::Retrieved { r#ref });
                }
            }
            // It is read again when the peer reads on.
            Ok(_) => outbox.read_failed(),
            Err(refused) => {
                outbox.read_failed();
                self.retrieval = None;
                let (code, detail) = match refused {
                    VaultRefusal::NotVerified => {
                        effects.push(Effect::LookAgain);
                        (ProblemCode::DeviceState, "This device is not verified any more.")
                    }
                    VaultRefusal::Unavailable => {
                        (ProblemCode::Unavailable, "The keys cannot be reached for now; ask again later.")
                    }
                };
                self.replies.push_back(error(r#ref, WriteRefusal { code, detail: detail.to_owned(), present: None }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use keyleash_protocol::{
        Epoch, Seq, UnixMillis,
        socket::{ClientMessage, RevokeReason, SyncPage},
    };
    use uuid::Uuid;

    use super::{super::terms::*, *};

    /// A device that was welcomed at seq 5, and has everything if it is verified.
    fn connection(standing: Standing, moment: Moment) -> Identified {
        let start = Start {
            standing,
            cursor: Seq(5),
            head: Seq(5),
            credentials: Seq(5),
            epoch: Epoch("e".into()),
            want_unlock: false,
            heartbeat: Duration::from_secs(30),
            grace: Duration::ZERO,
        };
        let mut connection = Identified::new(start, moment).0;
        if standing == Standing::Verified {
            connection.handle(Input::Message(ClientMessage::Ack { seq: Seq(5) }), moment);
        }
        connection
    }

    fn ask(r#ref: u32, count: usize) -> Input {
        let ids = (0..count).map(|n| CredentialId::from_uuid(Uuid::from_u128(n as u128))).collect();
        Input::Message(ClientMessage::Retrieve { r#ref, ids })
    }

    /// The code and the reference of the refusal that is the one answer.
    #[track_caller]
    fn refused(effects: &[Effect]) -> (ProblemCode, Option<u32>) {
        let [Effect::Send(ServerMessage::Error(error))] = effects else { panic!("{effects:?}") };
        (error.code, error.r#ref)
    }

    #[test]
    fn one_retrieval_at_a_time_and_of_so_many() {
        let moment = Moment { now: Instant::now(), writable: true };
        let mut pending = connection(Standing::Pending, moment);
        assert_eq!(refused(&pending.handle(ask(1, 1), moment)), (ProblemCode::DeviceState, Some(1)));

        let mut verified = connection(Standing::Verified, moment);
        let too_many = verified.handle(ask(2, RETRIEVE_IDS_MAX + 1), moment);
        assert_eq!(refused(&too_many), (ProblemCode::InvalidField, Some(2)));
        let asked = verified.handle(ask(3, RETRIEVE_IDS_MAX), moment);
        assert!(matches!(&asked[..], [Effect::Retrieve { ids }] if ids.len() == RETRIEVE_IDS_MAX), "{asked:?}");
        assert_eq!(refused(&verified.handle(ask(4, 1), moment)), (ProblemCode::TooManyRequests, Some(4)));

        // What did not fit is asked for next, and a failure ends it.
        let page = SyncPage { seq: Seq(9), ..SyncPage::default() };
        let left = vec![CredentialId::from_uuid(Uuid::nil())];
        let next = verified.handle(Input::Retrieved(Ok(Retrieved { page, left: left.clone() })), moment);
        assert_eq!(next, [Effect::Retrieve { ids: left }]);
        let failed = verified.handle(Input::Retrieved(Err(VaultRefusal::Unavailable)), moment);
        assert_eq!(refused(&failed), (ProblemCode::Unavailable, Some(3)));
        assert!(matches!(verified.handle(ask(5, 1), moment)[..], [Effect::Retrieve { .. }]));
    }

    #[test]
    fn a_revoked_device_retrieves_nothing() {
        let moment = Moment { now: Instant::now(), writable: true };
        let mut verified = connection(Standing::Verified, moment);
        verified.handle(ask(1, 1), moment);
        let revoked = News::Revoked { reason: RevokeReason::Removed, at: UnixMillis(1) };
        verified.handle(Input::News(revoked), moment);
        let page = SyncPage { seq: Seq(9), ..SyncPage::default() };
        let answered = Input::Retrieved(Ok(Retrieved { page, left: Vec::new() }));
        assert_eq!(verified.handle(answered, moment), []);
        assert_eq!(verified.handle(ask(2, 1), moment), []);
    }
}

//! Changes of credentials by many devices at once: each decided as if it had come alone, one after the other, and what then
//! stands written once.

use std::collections::{BTreeMap, HashMap, HashSet};

use keyleash_protocol::{
    CredentialId, DeviceId, Seq, UserId, Version, http::EventKind, limits::CREDENTIALS_PER_USER_MAX,
};

use crate::store::{ChangeOutcome, CredentialChange};

/// What is stored of a credential, as far as the next change depends on it. The default: it was never there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Present {
    pub(super) version: Version,
    pub(super) added: Seq,
    /// Or never there.
    pub(super) deleted: bool,
}

impl Default for Present {
    fn default() -> Self {
        Self { version: Version(0), added: Seq(0), deleted: true }
    }
}

/// What the database has, of users whose rows are taken: nobody else changes anything of them meanwhile.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) heads: HashMap<UserId, Seq>,
    /// Devices that are verified, with their users.
    pub(super) verified: HashSet<(UserId, DeviceId)>,
    pub(super) present: HashMap<(UserId, CredentialId), Present>,
    /// Who is on record as holding what.
    pub(super) held: HashSet<(DeviceId, CredentialId)>,
    /// How many credentials a user has. Needed of those whose number may rise.
    pub(super) counts: HashMap<UserId, usize>,
}

/// A credential as it stands after the changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'c> {
    /// The last one that changed it.
    pub(super) change: &'c CredentialChange,
    pub(super) version: Version,
    pub(super) seq: Seq,
    pub(super) added: Seq,
}

#[derive(Debug, Default)]
pub(super) struct Decided<'c> {
    /// For each change, in their order.
    pub(super) outcomes: Vec<ChangeOutcome>,
    /// Of the users that changed.
    pub(super) heads: BTreeMap<UserId, Seq>,
    pub(super) rows: BTreeMap<(UserId, CredentialId), Row<'c>>,
    /// Devices that hold what they wrote, and did not before.
    pub(super) holds: Vec<&'c CredentialChange>,
    pub(super) log: Vec<(&'c CredentialChange, EventKind)>,
}

impl Facts {
    /// Of whom the number of credentials has to be known: a change adds one, or makes room for one.
    pub(super) fn who_to_count(&self, changes: &[CredentialChange]) -> HashSet<UserId> {
        let may_rise = |change: &&CredentialChange| change.sealed.is_none() || self.present_of(change).deleted;
        changes.iter().filter(may_rise).map(|change| change.user).collect()
    }

    pub(super) fn decide<'c>(&mut self, changes: &'c [CredentialChange]) -> Decided<'c> {
        let mut decided = Decided::default();
        for change in changes {
            let outcome = self.judge(change);
            if let ChangeOutcome::Committed { version, seq } = outcome {
                self.make(change, version, seq, &mut decided);
            }
            decided.outcomes.push(outcome);
        }
        decided
    }

    fn judge(&self, change: &CredentialChange) -> ChangeOutcome {
        let head = self.heads.get(&change.user);
        let Some(head) = head.filter(|_| self.verified.contains(&(change.user, change.device))) else {
            return ChangeOutcome::NotVerified;
        };
        let present = self.present_of(change);
        let nothing_to_delete = change.sealed.is_none() && present.deleted;
        if present.version != change.base || nothing_to_delete {
            return ChangeOutcome::Conflict { present: present.version };
        }
        let count = self.counts.get(&change.user).copied().unwrap_or_default();
        if present.deleted && count >= CREDENTIALS_PER_USER_MAX {
            return ChangeOutcome::QuotaExceeded;
        }
        ChangeOutcome::Committed { version: present.version.next(), seq: Seq(head.0 + 1) }
    }

    fn make<'c>(&mut self, change: &'c CredentialChange, version: Version, seq: Seq, decided: &mut Decided<'c>) {
        let key = (change.user, change.id);
        let before = self.present_of(change);
        let deleted = change.sealed.is_none();
        let added = if before.deleted { seq } else { before.added };
        self.present.insert(key, Present { version, added, deleted });
        self.heads.insert(change.user, seq);
        let count = self.counts.entry(change.user).or_default();
        let kind = match (deleted, before.deleted) {
            (true, _) => {
                *count = count.saturating_sub(1);
                EventKind::CredentialDeleted
            }
            (false, true) => {
                *count += 1;
                EventKind::CredentialAdded
            }
            (false, false) => EventKind::CredentialChanged,
        };
        decided.heads.insert(change.user, seq);
        decided.rows.insert(key, Row { change, version, seq, added });
        decided.log.push((change, kind));
        if !deleted && self.held.insert((change.device, change.id)) {
            decided.holds.push(change);
        }
    }

    fn present_of(&self, change: &CredentialChange) -> Present {
        self.present.get(&(change.user, change.id)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use EventKind::{CredentialAdded, CredentialChanged, CredentialDeleted};
    use keyleash_protocol::{EventId, UnixMillis};
    use uuid::Uuid;

    use super::*;

    fn user(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }

    fn device(n: u128) -> DeviceId {
        DeviceId::from_uuid(Uuid::from_u128(n))
    }

    fn credential(n: u128) -> CredentialId {
        CredentialId::from_uuid(Uuid::from_u128(n))
    }

    /// By the user's device of the same number.
    fn change(who: u128, what: u128, base: i64, sealed: Option<&[u8]>) -> CredentialChange {
        CredentialChange {
            user: user(who),
            device: device(who),
            id: credential(what),
            base: Version(base),
            sealed: sealed.map(<[u8]>::to_vec),
            at: UnixMillis(7),
            event: EventId::from_uuid(Uuid::from_u128(what)),
        }
    }

    fn put(who: u128, what: u128, base: i64) -> CredentialChange {
        change(who, what, base, Some(b"sealed"))
    }

    /// Users 1 and 2 are at seq 10, with a verified device each.
    fn facts() -> Facts {
        Facts {
            heads: [(user(1), Seq(10)), (user(2), Seq(10))].into(),
            verified: [(user(1), device(1)), (user(2), device(2))].into(),
            ..Facts::default()
        }
    }

    const fn committed(version: i64, seq: i64) -> ChangeOutcome {
        ChangeOutcome::Committed { version: Version(version), seq: Seq(seq) }
    }

    #[test]
    fn changes_that_come_together_follow_each_other_as_if_each_had_come_alone() {
        let changes = [put(1, 5, 0), put(2, 5, 0), put(1, 5, 1), put(1, 6, 0), put(1, 5, 1), change(1, 6, 1, None)];
        let mut facts = facts();
        let decided = facts.decide(&changes);
        let conflict = ChangeOutcome::Conflict { present: Version(2) };
        assert_eq!(
            decided.outcomes,
            [committed(1, 11), committed(1, 11), committed(2, 12), committed(1, 13), conflict, committed(2, 14)]
        );
        assert_eq!(decided.heads, [(user(1), Seq(14)), (user(2), Seq(11))].into());
        let row = &decided.rows[&(user(1), credential(5))];
        assert_eq!((row.change, row.version, row.seq, row.added), (&changes[2], Version(2), Seq(12), Seq(11)));
        assert_eq!(decided.rows.len(), 3, "each credential is written once");
        let kinds: Vec<_> = decided.log.iter().map(|(_, kind)| *kind).collect();
        assert_eq!(
            kinds,
            [CredentialAdded, CredentialAdded, CredentialChanged, CredentialAdded, CredentialDeleted],
            "and each change is in the log"
        );
        assert_eq!(decided.holds, [&changes[0], &changes[1], &changes[3]]);
    }

    #[test]
    fn who_is_not_verified_or_not_there_changes_nothing_and_holds_up_nobody() {
        let foreign = CredentialChange { user: user(2), ..put(1, 5, 0) };
        let changes = [put(3, 5, 0), foreign, put(2, 5, 0)];
        let decided = facts().decide(&changes);
        assert_eq!(decided.outcomes, [ChangeOutcome::NotVerified, ChangeOutcome::NotVerified, committed(1, 11)]);
        assert_eq!((decided.rows.len(), decided.log.len(), decided.heads.len()), (1, 1, 1));
    }

    #[test]
    fn the_last_place_is_given_once_and_free_again_after_a_deletion() {
        let mut facts = facts();
        facts.present.insert((user(1), credential(4)), Present { version: Version(1), added: Seq(3), deleted: false });
        facts.counts.insert(user(1), CREDENTIALS_PER_USER_MAX - 1);
        let changes = [put(1, 5, 0), put(1, 6, 0), change(1, 4, 1, None), put(1, 6, 0), put(1, 4, 2), put(2, 6, 0)];
        assert_eq!(facts.who_to_count(&changes), [user(1), user(2)].into());
        assert_eq!(
            facts.decide(&changes).outcomes,
            [
                committed(1, 11),
                ChangeOutcome::QuotaExceeded,
                committed(2, 12),
                committed(1, 13),
                ChangeOutcome::QuotaExceeded,
                committed(1, 11)
            ]
        );
    }

    #[test]
    fn a_tombstone_is_brought_back_on_its_version_and_not_deleted_twice() {
        let mut facts = facts();
        facts.present.insert((user(1), credential(5)), Present { version: Version(3), added: Seq(2), deleted: true });
        let changes = [change(1, 5, 3, None), put(1, 5, 3)];
        let decided = facts.decide(&changes);
        assert_eq!(decided.outcomes, [ChangeOutcome::Conflict { present: Version(3) }, committed(4, 11)]);
        assert_eq!(decided.rows[&(user(1), credential(5))].added, Seq(11));
        assert!(facts.who_to_count(&[put(1, 5, 4)]).is_empty(), "what is there already takes no further place");
    }
}

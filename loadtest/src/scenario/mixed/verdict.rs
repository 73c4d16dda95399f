//! Whether every device has what it has to have, and no removed one got anything after its removal: what was found, laid
//! beside what was written. Decides; asks nobody.

use std::collections::{BTreeMap, BTreeSet};

use keyleash_protocol::{CredentialId, DeviceId, Seq, UserId};

use super::{
    difference::{Difference, Kind},
    found::{DeviceFound, Fate, Row, Rows, UserFound},
};

/// Everything that is wrong with a user.
pub fn judge(user: &UserFound) -> Vec<Difference> {
    let gathered;
    let rows = if let Some(rows) = &user.database {
        rows
    } else {
        gathered = gathered_from(user);
        &gathered
    };
    let mut found = Found { user: user.id, differences: Vec::new() };
    found.writes(user, rows);
    for device in &user.devices {
        match device.fate {
            Fate::Stays => found.staying(user, device, rows),
            Fate::Removed { at, told, let_in } => found.removed(user, device, at, told, let_in),
        }
        if user.database.is_some() && rows.verified.contains(&device.id) != (device.fate == Fate::Stays) {
            found.add(Kind::OtherState, Some(device.id), None);
        }
    }
    found.differences
}

/// Without a database: what the newest version of each is, by anybody's word.
fn gathered_from(user: &UserFound) -> Rows {
    let mut credentials: BTreeMap<CredentialId, Row> = BTreeMap::new();
    let mut say = |id: CredentialId, row: Row| {
        let known = credentials.entry(id).or_insert(row);
        if row.version > known.version {
            *known = row;
        }
    };
    for id in user.ledger.writes.keys() {
        if let Some((version, write)) = user.ledger.newest_done(*id) {
            let (deleted, seq) = (write.content.is_none(), write.done.unwrap_or_default());
            say(*id, Row { version, deleted, seq });
        }
    }
    // What somebody holds was committed, whether or not its writer heard so. Its seq is not known.
    for device in user.devices.iter().filter(|device| device.fate == Fate::Stays) {
        for (id, (version, _)) in &device.held {
            say(*id, Row { version: *version, deleted: false, seq: Seq(0) });
        }
        for (id, version) in &device.deleted {
            say(*id, Row { version: *version, deleted: true, seq: Seq(0) });
        }
    }
    Rows { credentials, verified: BTreeSet::new() }
}

struct Found {
    user: UserId,
    differences: Vec<Difference>,
}

impl Found {
    fn add(&mut self, kind: Kind, device: Option<DeviceId>, credential: Option<CredentialId>) {
        self.differences.push(Difference { kind, user: self.user, device, credential });
    }

    fn writes(&mut self, user: &UserFound, rows: &Rows) {
        for (&id, versions) in &user.ledger.writes {
            for writes in versions.values() {
                if writes.iter().filter(|write| write.done.is_some()).count() > 1 {
                    self.add(Kind::TwoWriters, None, Some(id));
                }
            }
            let row = rows.credentials.get(&id);
            if let Some((done, write)) = user.ledger.newest_done(id) {
                let is_there = row.is_some_and(|row| {
                    row.version > done || (row.version == done && row.deleted == write.content.is_none())
                });
                if !is_there {
                    self.add(Kind::LostWrite, Some(write.writer), Some(id));
                }
            }
            if row.is_some_and(|row| !user.ledger.knows(id, row.version)) {
                self.add(Kind::NobodysVersion, None, Some(id));
            }
        }
    }

    fn staying(&mut self, user: &UserFound, device: &DeviceFound, rows: &Rows) {
        for (&id, row) in &rows.credentials {
            let fault = match (device.held.get(&id), row.deleted) {
                (None, false) => Some(Kind::Missing),
                (Some(_), true) => Some(Kind::Extra),
                (Some((version, _)), false) if *version != row.version => Some(Kind::OtherVersion),
                (Some((version, content)), false) if !user.ledger.may_be(id, *version, Some(*content)) => {
                    Some(Kind::OtherContent)
                }
                (None, true) if device.deleted.get(&id).is_some_and(|version| *version != row.version) => {
                    Some(Kind::OtherTombstone)
                }
                (Some(_), false) | (None, true) => None,
            };
            if let Some(kind) = fault {
                self.add(kind, Some(device.id), Some(id));
            }
        }
        for &id in device.held.keys().filter(|id| !rows.credentials.contains_key(id)) {
            self.add(Kind::Extra, Some(device.id), Some(id));
        }
        if rows.credentials.values().any(|row| row.seq > device.cursor) {
            self.add(Kind::Behind, Some(device.id), None);
        }
        if device.refused {
            self.add(Kind::RefusedThoughStaying, Some(device.id), None);
        }
    }

    fn removed(
        &mut self,
        user: &UserFound,
        device: &DeviceFound,
        at: Option<Seq>,
        told: bool,
        let_in: Option<&'static str>,
    ) {
        let is_after = |seq| at.is_some_and(|at| seq > at);
        if is_after(device.newest_change) {
            self.add(Kind::SentAfterRemoval, Some(device.id), None);
        }
        for (&id, versions) in &user.ledger.writes {
            let writes = versions.values().flatten().filter(|write| write.writer == device.id);
            if writes.filter_map(|write| write.done).any(is_after) {
                self.add(Kind::WroteAfterRemoval, Some(device.id), Some(id));
            }
        }
        if !told {
            self.add(Kind::NotTold, Some(device.id), None);
        }
        if let_in.is_some() {
            self.add(Kind::LetIn, Some(device.id), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use keyleash_protocol::Version;
    use uuid::Uuid;

    use super::{
        super::ledger::{Ledger, Write, content},
        *,
    };

    const USER: UserId = UserId::from_uuid(Uuid::nil());

    fn credential(n: u128) -> CredentialId {
        CredentialId::from_uuid(Uuid::from_u128(n))
    }

    fn device(n: u128) -> DeviceId {
        DeviceId::from_uuid(Uuid::from_u128(n))
    }

    /// One credential at version 2, a deleted one at version 3; two devices that have all of it, and one that was removed.
    fn well() -> UserFound {
        let (kept, gone) = (credential(1), credential(2));
        let mut ledger = Ledger::default();
        let write = |text: Option<&str>, done| Write {
            writer: device(1),
            content: text.map(|text| content(text.as_bytes())),
            done: Some(Seq(done)),
        };
        ledger.note(kept, Version(1), write(Some("one"), 1));
        ledger.note(kept, Version(2), write(Some("two"), 4));
        ledger.note(gone, Version(2), write(Some("three"), 2));
        ledger.note(gone, Version(3), write(None, 5));
        let found = |n, fate| DeviceFound {
            id: device(n),
            held: BTreeMap::from([(kept, (Version(2), content(b"two")))]),
            deleted: BTreeMap::from([(gone, Version(3))]),
            cursor: Seq(5),
            newest_change: Seq(5),
            refused: false,
            fate,
        };
        let removed = Fate::Removed { at: Some(Seq(5)), told: true, let_in: None };
        let rows = Rows {
            credentials: BTreeMap::from([
                (kept, Row { version: Version(2), deleted: false, seq: Seq(4) }),
                (gone, Row { version: Version(3), deleted: true, seq: Seq(5) }),
            ]),
            verified: BTreeSet::from([device(1), device(2)]),
        };
        let devices = vec![found(1, Fate::Stays), found(2, Fate::Stays), found(3, removed)];
        UserFound { id: USER, devices, ledger, database: Some(rows) }
    }

    fn kinds(user: &UserFound) -> Vec<Kind> {
        judge(user).into_iter().map(|difference| difference.kind).collect()
    }

    /// A difference is found with and without the database.
    #[track_caller]
    fn finds(kind: Kind, spoil: impl Fn(&mut UserFound)) {
        let mut user = well();
        spoil(&mut user);
        assert_eq!(kinds(&user), [kind]);
        user.database = None;
        assert_eq!(kinds(&user), [kind], "without a database");
    }

    #[test]
    fn nothing_is_wrong_with_what_is_well() {
        assert_eq!(kinds(&well()), []);
        assert_eq!(kinds(&UserFound { database: None, ..well() }), []);
    }

    #[test]
    fn what_a_device_lacks_or_has_too_much_is_found() {
        let (kept, gone, other) = (credential(1), credential(2), credential(3));
        finds(Kind::Missing, |user| {
            user.devices[1].held.remove(&kept);
        });
        finds(Kind::Extra, |user| {
            user.devices[1].held.insert(gone, (Version(2), content(b"three")));
        });
        finds(Kind::OtherVersion, |user| {
            user.devices[1].held.insert(kept, (Version(1), content(b"one")));
        });
        finds(Kind::OtherContent, |user| {
            user.devices[1].held.insert(kept, (Version(2), content(b"one")));
        });
        finds(Kind::OtherTombstone, |user| {
            user.devices[1].deleted.insert(gone, Version(2));
        });
        finds(Kind::RefusedThoughStaying, |user| {
            user.devices[1].refused = true;
        });
        finds(Kind::Behind, |user| user.devices[1].cursor = Seq(4));
        let mut nobodys = well();
        nobodys.devices[1].held.insert(other, (Version(1), content(b"four")));
        assert_eq!(kinds(&nobodys), [Kind::Extra], "the database does not have it");
    }

    #[test]
    fn what_a_removed_device_got_or_did_is_found() {
        finds(Kind::SentAfterRemoval, |user| user.devices[2].newest_change = Seq(6));
        let removed = |told, let_in| Fate::Removed { at: Some(Seq(5)), told, let_in };
        finds(Kind::NotTold, |user| user.devices[2].fate = removed(false, None));
        finds(Kind::LetIn, |user| user.devices[2].fate = removed(true, Some("hello")));
        let mut wrote = well();
        let late = Write { writer: device(3), content: Some(content(b"two")), done: Some(Seq(6)) };
        wrote.ledger.writes.get_mut(&credential(1)).unwrap().insert(Version(2), vec![late]);
        assert!(kinds(&wrote).contains(&Kind::WroteAfterRemoval));
    }

    #[test]
    fn a_write_that_was_answered_has_to_be_there() {
        let answered = |version, done| {
            let mut user = well();
            let write = Write { writer: device(1), content: Some(content(b"new")), done };
            user.ledger.note(credential(1), Version(version), write);
            user
        };
        assert_eq!(kinds(&answered(3, Some(Seq(6)))), [Kind::LostWrite]);
        assert_eq!(kinds(&answered(3, None)), [], "one that was not may be lost");
        assert_eq!(kinds(&answered(2, Some(Seq(6)))), [Kind::TwoWriters]);

        let mut committed = answered(3, None);
        let row = Row { version: Version(3), deleted: false, seq: Seq(6) };
        committed.database.as_mut().unwrap().credentials.insert(credential(1), row);
        for found in &mut committed.devices[..2] {
            found.held.insert(credential(1), (Version(3), content(b"new")));
            found.cursor = Seq(6);
        }
        assert_eq!(kinds(&committed), [], "and may be there");
        committed.ledger.writes.get_mut(&credential(1)).unwrap().remove(&Version(3));
        assert_eq!(kinds(&committed), [Kind::NobodysVersion]);
    }

    #[test]
    fn the_database_knows_who_is_verified() {
        let mut user = well();
        let rows = user.database.as_mut().unwrap();
        rows.verified = BTreeSet::from([device(1), device(3)]);
        assert_eq!(kinds(&user), [Kind::OtherState, Kind::OtherState]);
    }
}

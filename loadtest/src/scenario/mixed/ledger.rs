//! What a user's devices wrote, and what each write was answered: what has to be there at the end.

use std::collections::BTreeMap;

use keyleash_protocol::{CredentialId, DeviceId, Seq, Version};
use ring::digest::{SHA256, digest};

/// A plaintext's SHA-256: enough to see that it is the one that was written.
pub type Content = [u8; 32];

pub fn content(plaintext: &[u8]) -> Content {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, plaintext).as_ref());
    hash
}

/// A write that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    pub writer: DeviceId,
    /// `None`: it deleted.
    pub content: Option<Content>,
    /// Where `done` put it. `None`: the socket ended before an answer, and it may have been committed or not.
    pub done: Option<Seq>,
}

/// Of each credential, the writes that each version may be from; without those that were refused.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub writes: BTreeMap<CredentialId, BTreeMap<Version, Vec<Write>>>,
}

impl Ledger {
    pub fn note(&mut self, id: CredentialId, version: Version, write: Write) {
        self.writes.entry(id).or_default().entry(version).or_default().push(write);
    }

    /// The newest version that was answered with `done`.
    pub fn newest_done(&self, id: CredentialId) -> Option<(Version, Write)> {
        let versions = self.writes.get(&id)?;
        let done = |(version, writes): (&Version, &Vec<Write>)| {
            writes.iter().find(|write| write.done.is_some()).map(|write| (*version, *write))
        };
        versions.iter().rev().find_map(done)
    }

    /// Whether this is what somebody wrote as this version. Of a version that nobody here wrote nothing is known: an earlier
    /// run did.
    pub fn may_be(&self, id: CredentialId, version: Version, content: Option<Content>) -> bool {
        let written = self.writes.get(&id).and_then(|versions| versions.get(&version));
        written.is_none_or(|writes| writes.iter().any(|write| write.content == content))
    }

    /// Whether somebody here wrote, or may have written, this version.
    pub fn knows(&self, id: CredentialId, version: Version) -> bool {
        self.writes.get(&id).is_some_and(|versions| versions.contains_key(&version))
    }
}

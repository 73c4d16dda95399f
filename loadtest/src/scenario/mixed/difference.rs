//! What can be wrong at the end of the day, in words.

use std::fmt;

use keyleash_protocol::{CredentialId, DeviceId, UserId};

/// Something that must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    pub kind: Kind,
    pub user: UserId,
    pub device: Option<DeviceId>,
    pub credential: Option<CredentialId>,
}

macro_rules! kinds {
    ($( $(#[doc = $doc:literal])+ $name:ident, )+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $( $(#[doc = $doc])+ $name, )+ }

        impl Kind {
            /// For people, and for counting.
            pub const fn words(self) -> &'static str {
                match self { $( Self::$name => concat!($( $doc ),+).trim_ascii(), )+ }
            }
        }
    };
}

kinds! {
    /// a write that was answered with done is not there
    LostWrite,
    /// one version was answered with done to two writers
    TwoWriters,
    /// a version that nobody wrote
    NobodysVersion,
    /// a device lacks a credential
    Missing,
    /// a device holds what is not there, or was deleted
    Extra,
    /// a device holds another version
    OtherVersion,
    /// a device opened something else than was written
    OtherContent,
    /// a device was told of a deletion at another version
    OtherTombstone,
    /// a device is behind
    Behind,
    /// a device that stays was refused as if it was removed
    RefusedThoughStaying,
    /// a removed device was sent a change after its removal
    SentAfterRemoval,
    /// a write of a removed device was committed after its removal
    WroteAfterRemoval,
    /// a removed device was not told
    NotTold,
    /// a removed device was let in
    LetIn,
    /// the database has a device in another state
    OtherState,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: user {}", self.kind.words(), self.user)?;
        if let Some(device) = self.device {
            write!(f, ", device {device}")?;
        }
        if let Some(credential) = self.credential {
            write!(f, ", credential {credential}")?;
        }
        Ok(())
    }
}

//! What is said on Redis: names of channels, and what is published on them. Whatever is not exactly of this form was not
//! said by a node.

use std::{fmt, str};

use keyleash_protocol::{Seq, UserId};

use crate::bus::{Hint, HintNews};

/// Every channel begins with it, so that an ACL can say what this program may touch: `&keyleash:*`.
const PREFIX: &str = "keyleash:";
const PRESENCE: &str = "presence";

/// Names a node from its start to its end. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeName(pub(super) u64);

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The channel of hints about a user.
pub(super) fn channel(user: UserId) -> String {
    format!("{PREFIX}{user}")
}

/// A channel on which a node speaks to itself. The number chooses among the shards of a cluster.
pub(super) fn canary(node: NodeName, number: u32) -> String {
    format!("{PREFIX}canary:{node}:{number}")
}

/// What is published for a hint: who says it, and what is new.
pub(super) fn payload(from: NodeName, news: HintNews) -> String {
    match news {
        HintNews::Changed(seq) => format!("{from} {}", seq.0),
        HintNews::Presence => format!("{from} {PRESENCE}"),
    }
}

/// Reads a hint, and who said it.
pub(super) fn read(channel_bytes: &[u8], payload_bytes: &[u8]) -> Option<(NodeName, Hint)> {
    let (name, text) = (str::from_utf8(channel_bytes).ok()?, str::from_utf8(payload_bytes).ok()?);
    let user = name.strip_prefix(PREFIX)?.parse().ok()?;
    let (from, news) = text.split_once(' ')?;
    let from = NodeName(u64::from_str_radix(from, 16).ok()?);
    let news = match news {
        PRESENCE => HintNews::Presence,
        seq => HintNews::Changed(Seq(seq.parse().ok().filter(|seq| *seq >= 0)?)),
    };
    // Numbers and ids have other spellings too; nodes use one.
    (channel(user) == name && payload(from, news) == text).then_some((from, Hint { user, news }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn what_one_node_says_another_reads(node: u64, user: u128, seq in proptest::option::of(0..=i64::MAX)) {
            let (from, user) = (NodeName(node), UserId::from_uuid(Uuid::from_u128(user)));
            let news = seq.map_or(HintNews::Presence, |seq| HintNews::Changed(Seq(seq)));
            let said = payload(from, news);
            prop_assert_eq!(read(channel(user).as_bytes(), said.as_bytes()), Some((from, Hint { user, news })));
        }

        #[test]
        fn noise_is_no_hint(noise: Vec<u8>) {
            prop_assert_eq!(read(channel(UserId::from_uuid(Uuid::nil())).as_bytes(), &noise), None);
        }
    }

    #[test]
    fn only_one_spelling_is_read() {
        let channel = channel(UserId::from_uuid(Uuid::from_u128(0xa)));
        let from = NodeName(0xb);
        assert!(read(channel.as_bytes(), format!("{from} 7").as_bytes()).is_some());
        for payload in ["", "7", " 7", "b 7", "000000000000000B 7", "000000000000000b 07", "000000000000000b +7"] {
            assert_eq!(read(channel.as_bytes(), payload.as_bytes()), None, "{payload}");
        }
        for payload in ["-1", "7 ", "7\n", "9223372036854775808", "Presence", "presence 7"] {
            assert_eq!(read(channel.as_bytes(), format!("{from} {payload}").as_bytes()), None, "{payload}");
        }
        for channel in [channel.to_uppercase(), channel.replace('-', ""), channel.replace("keyleash", "key")] {
            assert_eq!(read(channel.as_bytes(), format!("{from} 7").as_bytes()), None, "{channel}");
        }
    }
}

//! How much of a credential a device is sent: what it picked, and of the rest enough to pick from.

use keyleash_protocol::{DeviceId, socket::RetrieveMode};

/// A device that is sent what changes, as its connection asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reader {
    pub device: DeviceId,
    pub retrieve: RetrieveMode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    Full,
    /// Without the fields: nothing in it signs an order, so it is not on record as given.
    Summary,
}

impl Reader {
    /// How much of one credential the device gets. `holds`: it was given it before, or wrote it, which is on record as the
    /// same; what it was given once cannot be un-given, so it goes on to get it.
    pub const fn detail(self, auto_connect: bool, holds: bool) -> Detail {
        match self.retrieve {
            RetrieveMode::All => Detail::Full,
            RetrieveMode::Picked if auto_connect || holds => Detail::Full,
            RetrieveMode::Picked => Detail::Summary,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_device_that_picks_gets_in_full_what_it_holds_or_connects_by_itself() {
        let reader = |retrieve| Reader { device: DeviceId::from_uuid(Uuid::nil()), retrieve };
        for (auto_connect, holds) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(reader(RetrieveMode::All).detail(auto_connect, holds), Detail::Full);
            let expected = if auto_connect || holds { Detail::Full } else { Detail::Summary };
            assert_eq!(reader(RetrieveMode::Picked).detail(auto_connect, holds), expected);
        }
    }
}

//! The life of a device: pending, verified, removed; back again only through the owner.

use std::time::Duration;

use keyleash_protocol::{
    UnixMillis,
    socket::{DeviceState, RevokeReason},
};

/// What an owner, or somebody with a session, asks of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The browser presents its keys: for the first time, or to come back.
    Enrol,
    /// The owner presses the button of the mail's page.
    Approve {
        /// Whether a fresh code came with it.
        second_factor: bool,
    },
    Remove,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A device that was removed before comes back only with a fresh code.
    SecondFactorNeeded,
    NotPending,
}

/// A device's present, as far as its next step depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub state: DeviceState,
    /// Whether it was ever removed.
    pub removed_before: bool,
}

impl Life {
    /// A device that nobody has seen yet is pending from its first enrolment on.
    pub const NEW: Self = Self { state: DeviceState::Pending, removed_before: false };

    pub fn step(self, step: Step) -> Result<Self, Refusal> {
        match (self.state, step) {
            // A removed device may ask again; that alone gives it nothing.
            (DeviceState::Pending | DeviceState::Removed, Step::Enrol) => {
                Ok(Self { state: DeviceState::Pending, ..self })
            }
            (DeviceState::Verified, Step::Enrol) => Ok(self),
            (DeviceState::Pending, Step::Approve { second_factor }) => {
                if self.removed_before && !second_factor {
                    return Err(Refusal::SecondFactorNeeded);
                }
                Ok(Self { state: DeviceState::Verified, ..self })
            }
            (DeviceState::Verified | DeviceState::Removed, Step::Approve { .. }) => Err(Refusal::NotPending),
            (DeviceState::Pending | DeviceState::Verified | DeviceState::Removed, Step::Remove) => {
                Ok(Self { state: DeviceState::Removed, removed_before: true })
            }
        }
    }
}

/// Until when the unlock key of a device that is removed now stays sealed aside; `None`: it is destroyed at once.
pub fn restorable_until(reason: RevokeReason, now: UnixMillis, window: Duration) -> Option<UnixMillis> {
    match reason {
        RevokeReason::Erased => None,
        RevokeReason::Removed | RevokeReason::Panic | RevokeReason::SyncOff | RevokeReason::SignedOut => {
            Some(now.after(window))
        }
    }
}

/// Whether a revocation also ends the sessions that the device used. Turning sync off is the owner's wish about keys, not
/// a distrust of the browser.
pub const fn ends_sessions(reason: RevokeReason) -> bool {
    match reason {
        RevokeReason::Removed | RevokeReason::Erased | RevokeReason::Panic => true,
        RevokeReason::SyncOff | RevokeReason::SignedOut => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Enrol),
            any::<bool>().prop_map(|second_factor| Step::Approve { second_factor }),
            Just(Step::Remove),
        ]
    }

    proptest! {
        /// In every history: after a removal the device is verified again only by an approval with a second factor.
        #[test]
        fn a_removed_device_comes_back_only_by_a_second_factor(steps in prop::collection::vec(step(), 0..40)) {
            let (mut life, mut removed) = (Life::NEW, false);
            for step in steps {
                let Ok(next) = life.step(step) else { continue };
                if next.state == DeviceState::Verified && life.state != DeviceState::Verified && removed {
                    prop_assert_eq!(step, Step::Approve { second_factor: true });
                }
                removed |= step == Step::Remove;
                life = next;
            }
        }
    }

    #[test]
    fn nothing_but_an_approval_verifies() {
        for state in [DeviceState::Pending, DeviceState::Removed] {
            let life = Life { state, removed_before: false };
            for step in [Step::Enrol, Step::Remove] {
                assert_ne!(life.step(step).map(|life| life.state), Ok(DeviceState::Verified));
            }
        }
    }
}

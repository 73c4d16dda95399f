//! What an owner sees of the devices: the rows of the store, and over them what this node knows better.

use std::cmp::Reverse;

use keyleash_domain::fan_out::Presence;
use keyleash_protocol::{Seq, UnixMillis, http::DeviceView, socket::DeviceState};

use super::limits::DEVICES_SHOWN_MAX;
use crate::store::Device;

/// `credentials` is the seq of the user's last change to a credential. Beyond what fits one frame, the devices that were
/// removed longest ago are left out.
pub(super) fn device_views(
    rows: &[Device],
    presences: &[Presence],
    credentials: Seq,
    now: UnixMillis,
) -> Vec<DeviceView> {
    let mut shown: Vec<&Device> = rows.iter().collect();
    shown.sort_by_key(|row| (row.state == DeviceState::Removed, Reverse(row.removed_at)));
    shown.truncate(DEVICES_SHOWN_MAX);
    shown.sort_unstable_by_key(|row| row.id);
    shown
        .into_iter()
        .map(|row| {
            let mut view = row.view(credentials);
            if let Some(presence) = presences.iter().find(|presence| presence.device == row.id) {
                view.online = presence.is_online();
                view.acked_seq = presence.acked;
                view.last_seen = if view.online { Some(now) } else { view.last_seen };
            }
            view
        })
        .collect()
}

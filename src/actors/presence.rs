//! What an owner sees of the devices: the rows of the store, and over them what this node knows better.

use keyleash_domain::fan_out::Presence;
use keyleash_protocol::{
    Seq, UnixMillis,
    http::{DeviceView, ReceiptView},
    socket::DeviceState,
};

use super::limits::REMOVED_SHOWN_MAX;
use crate::store::Device;

/// `credentials` is the seq of the user's last change to a credential: who acknowledged that is up to date.
pub(super) fn device_views(
    rows: &[Device],
    presences: &[Presence],
    credentials: Seq,
    now: UnixMillis,
) -> Vec<DeviceView> {
    let is_removed = |row: &&Device| row.state == DeviceState::Removed;
    let mut removals: Vec<_> = rows.iter().filter(is_removed).filter_map(|row| row.removed_at).collect();
    removals.sort_unstable_by(|a, b| b.cmp(a));
    let oldest_shown = removals.get(REMOVED_SHOWN_MAX - 1).copied();
    rows.iter()
        .filter(|row| !is_removed(row) || row.removed_at >= oldest_shown)
        .map(|row| view(row, presences.iter().find(|presence| presence.device == row.id), credentials, now))
        .collect()
}

fn view(row: &Device, presence: Option<&Presence>, credentials: Seq, now: UnixMillis) -> DeviceView {
    let removed_at = row.removed_at.filter(|_| row.state == DeviceState::Removed);
    let online = presence.is_some_and(|presence| presence.online);
    DeviceView {
        id: row.id,
        name: row.name.clone(),
        user_agent: row.user_agent.clone(),
        state: row.state,
        created_at: row.created_at,
        verified_at: row.verified_at,
        removed_at,
        last_seen: if online { Some(now) } else { row.last_seen },
        online,
        acked_seq: presence.map_or(row.acked, |presence| presence.acked),
        seq: credentials,
        reason: row.reason.filter(|_| removed_at.is_some()),
        receipt: removed_at.and(row.receipt).map(|receipt| ReceiptView {
            at: receipt.at,
            after_ms: receipt.at.0 - removed_at.unwrap_or(receipt.at).0,
            wiped: receipt.wiped,
        }),
    }
}

//! One look at the store: where a user's changes stand, and what moved since the last look.

use keyleash_domain::fan_out::{DeviceFact, Facts, Heads, Place, SessionFact};
use keyleash_protocol::{NodeId, SessionId, UnixMillis, UserId};

use super::directory::Node;
use crate::{
    clock::Clock as _,
    store::{Device, Look, StoreResult, Whereabouts},
};

/// What a look at the store found.
pub(super) struct Found {
    pub(super) facts: Facts,
    /// The devices' rows, to show them without reading them again.
    pub(super) rows: Option<Vec<Device>>,
}

pub(super) async fn look(node: &Node, user: UserId, known: Option<Heads>) -> StoreResult<Found> {
    let now = node.ports.clock.now();
    let Some(look) = node.ports.users.look(user, known).await? else {
        let facts = Facts { heads: Heads::default(), devices: Some(Vec::new()), sessions: Some(Vec::new()), now };
        return Ok(Found { facts, rows: None });
    };
    let Look { heads, devices: rows, sessions } = look;
    let devices = rows.as_ref().map(|rows| rows.iter().map(|row| device_fact(node.id, row)).collect());
    let good = |sessions: Vec<(SessionId, UnixMillis)>| {
        let good = sessions.into_iter().filter(|(_, expires_at)| *expires_at > now);
        good.map(|(id, _)| SessionFact { id, revoked: None }).collect()
    };
    let sessions = sessions.map(good);
    Ok(Found { facts: Facts { heads, devices, sessions, now }, rows })
}

fn device_fact(here: NodeId, row: &Device) -> DeviceFact {
    DeviceFact {
        id: row.id,
        state: row.state,
        verified_at: row.verified_at,
        removed_at: row.removed_at,
        reason: row.reason,
        acked: row.acked,
        place: match row.online {
            None => Place::Nowhere,
            Some(online) if online.node == here => Place::Here,
            Some(Whereabouts { node, since }) => Place::Elsewhere { node, since },
        },
    }
}

//! One look at the store: where a user's changes stand, and what moved since the last look.

use keyleash_domain::fan_out::{DeviceFact, Facts, Heads, Place, SessionFact};
use keyleash_protocol::{NodeId, UserId};

use super::directory::Node;
use crate::{
    clock::Clock as _,
    store::{Device, Session, StoreResult, Whereabouts},
};

/// What a look at the store found.
pub(super) struct Found {
    pub(super) facts: Facts,
    /// The devices' rows, to show them without reading them again.
    pub(super) rows: Option<Vec<Device>>,
}

/// Reads the heads first and then what moved, so that everything read is at least as new as the heads say.
pub(super) async fn look(node: &Node, user: UserId, known: Option<Heads>) -> StoreResult<Found> {
    let now = node.ports.clock.now();
    let Some(heads) = node.ports.users.heads(user).await? else {
        let facts = Facts { heads: Heads::default(), devices: Some(Vec::new()), sessions: Some(Vec::new()), now };
        return Ok(Found { facts, rows: None });
    };
    let rows = if known.is_none_or(|known| known.devices < heads.devices) {
        Some(node.ports.devices.devices(user).await?)
    } else {
        None
    };
    let sessions = if known.is_none_or(|known| known.sessions < heads.sessions) {
        Some(node.ports.sessions.sessions(user, now).await?.iter().map(session_fact).collect())
    } else {
        None
    };
    let devices = rows.as_ref().map(|rows| rows.iter().map(|row| device_fact(node.id, row)).collect());
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

fn session_fact(session: &Session) -> SessionFact {
    SessionFact { id: session.id, revoked: session.revoked }
}

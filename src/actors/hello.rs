//! Whether a stranger is the device that it says it is: the device is this session's user's, its key signed this socket's
//! nonce, and the session is bound to it from now on.

use keyleash_domain::{
    catch_up::starting_cursor,
    connection::{Standing, Start},
    retrieval::Reader,
};
use keyleash_protocol::{
    CloseCode, DeviceId, UnixMillis,
    limits::NONCE_BYTES,
    socket::{DeviceState, Hello, RevokeReason},
};

use super::{device::Caller, directory::Node};
use crate::{
    device_keys::hello_is_signed,
    store::{Greeted, StoreError},
    telemetry::{ByOutcome, FIGURES, Outcome},
};

/// A device that proved itself.
pub(super) struct Proven {
    pub(super) reader: Reader,
    /// `None`: pending.
    pub(super) verified_at: Option<UnixMillis>,
    pub(super) start: Start,
}

pub(super) async fn identify(
    node: &Node,
    caller: &Caller,
    nonce: &[u8; NONCE_BYTES],
    hello: Hello,
) -> Result<Proven, CloseCode> {
    let proven = prove(node, caller, nonce, hello).await;
    let outcome = match &proven {
        Ok(_) => Outcome::Ok,
        Err(CloseCode::Unavailable) => Outcome::Unavailable,
        Err(_) => Outcome::Refused,
    };
    FIGURES.hellos.get_or_create(&ByOutcome { outcome }).inc();
    proven
}

async fn prove(node: &Node, caller: &Caller, nonce: &[u8; NONCE_BYTES], hello: Hello) -> Result<Proven, CloseCode> {
    let greeted = node.ports.devices.greet(caller.user, hello.device).await.map_err(|error| unavailable(&error))?;
    let greeted = greeted.ok_or(CloseCode::Unauthorised)?;
    if !hello_is_signed(&greeted.signing_key, nonce, hello.device, hello.signature.as_slice()) {
        return Err(CloseCode::Unauthorised);
    }
    let (device, heads) = (hello.device, greeted.heads);
    let standing = bind(node, caller, device, &greeted).await?;
    let verified_at = (standing == Standing::Verified).then(|| greeted.verified_at.unwrap_or_default());
    let start = Start {
        standing,
        cursor: starting_cursor(hello.cursor, hello.epoch.as_ref(), &node.epoch, heads.seq),
        head: heads.seq,
        credentials: heads.credentials,
        epoch: node.epoch.clone(),
        want_unlock: hello.want_unlock,
        heartbeat: node.settings.heartbeat,
        grace: node.settings.grace,
    };
    let reader = Reader { device, retrieve: hello.retrieve };
    Ok(Proven { reader, verified_at, start })
}

/// Binds the session to the device, so that a removal of the device ends it. A removed device stays as it is: it is told
/// so, and its key opens nothing.
async fn bind(node: &Node, caller: &Caller, device: DeviceId, greeted: &Greeted) -> Result<Standing, CloseCode> {
    let standing = standing_of(greeted.state, greeted.reason, greeted.removed_at);
    if greeted.state == DeviceState::Removed || caller.device == Some(device) {
        return Ok(standing);
    }
    if node
        .ports
        .sessions
        .bind_session(caller.session, caller.user, device)
        .await
        .map_err(|error| unavailable(&error))?
    {
        return Ok(standing);
    }
    // The session is gone, or the device was removed just now.
    let row = node.ports.devices.device(caller.user, device).await.map_err(|error| unavailable(&error))?;
    let removed = row.filter(|row| row.state == DeviceState::Removed).ok_or(CloseCode::Unauthorised)?;
    Ok(standing_of(removed.state, removed.reason, removed.removed_at))
}

fn standing_of(state: DeviceState, reason: Option<RevokeReason>, removed_at: Option<UnixMillis>) -> Standing {
    match state {
        DeviceState::Pending => Standing::Pending,
        DeviceState::Verified => Standing::Verified,
        DeviceState::Removed => {
            Standing::Revoked { reason: reason.unwrap_or(RevokeReason::Removed), at: removed_at.unwrap_or_default() }
        }
    }
}

fn unavailable(error: &StoreError) -> CloseCode {
    tracing::warn!(%error, "a hello could not be checked");
    CloseCode::Unavailable
}

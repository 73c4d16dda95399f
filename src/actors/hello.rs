//! Whether a stranger is the device that it says it is: the device is this session's user's, its key signed this socket's
//! nonce, and the session is bound to it from now on.

use keyleash_domain::{
    catch_up::starting_cursor,
    connection::{Standing, Start},
    retrieval::Reader,
};
use keyleash_protocol::{
    CloseCode, UnixMillis,
    limits::NONCE_BYTES,
    socket::{DeviceState, Hello, RevokeReason},
};

use super::{device::Caller, directory::Node};
use crate::{
    device_keys::hello_is_signed,
    store::{Device, StoreError},
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
    let (heads, device) = greeted.ok_or(CloseCode::Unauthorised)?;
    if !hello_is_signed(&device.signing_key, nonce, device.id, hello.signature.as_slice()) {
        return Err(CloseCode::Unauthorised);
    }
    let device = bind(node, caller, device).await?;
    let start = Start {
        standing: standing(&device),
        cursor: starting_cursor(hello.cursor, hello.epoch.as_ref(), &node.epoch, heads.seq),
        head: heads.seq,
        credentials: heads.credentials,
        epoch: node.epoch.clone(),
        want_unlock: hello.want_unlock,
        heartbeat: node.settings.heartbeat,
        grace: node.settings.grace,
    };
    let verified_at = (device.state == DeviceState::Verified).then(|| device.verified_at.unwrap_or_default());
    let reader = Reader { device: device.id, retrieve: hello.retrieve };
    Ok(Proven { reader, verified_at, start })
}

/// Binds the session to the device, so that a removal of the device ends it. A removed device stays as it is: it is told
/// so, and its key opens nothing.
async fn bind(node: &Node, caller: &Caller, device: Device) -> Result<Device, CloseCode> {
    if device.state == DeviceState::Removed || caller.device == Some(device.id) {
        return Ok(device);
    }
    if node
        .ports
        .sessions
        .bind_session(caller.session, caller.user, device.id)
        .await
        .map_err(|error| unavailable(&error))?
    {
        return Ok(device);
    }
    // The session is gone, or the device was removed just now.
    let device = node.ports.devices.device(caller.user, device.id).await.map_err(|error| unavailable(&error))?;
    device.filter(|device| device.state == DeviceState::Removed).ok_or(CloseCode::Unauthorised)
}

fn standing(device: &Device) -> Standing {
    match device.state {
        DeviceState::Pending => Standing::Pending,
        DeviceState::Verified => Standing::Verified,
        DeviceState::Removed => Standing::Revoked {
            reason: device.reason.unwrap_or(RevokeReason::Removed),
            at: device.removed_at.unwrap_or_default(),
        },
    }
}

fn unavailable(error: &StoreError) -> CloseCode {
    tracing::warn!(%error, "a hello could not be checked");
    CloseCode::Unavailable
}

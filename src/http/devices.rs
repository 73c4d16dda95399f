//! Devices: enrol, list, rename, remove; what they hold, and what of it was rotated.

use actix_web::{HttpResponse, web};
use keyleash_protocol::{
    CredentialId, DeviceId, UserId,
    http::{
        DeviceList, DeviceView, Enrol, HoldingsList, Removal, RemoveDevice, RemoveMany, RemovedDevice, RemovedDevices,
        RenameDevice, SetRotated,
    },
    socket::DeviceState,
};

use super::{
    Refused,
    session::{From, LoggedIn},
};
use crate::{
    actors::Directory,
    identity::{Identity, Refusal},
    store::Revoked,
};

type Answer = Result<HttpResponse, Refused>;

pub(super) async fn enrol(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<Enrol>,
) -> Answer {
    Ok(HttpResponse::Created().json(identity.enrol(&session.caller, &body, &from.0).await?))
}

pub(super) async fn list(identity: web::Data<Identity>, directory: web::Data<Directory>, session: LoggedIn) -> Answer {
    let user = session.caller.user;
    let devices = with_presence(&directory, user, identity.devices(user).await?).await;
    Ok(HttpResponse::Ok().json(DeviceList { devices }))
}

pub(super) async fn rename(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    device: web::Path<DeviceId>,
    body: web::Json<RenameDevice>,
) -> Answer {
    identity.rename(&session.caller, *device, &body.name, &from.0).await?;
    Ok(HttpResponse::Ok().finish())
}

pub(super) async fn remove(
    identity: web::Data<Identity>,
    directory: web::Data<Directory>,
    from: From,
    session: LoggedIn,
    device: web::Path<DeviceId>,
    body: web::Json<RemoveDevice>,
) -> Answer {
    let live = live(&directory, session.caller.user).await;
    let revoked = identity.remove(&session.caller, *device, &body, &from.0).await?;
    directory.removed(session.caller.user, &revoked);
    let here = live.contains(&*device);
    let (online, held) = match revoked.devices.into_iter().next() {
        Some(device) => (here || device.online, device.held),
        None => (here, identity.held(&session.caller, *device).await?),
    };
    Ok(HttpResponse::Ok().json(Removal { state: DeviceState::Removed, seq: revoked.seq, online, held }))
}

pub(super) async fn remove_others(
    identity: web::Data<Identity>,
    directory: web::Data<Directory>,
    from: From,
    session: LoggedIn,
    body: web::Json<RemoveMany>,
) -> Answer {
    let removing = identity.remove_others(&session.caller, &body, &from.0);
    removed(&directory, session.caller.user, removing).await
}

pub(super) async fn panic(
    identity: web::Data<Identity>,
    directory: web::Data<Directory>,
    from: From,
    session: LoggedIn,
    body: web::Json<RemoveMany>,
) -> Answer {
    let removing = identity.panic(&session.caller, &body, &from.0);
    removed(&directory, session.caller.user, removing).await
}

pub(super) async fn holdings(identity: web::Data<Identity>, session: LoggedIn) -> Answer {
    Ok(HttpResponse::Ok().json(HoldingsList { devices: identity.holdings(&session.caller).await? }))
}

pub(super) async fn set_rotated(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    held: web::Path<(DeviceId, CredentialId)>,
    body: web::Json<SetRotated>,
) -> Answer {
    let (device, credential) = *held;
    identity.set_rotated(&session.caller, device, credential, body.rotated, &from.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Adds what this node knows before it is written down: who is connected here, and how far they are.
pub(super) async fn with_presence(
    directory: &Directory,
    user: UserId,
    mut devices: Vec<DeviceView>,
) -> Vec<DeviceView> {
    for live in directory.live(user).await {
        if let Some(device) = devices.iter_mut().find(|device| device.id == live.device) {
            device.online = true;
            device.acked_seq = device.acked_seq.max(live.acked);
            device.last_seen = Some(live.last_seen);
        }
    }
    devices
}

async fn live(directory: &Directory, user: UserId) -> Vec<DeviceId> {
    directory.live(user).await.into_iter().map(|live| live.device).collect()
}

/// Removes several, and says of each what it held and whether it was online.
async fn removed(
    directory: &Directory,
    user: UserId,
    removing: impl Future<Output = Result<Revoked, Refusal>>,
) -> Answer {
    let live = live(directory, user).await;
    let revoked = removing.await?;
    directory.removed(user, &revoked);
    let removed = revoked.devices.into_iter();
    let removed = removed
        .map(|device| RemovedDevice {
            id: device.id,
            online: device.online || live.contains(&device.id),
            held: device.held,
        })
        .collect();
    Ok(HttpResponse::Ok().json(RemovedDevices { seq: revoked.seq, removed }))
}

//! What a device's actor has asked for it, and how the answers are put to the domain. Persist, publish, reply.

use std::net::IpAddr;

use keyleash_domain::{
    connection::{Input, Retrieved, VaultRefusal, Write, WriteRefusal},
    retrieval::Reader,
};
use keyleash_protocol::{
    CredentialId, DeviceId, EventId, ProblemCode, Seq, UnixMillis, UserId,
    http::EventKind,
    socket::{SealedUnlock, SyncPage},
};

use super::directory::Node;
use crate::{
    bus::Hint,
    causes,
    clock::Clock as _,
    store::{NewEvent, Receipt, StoreError, Trail},
    telemetry::FIGURES,
    vault::{VaultError, WriteError},
};

pub(super) async fn unlock(node: &Node, user: UserId, device: DeviceId) -> Result<SealedUnlock, VaultRefusal> {
    node.ports.vault.unlock(user, device).await.map_err(|error| refusal(&error))
}

pub(super) async fn page(node: &Node, user: UserId, reader: Reader, cursor: Seq) -> Result<SyncPage, VaultRefusal> {
    node.ports.vault.page(user, reader, cursor).await.map_err(|error| refusal(&error))
}

pub(super) async fn retrieve(
    node: &Node,
    user: UserId,
    device: DeviceId,
    ids: &[CredentialId],
) -> Result<Retrieved, VaultRefusal> {
    node.ports.vault.retrieve(user, device, ids).await.map_err(|error| refusal(&error))
}

pub(super) async fn write(node: &Node, user: UserId, device: DeviceId, write: Write) -> Input {
    let (r#ref, id, result) = match write {
        Write::Put { r#ref, id, base, sealed } => {
            (r#ref, id, node.ports.vault.put(user, device, id, base, &sealed).await)
        }
        Write::Delete { r#ref, id, base } => (r#ref, id, node.ports.vault.delete(user, device, id, base).await),
    };
    let result = match result {
        Ok(committed) => {
            publish(node, user, committed.seq).await;
            Ok((committed.version, committed.seq))
        }
        Err(error) => Err(write_refusal(&error)),
    };
    Input::Written { r#ref, id, result }
}

/// What a removed device says that it did.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) device: DeviceId,
    pub(super) address: IpAddr,
    pub(super) wiped: bool,
    pub(super) removed_at: UnixMillis,
}

/// The device's claim that it wiped; what cannot be stored is lost, and the lock-out does not depend on it.
pub(super) async fn record_receipt(node: &Node, user: UserId, claim: Claim) -> Input {
    let Claim { device, address, wiped, removed_at } = claim;
    let at = node.ports.clock.now();
    let event = NewEvent {
        id: EventId::from_uuid(node.ports.entropy.id(at)),
        kind: EventKind::DeviceWiped,
        device: Some(device),
        address: Some(address.to_string()),
        detail: if wiped {
            "The device says that it wiped its keys."
        } else {
            "The device says that it could not wipe."
        }
        .to_owned(),
        at,
    };
    let trail = Trail { events: vec![event], mails: Vec::new() };
    match node.ports.devices.record_receipt(user, device, Receipt { at, wiped }, trail).await {
        Ok(Some(seq)) => {
            FIGURES.receipt_seconds.observe(at.since(removed_at).as_secs_f64());
            publish(node, user, seq).await;
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "a receipt was not recorded"),
    }
    Input::ReceiptRecorded
}

async fn publish(node: &Node, user: UserId, seq: Seq) {
    if let Err(error) = node.ports.bus.publish(Hint::changed(user, seq)).await {
        tracing::warn!(%error, "a hint was not published; the sweep makes up for it");
    }
}

fn refusal(error: &VaultError) -> VaultRefusal {
    match error {
        VaultError::NotVerified => VaultRefusal::NotVerified,
        VaultError::Kms(_) | VaultError::Store(_) | VaultError::Corrupt { .. } => {
            tracing::warn!(error = causes::in_one_line(error), "the vault gave nothing");
            VaultRefusal::Unavailable
        }
    }
}

fn write_refusal(error: &WriteError) -> WriteRefusal {
    let (code, detail, present) = match error {
        WriteError::DoesNotOpen | WriteError::Malformed(_) => (ProblemCode::BadBox, error.to_string(), None),
        WriteError::Conflict { present } => (ProblemCode::Conflict, error.to_string(), Some(*present)),
        WriteError::QuotaExceeded => (ProblemCode::QuotaExceeded, error.to_string(), None),
        WriteError::Vault(VaultError::NotVerified) => (ProblemCode::DeviceState, error.to_string(), None),
        WriteError::Vault(VaultError::Kms(_) | VaultError::Store(StoreError::Unavailable { .. })) => {
            tracing::warn!(error = causes::in_one_line(error), "a write failed");
            (ProblemCode::Unavailable, "A part that the server needs is unavailable for now.".to_owned(), None)
        }
        WriteError::Vault(
            VaultError::Corrupt { .. } | VaultError::Store(StoreError::Refused { .. } | StoreError::Corrupt { .. }),
        ) => {
            tracing::error!(error = causes::in_one_line(error), "a write failed inside");
            (ProblemCode::Internal, "Something went wrong inside; it is logged.".to_owned(), None)
        }
    };
    WriteRefusal { code, detail, present }
}

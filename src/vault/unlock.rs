//! The seal that only one browser can open: HPKE, base mode, single shot (RFC 9180, 6.1).

use hpke::{Deserializable, Kem, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::DhP256HkdfSha256};
use keyleash_protocol::{
    DeviceId, Epoch, UserId,
    socket::{SealedUnlock, UNLOCK_SUITE},
    transcript,
};

use super::VaultError;
use crate::aead::Key;

/// Seals a device's unlock key to its receive key. Takes half a millisecond of computing: not for an actor's thread.
pub fn seal(
    user: UserId,
    device: DeviceId,
    epoch: &Epoch,
    receive_key: &[u8],
    unlock_key: &Key,
) -> Result<SealedUnlock, VaultError> {
    let corrupt = |_| VaultError::Corrupt { what: "receive key" };
    let receive_key = <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(receive_key).map_err(corrupt)?;
    let (enc, ct) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeS::Base,
        &receive_key,
        &transcript::unlock_info(user, device),
        unlock_key.expose(),
        epoch.0.as_bytes(),
    )
    .map_err(corrupt)?;
    Ok(SealedUnlock { suite: UNLOCK_SUITE.to_owned(), enc: enc.to_bytes().to_vec().into(), ct: ct.into() })
}

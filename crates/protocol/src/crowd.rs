//! What `keyleash admin crowd` reads and writes, one JSON object a line: users for load tests, whom nobody signed up.
//!
//! Private keys never come to the server, here neither.

use serde::{Deserialize, Serialize};

use crate::{Base64Url, DeviceId, Sensitive, UserId};

/// A user to make, with these devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrowdOrder {
    pub devices: Vec<CrowdKeys>,
}

/// A device's public keys, as in an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrowdKeys {
    pub receive_key: Base64Url,
    pub signing_key: Base64Url,
}

/// A user that was made, for the line at the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrowdUser {
    pub user: UserId,
    /// Base32, as an authenticator takes it.
    pub totp_secret: Sensitive,
    pub recovery_codes: Vec<Sensitive>,
    /// In the order of the keys.
    pub devices: Vec<CrowdDevice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrowdDevice {
    pub id: DeviceId,
    /// Its session, as `Authorization: Bearer` takes it.
    pub token: Sensitive,
}

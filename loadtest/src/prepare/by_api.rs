//! Preparation over the public interface alone: what people do, step by step.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::{StreamExt, TryStreamExt, stream};
use keyleash_protocol::{Base64Url, Sensitive};
use ring::rand::{SecureRandom, SystemRandom};

use super::PrepareError;
use crate::{
    api::Api,
    device::DeviceError,
    fleet::{Account, PreparedUser},
    mails::{Mails, Place},
    owner::{Owner, OwnerError},
};

/// Users that come at the same time: the server checks two passwords at a time, and mails take a moment.
const AT_ONCE: usize = 8;
const PASSWORD_BYTES: usize = 18;

/// Where users are made, and where their mails can be read.
#[derive(Debug)]
pub struct ByApi<'a> {
    /// Nodes of one site; users come to them in turn.
    pub targets: &'a [String],
    pub mails: Place,
}

/// Makes a user for each of `counts`, with so many devices. `made` counts them.
pub async fn by_api(site: ByApi<'_>, counts: &[usize], made: &AtomicU64) -> Result<Vec<PreparedUser>, PrepareError> {
    let mails = Mails::watch(site.mails).await?;
    let servers = site.targets.iter().map(|target| Api::new(target)).collect::<Result<Vec<_>, _>>()?;
    let mut users = Vec::with_capacity(counts.len());
    let people = counts.iter().zip(servers.iter().cycle()).map(|(&devices, server)| person(server, devices, &mails));
    let mut people = stream::iter(people).buffer_unordered(AT_ONCE).boxed_local();
    while let Some(user) = people.try_next().await? {
        users.push(user);
        made.fetch_add(1, Relaxed);
    }
    Ok(users)
}

/// Devices that have not said hello yet.
async fn person(server: &Api, devices: usize, mails: &Mails) -> Result<PreparedUser, PrepareError> {
    let (mut owner, first) = Owner::sign_up(server, account()?, mails).await?;
    let mut seats = Vec::with_capacity(devices);
    for number in 1..=devices {
        let browser = if number == 1 { first.clone() } else { owner.log_in(server).await?.0 };
        seats.push(owner.enrol(&browser, &format!("Device {number}"), mails).await?);
    }
    Ok(owner.save(&seats))
}

/// Somebody new, by a name that nobody has.
pub fn account() -> Result<Account, OwnerError> {
    let mut random = [0; PASSWORD_BYTES];
    SystemRandom::new().fill(&mut random).map_err(|_| DeviceError::Keys)?;
    let password = Sensitive::new(Base64Url::encode(&random));
    let email = format!("load-{}@example.com", uuid::Uuid::now_v7().simple());
    Ok(Account { email, password: password.expose().to_owned() })
}

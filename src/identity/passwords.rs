//! Passwords: Argon2id, never on an actor's thread.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use keyleash_protocol::Sensitive;
use tokio::sync::Semaphore;

use super::Refusal;
use crate::entropy::Entropy;

/// OWASP's first choice for Argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

#[derive(Debug)]
pub(super) struct Passwords {
    /// Bounds the memory that checks take together; further ones wait.
    at_once: Arc<Semaphore>,
    entropy: Entropy,
    /// The hash of no password, checked when there is no user, so that both take the same time.
    nobody: String,
}

impl Passwords {
    pub(super) fn new(at_once: usize, entropy: Entropy) -> Self {
        let nobody = hash(&Sensitive::default(), &entropy.bytes()).unwrap_or_default();
        Self { at_once: Arc::new(Semaphore::new(at_once)), entropy, nobody }
    }

    /// The password's hash in PHC form.
    pub(super) async fn hash(&self, password: &Sensitive) -> Result<String, Refusal> {
        let (password, salt) = (password.clone(), self.entropy.bytes());
        self.off_thread(move || hash(&password, &salt)).await?.ok_or(Refusal::Interrupted("hash a password"))
    }

    /// Checks a password against a stored hash, or against nobody's.
    pub(super) async fn matches(&self, password: &Sensitive, stored: Option<&str>) -> Result<bool, Refusal> {
        let (password, exists) = (password.clone(), stored.is_some());
        let stored = stored.unwrap_or(&self.nobody).to_owned();
        let matches = self.off_thread(move || matches(&password, &stored)).await?;
        Ok(matches && exists)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let interrupted = || Refusal::Interrupted("check a password");
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(|_| interrupted())?;
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| interrupted())
    }
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Sensitive, salt: &[u8; SALT_BYTES]) -> Option<String> {
    let salt = SaltString::encode_b64(salt).ok()?;
    Some(argon2()?.hash_password(password.expose().as_bytes(), &salt).ok()?.to_string())
}

fn matches(password: &Sensitive, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|stored| Argon2::default().verify_password(password.expose().as_bytes(), &stored).is_ok())
}

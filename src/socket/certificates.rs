//! The server's own certificate, for people without a proxy. Read again when its files change, so that renewing it needs
//! no restart.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use ring::digest::{Context, SHA256};
use rustls::{
    ServerConfig, crypto,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// How often the files are looked at. Whoever renews a certificate does it days before the old one ends.
const LOOK_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot read {path}")]
    Read { path: String, source: io::Error },
    #[error("{path} is not PEM with {what}")]
    Form { path: String, what: &'static str, source: rustls::pki_types::pem::Error },
    #[error("the certificate and the key do not belong together, or are of a kind that is not known")]
    Pair(#[source] rustls::Error),
    #[error("TLS cannot be set up")]
    Protocol(#[source] rustls::Error),
}

/// A certificate with its key, from two PEM files.
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    /// What the files held when they were last looked at.
    seen: RwLock<Fingerprint>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// SHA-256 of both files.
type Fingerprint = [u8; 32];

impl Certificates {
    pub fn open(certificate: &Path, key: &Path) -> Result<Arc<Self>, CertificateError> {
        let seen = fingerprint(certificate, key)?;
        let current = RwLock::new(Arc::new(pair(certificate, key)?));
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Arc::new(Self { certificate, key, seen: RwLock::new(seen), current }))
    }

    /// For HTTP/1.1 with TLS 1.2 or 1.3.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<ServerConfig, CertificateError> {
        let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Protocol)?;
        let mut config = config.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Takes over what the files hold when they changed, for ever. Files that do not go together (one of them is written
    /// after the other) are said once and tried again with the next change.
    pub async fn watch(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.look() {
                Ok(true) => tracing::info!(file = %self.certificate.display(), "the certificate was read again"),
                Ok(false) => {}
                Err(error) => {
                    let error = crate::causes::in_one_line(&error);
                    tracing::error!(error, "the new certificate cannot be used; the one before is");
                }
            }
        }
    }

    /// Whether there was something new.
    fn look(&self) -> Result<bool, CertificateError> {
        let seen = fingerprint(&self.certificate, &self.key)?;
        if *self.seen.read().unwrap_or_else(PoisonError::into_inner) == seen {
            return Ok(false);
        }
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = seen;
        let pair = Arc::new(pair(&self.certificate, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(true)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({})", self.certificate.display())
    }
}

fn fingerprint(certificate: &Path, key: &Path) -> Result<Fingerprint, CertificateError> {
    let mut digest = Context::new(&SHA256);
    for path in [certificate, key] {
        let unreadable = |source| CertificateError::Read { path: path.display().to_string(), source };
        digest.update(&fs::read(path).map_err(unreadable)?);
    }
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(digest.finish().as_ref());
    Ok(fingerprint)
}

fn pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let form = |path: &Path, what, source| CertificateError::Form { path: path.display().to_string(), what, source };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|source| form(certificate, "certificates", source))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|source| form(key, "a private key", source))?;
    CertifiedKey::from_der(chain, key, &crypto::ring::default_provider()).map_err(CertificateError::Pair)
}

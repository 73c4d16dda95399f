//! The server's own certificate: everything works through TLS, and a renewed certificate is taken over without a restart.

use std::{fs, net::Ipv4Addr, path::Path, sync::Arc};

use keyleash_protocol::Version;
use keyleash_testbed::{Authority, Issued};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::OnceCell,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    browser::{Owner, credential},
    support::{Server, eventually},
};

/// A door without TLS to a server with it, for clients that know none.
struct Door {
    url: String,
    server: Arc<OnceCell<String>>,
}

impl Door {
    async fn open(root: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(OnceCell::<String>::new());
        let (known, root) = (server.clone(), root.to_owned());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut server = connect(known.get().unwrap(), &root).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
            }
        });
        Self { url, server }
    }
}

/// A connection whose certificate was checked against `root`.
async fn connect(url: &str, root: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let io = TcpStream::connect(url.trim_start_matches("https://")).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("127.0.0.1").unwrap(), io).await
}

/// A server with a certificate of the authority's, and that certificate.
async fn start(authority: &Authority, further: &[(&str, &str)]) -> (Server, Issued) {
    let issued = authority.issue("server", &["127.0.0.1"]);
    let (certificate, key) = (issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap());
    let own = [("HTTP__TLS_CERTIFICATE", certificate), ("HTTP__TLS_KEY", key)];
    (Server::start_with(&[&own, further].concat()).await, issued)
}

/// The certificate that the server shows, as `root` issued it.
async fn shown(url: &str, root: &Path) -> CertificateDer<'static> {
    let stream = connect(url, root).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn devices_are_in_step_through_the_servers_own_tls() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let door = Door::open(&authority.root()).await;
    let (mut server, _) = start(&authority, &[("HTTP__ALLOWED_ORIGINS", &format!("[\"{}\"]", door.url))]).await;
    assert!(server.url.starts_with("https://"), "{}", server.url);
    door.server.set(std::mem::replace(&mut server.url, door.url.clone())).unwrap();

    let mut owner = Owner::new(&server, "tls@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut laptop = owner.browser(&server, "Laptop").await;
    let (_, seq) = desk.put(credential(1), Version(0), "through TLS").await.unwrap();
    laptop.until_at(seq).await;
    assert_eq!(laptop.label(credential(1)).as_deref(), Some("through TLS"));
    owner.remove(&laptop).await;
    laptop.until_revoked().await;
}

#[tokio::test]
async fn a_renewed_certificate_needs_no_restart_and_a_broken_one_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let (server, issued) = start(&authority, &[]).await;
    let (url, root) = (server.url.clone(), authority.root());
    let first = shown(&url, &root).await;

    // A certificate without its key, as in the middle of a renewal.
    let renewed = authority.issue("renewed", &["127.0.0.1"]);
    fs::copy(&renewed.certificate, &issued.certificate).unwrap();
    eventually("the log to say so", async || server.log().contains("cannot be used").then_some(())).await;
    assert_eq!(shown(&url, &root).await, first);

    fs::copy(&renewed.key, &issued.key).unwrap();
    let second = eventually("the renewed certificate", async || {
        let shown = shown(&url, &root).await;
        (shown != first).then_some(shown)
    })
    .await;
    assert_eq!(second, CertificateDer::from_pem_file(&renewed.certificate).unwrap());
}

#[tokio::test]
async fn who_speaks_in_the_clear_is_not_answered() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let (server, _) = start(&authority, &[]).await;
    reqwest::get(server.url.replace("https://", "http://")).await.unwrap_err();
    // Nor is a certificate of somebody else's taken for the server's.
    let strangers = tempfile::tempdir().unwrap();
    connect(&server.url, &Authority::new(strangers.path()).root()).await.unwrap_err();
}

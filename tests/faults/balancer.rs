//! A load balancer: a connection goes to the node with the fewest, of those that say on their admin listener that they are
//! ready.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// How often a node is asked; ten times as often as in life, so that tests are short.
const CHECK_EVERY: Duration = Duration::from_millis(100);

pub struct Balancer {
    pub url: String,
}

struct Backend {
    port: u16,
    is_ready: AtomicBool,
    connections: AtomicUsize,
}

impl Balancer {
    /// For nodes on these ports; each comes with the one of its admin listener.
    pub async fn to(nodes: &[(u16, u16)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let backends: Arc<Vec<Backend>> = Arc::new(nodes.iter().map(|(port, _)| Backend::at(*port)).collect());
        for (index, (_, admin)) in nodes.iter().enumerate() {
            tokio::spawn(check(backends.clone(), index, *admin));
        }
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let ready = (0..backends.len()).filter(|index| backends[*index].is_ready.load(Ordering::Relaxed));
                if let Some(index) = ready.min_by_key(|index| backends[*index].connections.load(Ordering::Relaxed)) {
                    backends[index].connections.fetch_add(1, Ordering::Relaxed);
                    tokio::spawn(forward(client, backends.clone(), index));
                }
            }
        });
        Self { url }
    }
}

impl Backend {
    fn at(port: u16) -> Self {
        Self { port, is_ready: AtomicBool::new(false), connections: AtomicUsize::new(0) }
    }
}

async fn check(backends: Arc<Vec<Backend>>, index: usize, admin: u16) {
    loop {
        let answer = reqwest::get(format!("http://127.0.0.1:{admin}/readyz")).await;
        let is_ready = answer.is_ok_and(|answer| answer.status().is_success());
        backends[index].is_ready.store(is_ready, Ordering::Relaxed);
        sleep(CHECK_EVERY).await;
    }
}

async fn forward(mut client: TcpStream, backends: Arc<Vec<Backend>>, index: usize) {
    let backend = &backends[index];
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, backend.port)).await {
        // Whatever breaks it breaks it for both.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
    backend.connections.fetch_sub(1, Ordering::Relaxed);
}

//! A network link between one client and one server, that can break.

use std::{net::Ipv4Addr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    /// What is connected stays so, and nothing gets through: as when a switch dies.
    Silent,
    /// Connections are reset and new ones refused.
    Cut,
}

/// Forwards to `port` of this machine. Needs a running tokio runtime.
#[derive(Debug)]
pub struct Link {
    port: u16,
    state: Arc<watch::Sender<State>>,
}

impl Link {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let state = Arc::new(watch::Sender::new(State::Up));
        let watched = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, port, watched.subscribe()));
            }
        });
        Self { port: own, state }
    }

    /// Where to connect instead of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn up(&self) {
        self.state.send_replace(State::Up);
    }

    /// Nothing gets through; nobody is told.
    pub fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// Every connection breaks, and new ones are refused.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }
}

async fn forward(mut client: TcpStream, port: u16, mut state: watch::Receiver<State>) {
    if state.wait_for(|state| *state != State::Silent).await.is_ok_and(|state| *state == State::Cut) {
        return;
    }
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = state.wait_for(|state| *state != State::Up) => {}
    }
    // Bytes that were on their way are lost, so the connection is not used again: it stays for as long as the silence.
    let _ = state.wait_for(|state| *state != State::Silent).await;
}

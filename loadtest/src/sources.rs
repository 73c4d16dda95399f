//! Where sockets come from. A server limits what comes from one address, and one address has 28,000 ports.

use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// Sockets from one source address: a few thousand of its 28,000 ports, so that the ones of the round before, which the
/// kernel keeps for a minute, are not in the way.
const SOCKETS_PER_SOURCE: u32 = 2_000;
/// Source addresses are 127.1.1.1 to 127.1.250.250, then from the beginning; of a second process 127.2.1.1 and on.
const SOURCES: u32 = 250 * 250;
/// Gives each socket a source address, for servers on this machine; for others the kernel chooses.
#[derive(Debug)]
pub struct Sources {
    local: bool,
    network: u8,
    given: AtomicU32,
}

impl Sources {
    /// For sockets to these servers.
    pub fn of(targets: &[String]) -> Self {
        let local = targets.iter().all(|target| target.contains("//127.") || target.contains("//localhost"));
        Self { local, network: 1, given: AtomicU32::new(0) }
    }

    /// Others than those of another process: `number` is that of this one, 0 to 200.
    pub fn in_network(mut self, number: u8) -> Self {
        self.network = 1 + number.min(200);
        self
    }

    /// For the next socket; `None`: the kernel chooses.
    pub fn next(&self) -> Option<Ipv4Addr> {
        let given = self.given.fetch_add(1, Relaxed);
        self.local.then(|| {
            let source = given / SOCKETS_PER_SOURCE % SOURCES;
            let octet = |number: u32| u8::try_from(number % 250 + 1).unwrap_or(1);
            Ipv4Addr::new(127, self.network, octet(source / 250), octet(source))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_on_this_machine_come_from_many_addresses() {
        let sources = Sources::of(&["http://127.0.0.1:8080".to_owned()]);
        let given: Vec<_> = (0..3 * SOCKETS_PER_SOURCE).map(|_| sources.next().unwrap()).collect();
        assert_eq!(given[0], Ipv4Addr::new(127, 1, 1, 1));
        assert_eq!(given[given.len() - 1], Ipv4Addr::new(127, 1, 1, 3));
        assert_eq!(Sources::of(&["http://keyleash.example".to_owned()]).next(), None);
    }
}

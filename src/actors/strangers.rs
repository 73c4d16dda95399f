//! How many sockets of one address may be open without having said who they are. Each frees its place when it says hello,
//! or is gone; the hello deadline sees to that.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use keyleash_domain::peer::network;

#[derive(Debug)]
pub(super) struct Strangers {
    max: u32,
    waiting: Mutex<HashMap<IpAddr, u32>>,
}

/// A place among the strangers of an address.
#[derive(Debug)]
pub struct Stranger {
    strangers: Arc<Strangers>,
    address: IpAddr,
}

impl Strangers {
    pub(super) fn new(max: u32) -> Arc<Self> {
        Arc::new(Self { max, waiting: Mutex::default() })
    }

    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Stranger> {
        let address = network(address);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.get(&address).copied().unwrap_or(0);
        if count >= self.max {
            return None;
        }
        waiting.insert(address, count + 1);
        Some(Stranger { strangers: self.clone(), address })
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut waiting = self.strangers.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = waiting.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_frees_itself() {
        let strangers = Strangers::new(2);
        let (here, elsewhere) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = strangers.admit(here).unwrap();
        let _second = strangers.admit(here).unwrap();
        assert!(strangers.admit(here).is_none());
        assert!(strangers.admit(elsewhere).is_some());
        drop(first);
        assert!(strangers.admit(here).is_some());
    }
}

//! `keyleash admin rewrap`: moves the data keys, and tells how far it is.

use std::io::{IsTerminal, Write, stdout};

use super::{StartError, adapters, keys};
use crate::{
    clock::SystemClock,
    config::Config,
    entropy::Entropy,
    vault::{
        VaultError,
        rewrap::{Pace, Progress, rewrap as move_all},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum RewrapError {
    #[error(transparent)]
    Open(#[from] StartError),
    #[error("stopped at {moved} of {total}; run it again to go on")]
    Stopped { moved: u64, total: u64, source: VaultError },
    #[error("{left} data keys were not moved, and stay under the key that they are under")]
    Left { left: u64 },
    #[error("{added} data keys came under another key meanwhile; restart every node, and run it again")]
    Added { added: u64 },
}

/// Moves every data key to the key that wraps at present.
pub fn rewrap(config: &Config) -> Result<(), RewrapError> {
    actix_rt::System::new().block_on(async {
        let entropy = Entropy::new();
        let kms = keys::open(config, &SystemClock, &entropy).await?;
        let store = adapters::store(config, &entropy).await?;
        let mut meter = Meter { on_terminal: stdout().is_terminal(), ..Meter::default() };
        let moved = move_all(&*store, &*kms, Pace::default(), |progress| meter.show(progress)).await;
        store.close().await;
        meter.end();
        conclude(&moved.map_err(|source| meter.stopped(source))?)
    })
}

fn conclude(progress: &Progress) -> Result<(), RewrapError> {
    println!("{} data keys moved", progress.moved);
    for (user, reason) in &progress.left_for {
        println!("  user {user} not: {reason}");
    }
    match (progress.left, progress.added) {
        (0, 0) => Ok(()),
        (0, added) => Err(RewrapError::Added { added }),
        (left, _) => Err(RewrapError::Left { left }),
    }
}

/// One line that changes on a terminal; elsewhere a line for each tenth.
#[derive(Default)]
struct Meter {
    on_terminal: bool,
    seen: Progress,
    tenths: Option<u64>,
}

impl Meter {
    fn show(&mut self, progress: &Progress) {
        let Progress { total, moved, left, .. } = *progress;
        self.seen = progress.clone();
        if self.on_terminal {
            print!("\r{} of {total} data keys", moved + left);
            // A terminal that went away does not stop the work.
            let _ = stdout().flush();
            return;
        }
        let tenths = (moved + left) * 10 / total.max(1);
        if self.tenths.replace(tenths) != Some(tenths) {
            println!("{} of {total} data keys", moved + left);
        }
    }

    fn end(&self) {
        if self.on_terminal {
            println!();
        }
    }

    fn stopped(&self, source: VaultError) -> RewrapError {
        RewrapError::Stopped { moved: self.seen.moved, total: self.seen.total, source }
    }
}

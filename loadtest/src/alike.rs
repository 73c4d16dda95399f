//! Whether every device holds what its user's others hold.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::crew::Post;

/// How long what was written may take until every device has it.
const LAST: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// Waits until that is so; how many devices do not. The posts of a user stand together.
pub async fn until_alike(posts: &[Arc<Post>]) -> usize {
    let until = Instant::now() + LAST;
    loop {
        let differing = posts.chunk_by(|one, other| one.user == other.user).map(differing).sum();
        if differing == 0 || Instant::now() > until {
            return differing;
        }
        sleep(POLL).await;
    }
}

/// Devices of one user that do not hold what the one does that came furthest.
fn differing(devices: &[Arc<Post>]) -> usize {
    let Some(furthest) = devices.iter().max_by_key(|post| post.seat.device().cursor) else { return 0 };
    let held = furthest.seat.device().held.clone();
    devices.iter().filter(|post| post.seat.device().held != held).count()
}

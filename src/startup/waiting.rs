//! Parts that are not there yet when the node starts.

use std::time::Duration;

use super::StartError;
use crate::causes;

/// The first pause before a part is tried again; doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What to do about a part that cannot be reached at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Wait for it: machines of one site start in any order.
    Wait,
    /// Stop, so that whoever started this sees it at once.
    FailFast,
}

/// Opens the parts, again and again while what is missing may still come. A mistake in the configuration does not.
pub(super) async fn until_there<T>(
    patience: Patience,
    open: impl AsyncFn() -> Result<T, StartError>,
) -> Result<T, StartError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match open().await {
            Err(error) if patience == Patience::Wait && error.may_pass() => {
                tracing::warn!(error = causes::in_one_line(&error), "waiting; trying again in {pause:?}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

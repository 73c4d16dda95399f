//! Parts that were in trouble when they were last used. Nobody uses them on a quiet night, so they are tried now and then
//! until they are well: readiness and alarms must not outlast the trouble.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{kms::Kms, mail::Mailer, telemetry::FIGURES};

/// How often. A part that is well is not asked: that would cost money or trouble.
const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn until_well(kms: Arc<dyn Kms>, mailer: Arc<dyn Mailer>) {
    loop {
        sleep(EVERY).await;
        if FIGURES.kms.trouble().is_some() && kms.wrapping_key().await.is_ok() {
            FIGURES.kms.is_well();
        }
        if FIGURES.mail.trouble().is_some() && mailer.check().await.is_ok() {
            FIGURES.mail.is_well();
        }
    }
}

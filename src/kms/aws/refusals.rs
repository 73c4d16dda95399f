//! Which errors of AWS KMS pass, and which ones an operator has to mend, with the words that say how.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

use crate::{causes, kms::KmsError};

/// While a key is refused, every unlock is. One line a minute for each reason is enough of an alarm.
const ALARM_INTERVAL: Duration = Duration::from_mins(1);

/// Codes that say "not now".
const PASSING: [&str; 10] = [
    "ThrottlingException",
    "Throttling",
    "LimitExceededException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "RequestTimeout",
    "RequestTimeoutException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "KMSInternalException",
];

const CREDENTIALS: &str = "check the AWS credentials that this process is given, and this machine's clock";

/// What to do about a refusal, by its code.
const MENDING: [(&str, &str); 16] = [
    ("DisabledException", "the key is disabled; enable it in AWS KMS"),
    ("KMSInvalidStateException", "the key cannot be used in its state; if its deletion is pending, cancel that"),
    (
        "NotFoundException",
        "there is no such key in this account and region; check kms.key_id and kms.region. A data key that is still under \
         a master key file needs kms.key_file",
    ),
    ("InvalidArnException", "kms.key_id is not an ARN, an id or an alias"),
    ("InvalidKeyUsageException", "the key is not for encryption; make a symmetric key"),
    ("IncorrectKeyException", "the data key is not under the key that its row names: the row was altered"),
    ("InvalidCiphertextException", "the data key was altered, or is another user's"),
    (
        "AccessDeniedException",
        "allow this process kms:GenerateDataKey, kms:Decrypt, kms:Encrypt and kms:DescribeKey on the key",
    ),
    ("ExpiredTokenException", "the credentials have expired; give this process ones that are renewed, such as a role"),
    ("UnrecognizedClientException", CREDENTIALS),
    ("InvalidClientTokenId", CREDENTIALS),
    ("InvalidSignatureException", CREDENTIALS),
    ("SignatureDoesNotMatch", CREDENTIALS),
    ("IncompleteSignature", CREDENTIALS),
    ("MissingAuthenticationTokenException", CREDENTIALS),
    ("RequestExpired", CREDENTIALS),
];

/// Sorts an error by whether trying again may help.
pub(super) fn sort<E>(operation: &'static str, error: SdkError<E>) -> KmsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(reason) = without_credentials(&error) {
        return KmsError::Refused { operation, reason };
    }
    match &error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("an error without a code");
            let status = answer.raw().status().as_u16();
            if status >= 500 || PASSING.contains(&code) {
                return KmsError::Unavailable { operation, source: Box::new(error) };
            }
            // The service's own words stay out: those about a signature repeat the request's headers.
            let mending = MENDING.iter().find(|(known, _)| *known == code).map(|(_, mending)| *mending);
            let mending = mending.unwrap_or("see AWS KMS's documentation of that error");
            KmsError::Refused { operation, reason: format!("{code}: {mending}") }
        }
        SdkError::ConstructionFailure(_) => {
            KmsError::Refused { operation, reason: format!("cannot ask: {}", causes::in_one_line(&error)) }
        }
        // Not reached, not answered in time, or not in a way that can be understood.
        _ => KmsError::Unavailable { operation, source: Box::new(error) },
    }
}

/// Whether the AWS environment gave no credentials, for good.
fn without_credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<CredentialsError>() {
            Some(CredentialsError::CredentialsNotLoaded(_)) => {
                return Some(
                    "no credentials; give this process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                        .to_owned(),
                );
            }
            Some(wrong @ CredentialsError::InvalidConfiguration(_)) => {
                return Some(format!("the AWS configuration is wrong: {}", causes::in_one_line(wrong)));
            }
            // Whoever gives out credentials may be down for a while.
            _ => cause = error.source(),
        }
    }
    None
}

pub(super) fn key_refused(operation: &'static str, key: &str, what: &str) -> KmsError {
    KmsError::Refused { operation, reason: format!("key {key} {what}") }
}

/// Tells the operator, and not for each user again.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    rung: Mutex<HashMap<String, Instant>>,
}

impl Alarm {
    /// Reasons are few: they come from the table above.
    pub(super) fn ring(&self, operation: &'static str, reason: &str) {
        if self.is_due(reason, Instant::now()) {
            tracing::error!(operation, reason, "AWS KMS refuses: what it refuses stays locked until this is mended");
        }
    }

    fn is_due(&self, reason: &str, now: Instant) -> bool {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung.retain(|_, at| now.duration_since(*at) < ALARM_INTERVAL);
        if rung.contains_key(reason) {
            return false;
        }
        rung.insert(reason.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_rung_once_a_minute_for_each_reason() {
        let (alarm, now) = (Alarm::default(), Instant::now());
        assert!(alarm.is_due("disabled", now));
        assert!(!alarm.is_due("disabled", now + ALARM_INTERVAL / 2));
        assert!(alarm.is_due("denied", now + ALARM_INTERVAL / 2));
        assert!(alarm.is_due("disabled", now + ALARM_INTERVAL));
    }
}

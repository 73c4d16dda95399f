//! Adapter: a key in AWS KMS. The key itself never leaves the service; who reads the database reads nothing without it.
//!
//! Needs of the key policy: `kms:GenerateDataKey` and `kms:Decrypt` to run, `kms:DescribeKey` to start, and `kms:Encrypt`
//! to move data keys to this key. A policy may insist on the encryption context `purpose` ([`KeyContext::PURPOSE`]).

mod refusals;

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_config::{BehaviorVersion, ConfigLoader, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kms::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{DataKeySpec, KeyState, KeyUsageType},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use tokio::{sync::Semaphore, time::timeout};
use zeroize::Zeroizing;

use self::refusals::{Alarm, key_refused, sort};
use super::{DataKey, KeyContext, Kms, KmsError, WrappedKey};
use crate::telemetry::{Call, FIGURES, Outcome};

/// How much is asked of the service, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct CallLimits {
    /// Calls under way at once; others wait for their turn. 64 calls of 10 ms are 6,400 a second, about what an account
    /// may ask of KMS in all.
    pub at_once_max: usize,
    /// Tries of one call, the first one counted. Between them is a pause that doubles, with jitter.
    pub tries_max: u32,
    /// How long a connection may take, TLS included.
    pub connect_max: Duration,
    /// How long one try may take. KMS answers in 10 ms; a second is a lost packet or two.
    pub try_max: Duration,
    /// How long a call may take in all, with its wait for a turn. Below the 5 s that the vault waits, so that whoever
    /// asked learns what was wrong.
    pub call_max: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            at_once_max: 64,
            tries_max: 3,
            connect_max: Duration::from_secs(1),
            try_max: Duration::from_millis(1_200),
            call_max: Duration::from_secs(4),
        }
    }
}

/// The pause before the second try; KMS's throttling looks at single seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Which key wraps, and where it is.
#[derive(Clone, Debug)]
pub struct AwsKey {
    /// ARN, id or alias.
    pub id: String,
    /// By default the one in the ARN, or else what the AWS environment says.
    pub region: Option<String>,
    /// Another address of the service, such as a VPC endpoint.
    pub endpoint_url: Option<String>,
}

pub struct AwsKms {
    client: Client,
    key: String,
    limits: CallLimits,
    turns: Semaphore,
    alarm: Alarm,
}

impl AwsKms {
    /// With the credentials that the AWS environment gives: variables, profile, web identity, container or instance role.
    /// Asks nothing of the service yet.
    pub async fn open(key: AwsKey) -> Result<Self, KmsError> {
        Self::with(aws_config::defaults(BehaviorVersion::latest()), key, CallLimits::default()).await
    }

    async fn with(environment: ConfigLoader, key: AwsKey, limits: CallLimits) -> Result<Self, KmsError> {
        // Chosen here, not by the SDK's default: one implementation of TLS for the whole program.
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits.connect_max)
            .operation_attempt_timeout(limits.try_max)
            .operation_timeout(limits.call_max);
        let retries = RetryConfig::standard()
            .with_max_attempts(limits.tries_max)
            .with_initial_backoff(FIRST_PAUSE)
            .with_max_backoff(LONGEST_PAUSE);
        let mut environment = environment.http_client(http).timeout_config(timeouts.build()).retry_config(retries);
        if let Some(region) = key.region.as_deref().or_else(|| region_of(&key.id)) {
            environment = environment.region(Region::new(region.to_owned()));
        }
        if let Some(url) = key.endpoint_url {
            environment = environment.endpoint_url(url);
        }
        let environment = environment.load().await;
        if environment.region().is_none() {
            let reason = "no region; set kms.region, or kms.key_id to the key's ARN".to_owned();
            return Err(KmsError::Refused { operation: "configure", reason });
        }
        Call::begin(&["generate", "unwrap", "wrap", "describe"], &FIGURES.kms_calls);
        Ok(Self {
            client: Client::new(&environment),
            key: key.id,
            limits,
            turns: Semaphore::new(limits.at_once_max),
            alarm: Alarm::default(),
        })
    }

    /// Makes a call when it is its turn, within the time for it, and counts it. The SDK's futures have 16 KB: callers box
    /// them.
    async fn call<T, E>(
        &self,
        operation: &'static str,
        key: &str,
        answer: impl Future<Output = Result<T, SdkError<E>>> + Send,
    ) -> Result<T, KmsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let began = Instant::now();
        let in_turn = async {
            let _turn = self.turns.acquire().await.map_err(|closed| unavailable(operation, closed))?;
            answer.await.map_err(|error| about(key, sort(operation, error)))
        };
        let answered = timeout(self.limits.call_max, in_turn).await;
        let answered = answered.unwrap_or_else(|elapsed| Err(unavailable(operation, elapsed)));
        let outcome = match &answered {
            Ok(_) => Outcome::Ok,
            Err(KmsError::Unavailable { .. }) => Outcome::Unavailable,
            Err(KmsError::Refused { reason, .. }) => {
                self.alarm.ring(operation, reason);
                Outcome::Refused
            }
        };
        FIGURES.kms_calls.get_or_create(&Call::new(operation, outcome)).inc();
        FIGURES.kms_seconds.observe(began.elapsed().as_secs_f64());
        answered
    }
}

#[async_trait]
impl Kms for AwsKms {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, WrappedKey), KmsError> {
        const OPERATION: &str = "generate";
        let request = self
            .client
            .generate_data_key()
            .key_id(&self.key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(encryption_context(context)));
        let made = self.call(OPERATION, &self.key, Box::pin(request.send())).await?;
        Ok((data_key(OPERATION, made.plaintext)?, wrapped(OPERATION, made.key_id, made.ciphertext_blob)?))
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KmsError> {
        const OPERATION: &str = "unwrap";
        let request = self
            .client
            .decrypt()
            // Named, so that nothing is opened that somebody wrapped under a key of their own.
            .key_id(&wrapped.key_id)
            .ciphertext_blob(Blob::new(wrapped.blob.clone()))
            .set_encryption_context(Some(encryption_context(context)));
        let opened = self.call(OPERATION, &wrapped.key_id, Box::pin(request.send())).await?;
        data_key(OPERATION, opened.plaintext)
    }

    async fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KmsError> {
        const OPERATION: &str = "wrap";
        let request = self
            .client
            .encrypt()
            .key_id(&self.key)
            // The SDK keeps the request in memory that it does not clear. Only moving data keys comes by here.
            .plaintext(Blob::new(key.to_vec()))
            .set_encryption_context(Some(encryption_context(context)));
        let sealed = self.call(OPERATION, &self.key, Box::pin(request.send())).await?;
        wrapped(OPERATION, sealed.key_id, sealed.ciphertext_blob)
    }

    async fn wrapping_key(&self) -> Result<String, KmsError> {
        const OPERATION: &str = "describe";
        let request = self.client.describe_key().key_id(&self.key);
        let described = self.call(OPERATION, &self.key, Box::pin(request.send())).await?;
        let key = described.key_metadata.ok_or_else(|| incomplete(OPERATION))?;
        let unfit = match (&key.key_state, &key.key_usage) {
            (Some(KeyState::Enabled), Some(KeyUsageType::EncryptDecrypt)) => None,
            (Some(KeyState::Enabled), _) => Some("is not for encryption; make a symmetric key".to_owned()),
            (Some(KeyState::Disabled), _) => Some("is disabled; enable it in AWS KMS".to_owned()),
            (state, _) => {
                let state = state.as_ref().map_or("in no known state", KeyState::as_str);
                Some(format!("is {state}; see the key states in AWS KMS's documentation"))
            }
        };
        match (unfit, key.arn) {
            (None, Some(arn)) => Ok(arn),
            (None, None) => Err(incomplete(OPERATION)),
            (Some(unfit), _) => Err(key_refused(OPERATION, &self.key, &unfit)),
        }
    }
}

impl fmt::Debug for AwsKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AwsKms({})", self.key)
    }
}

/// Says which key was refused: while data keys are moved there are two.
fn about(key: &str, error: KmsError) -> KmsError {
    match error {
        KmsError::Refused { operation, reason } => {
            KmsError::Refused { operation, reason: format!("{reason} (key {key})") }
        }
        unavailable @ KmsError::Unavailable { .. } => unavailable,
    }
}

/// `arn:aws:kms:REGION:ACCOUNT:key/ID`
fn region_of(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

fn encryption_context(context: &KeyContext) -> HashMap<String, String> {
    let pairs = [("purpose", KeyContext::PURPOSE.to_owned()), ("user", context.user.to_string())];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Clears the SDK's copy. What cannot be reached from here stays in freed memory until it is used again: the answer's JSON,
/// and TLS's buffer.
fn data_key(operation: &'static str, plaintext: Option<Blob>) -> Result<DataKey, KmsError> {
    let plaintext = Zeroizing::new(plaintext.map(Blob::into_inner).unwrap_or_default());
    let bits: &[u8; 32] = plaintext.as_slice().try_into().map_err(|_| incomplete(operation))?;
    Ok(DataKey::new(*bits))
}

fn wrapped(operation: &'static str, key_id: Option<String>, blob: Option<Blob>) -> Result<WrappedKey, KmsError> {
    let (Some(key_id), Some(blob)) = (key_id, blob) else { return Err(incomplete(operation)) };
    Ok(WrappedKey { key_id, blob: blob.into_inner() })
}

fn incomplete(operation: &'static str) -> KmsError {
    unavailable(operation, "an answer without what was asked for")
}

fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> KmsError {
    KmsError::Unavailable { operation, source: source.into() }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::config::Credentials;
    use keyleash_protocol::UserId;
    use keyleash_testbed::{Link, kms};
    use tokio::time::sleep;
    use uuid::Uuid;

    use super::*;
    use crate::kms::conformance;

    const CONTEXT: KeyContext = KeyContext { user: UserId::from_uuid(Uuid::from_u128(1)) };

    /// For a machine that has much else to do.
    const PATIENT: CallLimits = CallLimits {
        at_once_max: 64,
        tries_max: 3,
        connect_max: Duration::from_secs(30),
        try_max: Duration::from_secs(30),
        call_max: Duration::from_mins(1),
    };

    #[tokio::test]
    async fn conforms() {
        let service = kms::Kms::start();
        conformance::holds(&client(&service.endpoint(), &service.create_key()).await).await;
    }

    #[tokio::test]
    async fn a_data_key_names_the_key_that_wrapped_it_and_no_other_key_opens_it() {
        let service = kms::Kms::start();
        let (first, second) = (service.create_key(), service.create_key());
        service.name_key("alias/keyleash", &first);
        let client = client(&service.endpoint(), "alias/keyleash").await;
        let (key, wrapped) = client.generate(&CONTEXT).await.unwrap();
        assert_eq!(wrapped.key_id, first);

        service.name_key("alias/keyleash", &second);
        assert_eq!(client.wrapping_key().await.unwrap(), second);
        assert_eq!(client.unwrap(&CONTEXT, &wrapped).await.unwrap(), key, "the former key still opens");
        let under_another = WrappedKey { key_id: second, ..wrapped };
        assert_eq!(refusal(client.unwrap(&CONTEXT, &under_another).await), "IncorrectKeyException");
    }

    #[tokio::test]
    async fn what_passes_is_retried_here_and_then_by_whoever_asked() {
        let service = kms::Kms::start();
        let client = client(&service.endpoint(), &service.create_key()).await;
        let (key, wrapped) = client.generate(&CONTEXT).await.unwrap();
        for (status, code) in
            [(400, "ThrottlingException"), (500, "KMSInternalException"), (500, "KeyUnavailableException")]
        {
            service.refuse(status, code, 2);
            assert_eq!(client.unwrap(&CONTEXT, &wrapped).await.unwrap(), key, "{code}, twice");
            service.refuse(status, code, 1_000);
            let before = service.calls("Decrypt");
            assert_unavailable(&client.unwrap(&CONTEXT, &wrapped).await);
            assert_eq!(service.calls("Decrypt") - before, PATIENT.tries_max);
            service.relent();
        }
        assert_eq!(client.unwrap(&CONTEXT, &wrapped).await.unwrap(), key);
    }

    #[tokio::test]
    async fn what_an_operator_has_to_mend_is_refused_at_once_with_the_words_for_it() {
        let service = kms::Kms::start();
        let key = service.create_key();
        let client = client(&service.endpoint(), &key).await;
        let (_, wrapped) = client.generate(&CONTEXT).await.unwrap();
        let before = service.calls("Decrypt");
        service.disable(&key);
        assert_eq!(refusal(client.unwrap(&CONTEXT, &wrapped).await), "DisabledException");
        assert_eq!(refusal(client.generate(&CONTEXT).await), "DisabledException");
        let described = client.wrapping_key().await.unwrap_err().to_string();
        assert!(described.contains("is disabled; enable it"), "{described}");
        service.enable(&key);
        client.unwrap(&CONTEXT, &wrapped).await.unwrap();
        for code in ["AccessDeniedException", "ExpiredTokenException", "SomethingNewException"] {
            service.refuse(400, code, 1);
            assert_eq!(refusal(client.unwrap(&CONTEXT, &wrapped).await), code);
        }
        service.schedule_deletion(&key);
        assert_eq!(refusal(client.unwrap(&CONTEXT, &wrapped).await), "KMSInvalidStateException");
        assert!(client.wrapping_key().await.unwrap_err().to_string().contains("PendingDeletion"));
        assert_eq!(service.calls("Decrypt") - before, 6, "a refusal is not retried");

        let unknown = self::client(&service.endpoint(), "alias/nobody").await;
        assert_eq!(refusal(unknown.generate(&CONTEXT).await), "NotFoundException");
        assert_eq!(refusal(unknown.wrapping_key().await), "NotFoundException");
    }

    #[tokio::test]
    async fn a_service_that_does_not_answer_is_given_up_and_found_again() {
        let service = kms::Kms::start();
        let link = Link::to(service.port()).await;
        let endpoint = format!("http://localhost:{}", link.port());
        let limits = CallLimits {
            try_max: Duration::from_secs(1),
            call_max: Duration::from_millis(2_500),
            ..CallLimits::default()
        };
        let client = with(&endpoint, &service.create_key(), limits).await;
        let (key, wrapped) = client.generate(&CONTEXT).await.unwrap();
        link.silence();
        assert_unavailable(&client.unwrap(&CONTEXT, &wrapped).await);
        link.cut();
        assert_unavailable(&client.unwrap(&CONTEXT, &wrapped).await);
        link.up();
        assert_eq!(client.unwrap(&CONTEXT, &wrapped).await.unwrap(), key);
        service.slow(limits.try_max * 2);
        assert_unavailable(&client.unwrap(&CONTEXT, &wrapped).await);
        service.slow(Duration::ZERO);
        assert_eq!(client.unwrap(&CONTEXT, &wrapped).await.unwrap(), key);
    }

    #[tokio::test]
    async fn calls_wait_for_their_turn_and_one_that_is_given_up_leaves_its_place() {
        let service = kms::Kms::start();
        let limits = CallLimits { at_once_max: 1, ..PATIENT };
        let client = with(&service.endpoint(), &service.create_key(), limits).await;
        let (_, wrapped) = client.generate(&CONTEXT).await.unwrap();
        service.slow(PATIENT.call_max);
        let arrived = async {
            while service.calls("Decrypt") == 0 {
                sleep(Duration::from_millis(10)).await;
            }
            // For as long as the other one would need, if it were let through.
            sleep(Duration::from_millis(300)).await;
            service.calls("Decrypt")
        };
        tokio::select! {
            early = client.unwrap(&CONTEXT, &wrapped) => panic!("{early:?}"),
            early = client.unwrap(&CONTEXT, &wrapped) => panic!("{early:?}"),
            arrived = arrived => assert_eq!(arrived, 1, "one at a time"),
        }
        service.slow(Duration::ZERO);
        client.unwrap(&CONTEXT, &wrapped).await.unwrap();
    }

    #[tokio::test]
    async fn a_region_is_needed_and_an_arn_names_it() {
        assert_eq!(region_of("arn:aws:kms:eu-west-1:123456789012:key/x"), Some("eu-west-1"));
        assert_eq!(region_of("alias/keyleash"), None);
        let key = AwsKey { id: "alias/keyleash".to_owned(), region: None, endpoint_url: None };
        let nowhere = aws_config::defaults(BehaviorVersion::latest()).empty_test_environment();
        let refused = AwsKms::with(nowhere, key, CallLimits::default()).await.unwrap_err();
        assert!(refused.to_string().contains("kms.region"), "{refused}");
    }

    async fn client(endpoint: &str, key: &str) -> AwsKms {
        with(endpoint, key, PATIENT).await
    }

    async fn with(endpoint: &str, key: &str, limits: CallLimits) -> AwsKms {
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        let environment = aws_config::defaults(BehaviorVersion::latest()).credentials_provider(credentials);
        let key = AwsKey {
            id: key.to_owned(),
            region: Some(kms::REGION.to_owned()),
            endpoint_url: Some(endpoint.to_owned()),
        };
        AwsKms::with(environment, key, limits).await.unwrap()
    }

    /// The code that a reason begins with; behind it are words that say how to mend it.
    #[track_caller]
    fn refusal<T: fmt::Debug>(outcome: Result<T, KmsError>) -> String {
        let Err(KmsError::Refused { reason, .. }) = outcome else { panic!("{outcome:?}") };
        let (code, mending) = reason.split_once(": ").unwrap();
        assert!(mending.len() > 10, "{reason}");
        code.to_owned()
    }

    #[track_caller]
    fn assert_unavailable<T: fmt::Debug>(outcome: &Result<T, KmsError>) {
        assert!(matches!(outcome, Err(KmsError::Unavailable { .. })), "{outcome:?}");
    }
}

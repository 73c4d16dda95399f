//! A key set at an address of the vendor's, fetched now and then, and when a token names a key that is not known.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{Instant, sleep, timeout};

use super::{Jwks, JwksError, KeySet, SET_BYTES_MAX};
use crate::{causes, telemetry::FIGURES};

/// A key that the vendor takes out is good for so long, as long as the vendor can be reached.
const REFRESH_EVERY: Duration = Duration::from_mins(15);
/// Between two fetches because of keys that are not known, which anybody can name; and after a fetch that failed.
const PAUSE: Duration = Duration::from_mins(1);
/// How long the vendor may take: a login waits for it.
const FETCH_MAX: Duration = Duration::from_secs(5);
/// How long known keys go on while the vendor cannot be asked: over a night, and no key that was taken out for longer.
const STALE_AFTER: Duration = Duration::from_hours(24);

pub struct UrlJwks {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    state: Mutex<State>,
    /// One fetch at a time; whoever waited looks at what it brought.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// When a key that is not known was last asked for.
    asked: Option<Instant>,
}

struct Known {
    keys: Arc<KeySet>,
    fetched: Instant,
}

impl UrlJwks {
    /// Fetches nothing yet; see [`Self::fetch`].
    pub fn new(url: &str) -> Result<Self, JwksError> {
        let unreadable = |source| JwksError::Unreadable { place: url.to_owned(), source };
        let uri = url.parse().map_err(|error: hyper::http::uri::InvalidUri| unreadable(error.into()))?;
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| unreadable(error.into()))?;
        // http:// only to this machine: the configuration was checked for that.
        let connector = connector.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { url: uri, client, state: Mutex::default(), fetching: tokio::sync::Mutex::default() })
    }

    /// Asks the vendor. What cannot be used leaves the known keys as they are.
    pub async fn fetch(&self) -> Result<(), JwksError> {
        let fetched = self.ask().await;
        match &fetched {
            Ok(_) => FIGURES.vendor_keys.is_well(),
            Err(error) => {
                FIGURES.vendor_keys.has_trouble(error);
                tracing::error!(error = causes::in_one_line(error), "the vendor's keys could not be fetched");
            }
        }
        self.state().known = Some(Known { keys: Arc::new(fetched?), fetched: Instant::now() });
        Ok(())
    }

    /// Follows no redirect: the keys are the vendor's only where the operator said that they are.
    async fn ask(&self) -> Result<KeySet, JwksError> {
        let unreadable = |source| JwksError::Unreadable { place: self.url.to_string(), source };
        let conversation = async {
            let mut request = Request::new(Empty::new());
            *request.uri_mut() = self.url.clone();
            request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
            let answer = self.client.request(request).await.map_err(|error| unreadable(error.into()))?;
            if answer.status() != StatusCode::OK {
                return Err(unreadable(format!("it answers {}", answer.status()).into()));
            }
            let body = Limited::new(answer.into_body(), SET_BYTES_MAX).collect().await.map_err(unreadable)?;
            Ok(body.to_bytes())
        };
        let late = |_| unreadable(format!("it does not answer within {FETCH_MAX:?}").into());
        let json = timeout(FETCH_MAX, conversation).await.map_err(late)??;
        KeySet::parse(&json).map_err(|source| JwksError::Unusable { place: self.url.to_string(), source })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Option<Arc<KeySet>> {
        self.state().known_at(Instant::now())
    }
}

impl State {
    fn known_at(&self, now: Instant) -> Option<Arc<KeySet>> {
        let known = self.known.as_ref().filter(|known| now.duration_since(known.fetched) < STALE_AFTER);
        known.map(|known| known.keys.clone())
    }

    /// Whether it is time to ask because of a key that is not known; if so, that is noted.
    fn may_ask(&mut self, now: Instant) -> bool {
        let may = self.asked.is_none_or(|asked| now.duration_since(asked) >= PAUSE);
        if may {
            self.asked = Some(now);
        }
        may
    }
}

#[async_trait]
impl Jwks for UrlJwks {
    async fn keys(&self, wanted: &str) -> Result<Arc<KeySet>, JwksError> {
        let is_there = |known: &Arc<KeySet>| known.has(wanted);
        if let Some(keys) = self.known().filter(is_there) {
            return Ok(keys);
        }
        let turn = self.fetching.lock().await;
        if !self.known().is_some_and(|keys| is_there(&keys)) && self.state().may_ask(Instant::now()) {
            // What went wrong is in the log; the known keys go on.
            let _ = self.fetch().await;
        }
        drop(turn);
        self.known()
            .ok_or_else(|| JwksError::NoKeys { reason: "they could not be fetched yet, or not for a day".into() })
    }

    async fn watch(&self) {
        loop {
            sleep(if FIGURES.vendor_keys.trouble().is_some() { PAUSE } else { REFRESH_EVERY }).await;
            let turn = self.fetching.lock().await;
            let _ = self.fetch().await;
            drop(turn);
        }
    }
}

impl fmt::Debug for UrlJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlJwks({})", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_not_known_cause_one_question_a_minute() {
        let (mut state, now) = (State::default(), Instant::now());
        assert!(state.may_ask(now) && !state.may_ask(now) && !state.may_ask(now + PAUSE / 2));
        assert!(state.may_ask(now + PAUSE) && !state.may_ask(now + PAUSE));
    }

    #[test]
    fn known_keys_go_on_for_a_day_without_the_vendor() {
        let key = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{}"}}]}}"#, "A".repeat(43));
        let (keys, fetched) = (Arc::new(KeySet::parse(key.as_bytes()).unwrap()), Instant::now());
        let state = State { known: Some(Known { keys, fetched }), asked: None };
        assert!(state.known_at(fetched + STALE_AFTER - Duration::from_secs(1)).is_some());
        assert!(state.known_at(fetched + STALE_AFTER).is_none());
    }
}

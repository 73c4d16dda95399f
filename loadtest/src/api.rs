//! The server's HTTP interface, as a program with a session uses it.

use std::time::Duration;

use keyleash_protocol::{
    DeviceId, ProblemCode, Sensitive,
    http::{
        Approve, DeviceList, DeviceView, Enrol, Enrolled, LinkToken, LogIn, LoggedIn, Me, RecoveryCodes, Removal,
        RemoveDevice, RemoveMany, RemovedDevices, SecondFactor, SetSync, SetUpTotp, SignUp, TotpConfirm, TotpSetup,
        Transport, VerificationMail,
    },
    problem::Problem,
};
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

/// A call that takes longer is given up: no answer of the server's takes a tenth of it, Argon2's queue included.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0} is no server's address: http://host:port is one")]
    Address(String),
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
    #[error("{call}: no answer from {server}; is the server running there?")]
    Unreachable { call: String, server: String, source: reqwest::Error },
    #[error("{call}: {detail} ({code:?})")]
    Refused { call: String, code: ProblemCode, detail: String },
    #[error(
        "{call}: the server limits how often one address may try, and all of a load test comes from one. Start it with \
         limits.attempts_per_address = 1000000 and limits.mails_per_hour = 1000, or wait {wait} s"
    )]
    Limited { call: String, wait: u64 },
    #[error("{call}: an answer that is none of Keyleash's (status {status}); what runs at {server}?")]
    Foreign { call: String, server: String, status: u16, source: reqwest::Error },
}

impl ApiError {
    /// The server's reason, if it gave one.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Limited { .. } => Some(ProblemCode::TooManyRequests),
            Self::Address(_) | Self::Client(_) | Self::Unreachable { .. } | Self::Foreign { .. } => None,
        }
    }

    /// For counting: words without a name or an address in them.
    pub fn kind(&self) -> String {
        match self {
            Self::Refused { code, .. } => format!("call refused: {code:?}"),
            Self::Limited { .. } => "call refused: too many from one address".to_owned(),
            Self::Unreachable { source, .. } if source.is_timeout() => "call timed out".to_owned(),
            Self::Unreachable { .. } => "call not answered".to_owned(),
            Self::Foreign { status, .. } => format!("call answered with {status}, not by Keyleash"),
            Self::Address(_) | Self::Client(_) => "call not made".to_owned(),
        }
    }
}

/// A server, and a session there if somebody logged in.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    server: String,
    token: Option<Sensitive>,
}

impl Api {
    /// `server` is like `http://127.0.0.1:8080`.
    pub fn new(server: &str) -> Result<Self, ApiError> {
        if !server.starts_with("http://") {
            return Err(ApiError::Address(server.to_owned()));
        }
        let http = reqwest::Client::builder().timeout(PATIENCE).build().map_err(ApiError::Client)?;
        Ok(Self { http, server: server.trim_end_matches('/').to_owned(), token: None })
    }

    /// The same server, as whoever has this session.
    pub fn with_token(&self, token: Sensitive) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// Another server of the same site, with the same session and connections.
    pub fn at(&self, server: &str) -> Self {
        Self { server: server.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn token(&self) -> Option<&Sensitive> {
        self.token.as_ref()
    }

    pub async fn sign_up(&self, email: &str, password: &Sensitive) -> Result<(), ApiError> {
        self.tell(Method::POST, "/signup", &SignUp { email: email.to_owned(), password: password.clone() }).await
    }

    pub async fn confirm_sign_up(&self, token: Sensitive) -> Result<(), ApiError> {
        self.tell(Method::POST, "/signup/confirm", &LinkToken { token }).await
    }

    /// A session of its own for whoever logs in.
    pub async fn log_in(
        &self,
        email: &str,
        password: &Sensitive,
        second_factor: SecondFactor,
    ) -> Result<(Self, Me), ApiError> {
        let transport = Some(Transport::Bearer);
        let body = LogIn { email: email.to_owned(), password: password.clone(), second_factor, transport };
        let LoggedIn { me, token } = self.ask(Method::POST, "/login", &body).await?;
        Ok((Self { token, ..self.clone() }, me))
    }

    pub async fn set_up_totp(&self, password: &Sensitive) -> Result<TotpSetup, ApiError> {
        let body = SetUpTotp { password: Some(password.clone()), ..SetUpTotp::default() };
        self.ask(Method::POST, "/totp/setup", &body).await
    }

    pub async fn confirm_totp(&self, code: Sensitive) -> Result<RecoveryCodes, ApiError> {
        self.ask(Method::POST, "/totp/confirm", &TotpConfirm { code }).await
    }

    pub async fn turn_sync_on(&self) -> Result<Me, ApiError> {
        let body = SetSync { enabled: Some(true), auto_connect: None, second_factor: SecondFactor::default() };
        self.ask(Method::PUT, "/sync", &body).await
    }

    pub async fn enrol(&self, body: &Enrol) -> Result<Enrolled, ApiError> {
        self.ask(Method::POST, "/devices", body).await
    }

    pub async fn devices(&self) -> Result<Vec<DeviceView>, ApiError> {
        let DeviceList { devices } = self.call::<(), _>(Method::GET, "/devices", None).await?;
        Ok(devices)
    }

    pub async fn ask_for_verification(&self, device: DeviceId) -> Result<VerificationMail, ApiError> {
        self.ask(Method::POST, &format!("/devices/{device}/verification-mail"), &()).await
    }

    pub async fn approve(&self, token: Sensitive, second_factor: SecondFactor) -> Result<DeviceView, ApiError> {
        self.ask(Method::POST, "/device-verifications", &Approve { token, second_factor }).await
    }

    pub async fn remove(&self, device: DeviceId, second_factor: SecondFactor) -> Result<Removal, ApiError> {
        let body = RemoveDevice { erase: false, second_factor };
        self.ask(Method::POST, &format!("/devices/{device}/remove"), &body).await
    }

    /// Removes every device but the one that stays.
    pub async fn remove_others(
        &self,
        stays: DeviceId,
        second_factor: SecondFactor,
    ) -> Result<RemovedDevices, ApiError> {
        let body = RemoveMany { device: Some(stays), second_factor };
        self.ask(Method::POST, "/devices/remove-others", &body).await
    }

    async fn ask<A: DeserializeOwned>(&self, method: Method, path: &str, body: &impl Serialize) -> Result<A, ApiError> {
        self.call(method, path, Some(body)).await
    }

    /// For calls that are answered without a body.
    async fn tell(&self, method: Method, path: &str, body: &impl Serialize) -> Result<(), ApiError> {
        self.send(method, path, Some(body)).await.map(drop)
    }

    async fn call<B: Serialize, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<A, ApiError> {
        let call = format!("{method} {path}");
        let response = self.send(method, path, body).await?;
        let status = response.status().as_u16();
        let server = self.server.clone();
        response.json().await.map_err(|source| ApiError::Foreign { call, server, status, source })
    }

    async fn send<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<reqwest::Response, ApiError> {
        let call = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.server));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let server = self.server.clone();
        let response = match request.send().await {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(response) => response,
            // The address says nothing that the error does not, and it is long.
            Err(error) => return Err(ApiError::Unreachable { call, server, source: error.without_url() }),
        };
        let status = response.status();
        Err(match response.json().await {
            Ok(problem) => refused(call, status, problem),
            Err(source) => ApiError::Foreign { call, server, status: status.as_u16(), source: source.without_url() },
        })
    }
}

/// Too many wrong codes of one user are that user's; too many requests are the address's or the mailbox's.
fn refused(call: String, status: StatusCode, problem: Problem) -> ApiError {
    match problem {
        Problem { code: ProblemCode::TooManyRequests, retry_after, .. } if status == StatusCode::TOO_MANY_REQUESTS => {
            ApiError::Limited { call, wait: retry_after.unwrap_or_default() }
        }
        Problem { code, detail, .. } => ApiError::Refused { call, code, detail },
    }
}

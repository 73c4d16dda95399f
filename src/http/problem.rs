//! Refusals as `application/problem+json` (RFC 9457). One exhaustive match from what went wrong to code and status.

use std::{fmt, time::Duration};

use actix_web::{
    HttpResponse, Responder, ResponseError,
    body::BoxBody,
    error::{JsonPayloadError, QueryPayloadError},
    http::{StatusCode, header},
};
use keyleash_protocol::{ProblemCode, problem::Problem, socket::RevokeReason};

use crate::{causes, identity::Refusal, kms::KmsError, store::StoreError, vault::VaultError};

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused(Box<Problem>);

impl Refused {
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            code,
            status: code.status(),
            title: code.title().to_owned(),
            detail: detail.into(),
            field: None,
            retry_after: None,
            reason: None,
        }))
    }

    pub(super) fn field(mut self, field: &str) -> Self {
        self.0.field = Some(field.to_owned());
        self
    }

    fn wait(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait.as_secs().saturating_add(1));
        self
    }

    fn reason(mut self, reason: RevokeReason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// At login a missing code is part of not being logged in.
    fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::BadCredentials => Self::new(ProblemCode::BadCredentials, detail),
            Refusal::BadToken(_) => Self::new(ProblemCode::BadToken, detail),
            Refusal::VendorsKeys(error) => {
                tracing::warn!(error = causes::in_one_line(&error), "nobody can log in with the vendor");
                Self::new(
                    ProblemCode::Unavailable,
                    "the vendor's keys cannot be fetched for now; try again in a moment",
                )
                .wait(Duration::from_secs(1))
            }
            Refusal::LoginElsewhere => Self::new(ProblemCode::LoginElsewhere, detail),
            Refusal::SessionRequired => Self::new(ProblemCode::SessionRequired, detail),
            Refusal::DeviceRemoved(reason) => Self::new(ProblemCode::DeviceRemoved, detail).reason(reason),
            Refusal::TotpRequired { at_login: true } => {
                Self::new(ProblemCode::TotpRequired, detail).with_status(StatusCode::UNAUTHORIZED)
            }
            Refusal::TotpRequired { at_login: false } => Self::new(ProblemCode::TotpRequired, detail),
            Refusal::TotpInvalid => Self::new(ProblemCode::TotpInvalid, detail),
            Refusal::TooManyAttempts { wait } => Self::new(ProblemCode::TooManyAttempts, detail).wait(wait),
            Refusal::TooManyRequests { wait } => Self::new(ProblemCode::TooManyRequests, detail).wait(wait),
            Refusal::TotpNotEnabled => Self::new(ProblemCode::TotpNotEnabled, detail),
            Refusal::TotpAlreadyEnabled => Self::new(ProblemCode::TotpAlreadyEnabled, detail),
            Refusal::SyncOff => Self::new(ProblemCode::SyncOff, detail),
            Refusal::NotFound => Self::new(ProblemCode::NotFound, detail),
            Refusal::DeviceState | Refusal::Vault(VaultError::NotVerified) => {
                Self::new(ProblemCode::DeviceState, detail)
            }
            Refusal::LinkUsedOrExpired => Self::new(ProblemCode::LinkUsedOrExpired, detail),
            Refusal::TooManyDevices => Self::new(ProblemCode::QuotaExceeded, detail),
            Refusal::Invalid(invalid) => Self::new(ProblemCode::InvalidField, invalid.rule).field(invalid.field),
            Refusal::BadKey(_) | Refusal::KeysTaken => Self::new(ProblemCode::BadKey, detail),
            Refusal::Store(error @ StoreError::Unavailable { .. })
            | Refusal::Vault(VaultError::Store(error @ StoreError::Unavailable { .. })) => {
                tracing::warn!(error = causes::in_one_line(&error), "the database is unavailable");
                Self::new(ProblemCode::Unavailable, "the database is unavailable; try again in a moment")
                    .wait(Duration::from_secs(1))
            }
            Refusal::Store(error) => internal("store", &error),
            Refusal::Vault(VaultError::Kms(KmsError::Unavailable { operation, .. })) => {
                tracing::warn!(operation, "the key service is unavailable");
                Self::new(ProblemCode::Unavailable, "the key service is unavailable; try again in a moment")
                    .wait(Duration::from_secs(1))
            }
            Refusal::Vault(error) => internal("vault", &error),
            Refusal::Interrupted(_) => internal("worker", &refusal),
        }
    }
}

/// What went wrong inside is logged with its causes; the answer says only that something did.
fn internal(part: &'static str, error: &dyn std::error::Error) -> Refused {
    tracing::error!(part, error = causes::in_one_line(error), "a request failed inside");
    Refused::new(ProblemCode::Internal, "something went wrong inside; it is logged")
}

pub(super) fn bad_json(error: &JsonPayloadError) -> Refused {
    match error {
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            Refused::new(ProblemCode::TooLarge, format!("at most {} bytes", super::BODY_BYTES_MAX))
        }
        JsonPayloadError::ContentType => Refused::new(ProblemCode::UnsupportedMediaType, "send application/json"),
        // serde names the missing or mistyped field and never repeats a value of ours to somebody else.
        JsonPayloadError::Deserialize(error) => Refused::new(ProblemCode::BadJson, shape(error)),
        _ => Refused::new(ProblemCode::BadJson, "the body could not be read"),
    }
}

/// What is wrong with a body's shape, without its values: they may be secrets.
fn shape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") || error.is_syntax() || error.is_eof() {
        text
    } else {
        format!("a field has the wrong type at line {}, column {}", error.line(), error.column())
    }
}

pub(super) fn bad_query(error: &QueryPayloadError) -> Refused {
    Refused::new(ProblemCode::InvalidField, error.to_string())
}

pub(super) fn not_found() -> Refused {
    Refused::new(ProblemCode::NotFound, "there is nothing at this address")
}

pub(super) fn method_not_allowed() -> Refused {
    Refused::new(ProblemCode::MethodNotAllowed, "this address takes other methods; see openapi.json")
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.code, self.0.detail)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.content_type("application/problem+json").body(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl Responder for Refused {
    type Body = BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse<BoxBody> {
        self.error_response()
    }
}

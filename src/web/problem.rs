//! Answers that say no: one envelope that every Customer.io client can read, in fixed words. Nothing from
//! inside (a query, a path, an expected signature) is ever in it.

use serde_json::json;
use ulid::Ulid;
use warp::http::header::{ALLOW, CONNECTION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::answer;
use crate::intake::Refusal;

/// Seconds after which a client may try again.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    /// A short fixed word for programs.
    reason: &'static str,
    /// The name of the field that is wrong.
    field: Option<String>,
    message: String,
    header: Header,
}

/// The one header that some refusals carry.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Header {
    None,
    Allow(String),
    Close,
    RetryAfter,
    Basic,
}

impl Problem {
    fn new(status: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, reason, field: None, message: message.into(), header: Header::None }
    }

    /// 400: `field` is wrong in this way.
    pub fn field(field: impl Into<String>, reason: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(StatusCode::BAD_REQUEST, reason, message) }
    }

    /// 400 that no field is to blame for.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// 400: the client stopped sending.
    pub fn broken_off() -> Self {
        Self::bad_request("the body broke off")
    }

    /// 401 for the Track API, whose keys are a site id and an API key.
    pub fn no_track_key() -> Self {
        let message = "the site id and API key are missing or wrong: send them as Basic credentials";
        Self { header: Header::Basic, ..Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message) }
    }

    /// 401 for everything that asks for the app key.
    pub fn no_app_key() -> Self {
        let message = "the app key is missing or wrong: send it as a Bearer token";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 404: there is no such person, segment …
    pub fn no_such(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 405 with the methods that there are.
    pub fn method(allowed: &[&Method]) -> Self {
        let list = allowed.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("this path takes {list}");
        Self { header: Header::Allow(list), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message) }
    }

    /// 409: what is asked for is under way already.
    pub fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// 408: the body took too long. The connection closes.
    pub fn too_slow() -> Self {
        let message = "the body did not come in time";
        Self { header: Header::Close, ..Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", message) }
    }

    /// 413. The connection closes: what is still coming would not be a request.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self { header: Header::Close, ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message) }
    }

    /// 415: the body is compressed.
    pub fn encoded() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding", "send the body without a Content-Encoding")
    }

    /// 500: one thing went wrong for good and is kept for the operator.
    pub fn quarantined() -> Self {
        let message = "this could not be processed and is kept in quarantine";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "quarantined", message)
    }

    /// 501: a call of Customer.io's that is not here.
    pub fn absent(sentence: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", sentence)
    }

    /// 503: too much is waiting. Nothing was done.
    pub fn busy() -> Self {
        let message = "too much is waiting; nothing was done, try again";
        Self { header: Header::RetryAfter, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message) }
    }

    /// 503: what was to be done was not confirmed in time.
    pub fn unconfirmed() -> Self {
        let message = "this was not confirmed in time; it may be done or not, try again";
        Self { header: Header::RetryAfter, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unconfirmed", message) }
    }

    /// 503: the intake did not take it, or did not say so in time.
    pub fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full | Refusal::Stopping => Self::busy(),
            Refusal::Unavailable => Self::unconfirmed(),
        }
    }

    /// 503: the database does not answer. `reference` is in the log beside the cause.
    pub fn storage(reference: Ulid) -> Self {
        let message = format!("the database did not answer; try again (reference {reference})");
        Self { header: Header::RetryAfter, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message) }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Whether the body was larger than it may be.
    pub fn is_too_large(&self) -> bool {
        self.status == StatusCode::PAYLOAD_TOO_LARGE
    }

    /// The answer with its envelope.
    pub fn into_response(self) -> Response {
        let detail = match &self.field {
            Some(field) => format!("{field}: {}", self.message),
            None => self.message.clone(),
        };
        let mut error = json!({
            "detail": detail, "status": self.status.as_str(), "reason": self.reason, "message": self.message,
        });
        if let (Some(field), Some(error)) = (&self.field, error.as_object_mut()) {
            error.insert("field".to_owned(), json!(field));
        }
        let envelope = json!({"errors": [error], "meta": {"error": detail, "errors": [detail]}});
        let response = answer::json(self.status, &envelope);
        self.with_header(response)
    }

    /// The answer without a word: for providers, who read none.
    pub fn into_empty_response(self) -> Response {
        let status = self.status;
        self.with_header(answer::empty(status))
    }

    fn with_header(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        match self.header {
            Header::None => {}
            Header::Allow(list) => {
                if let Ok(list) = HeaderValue::from_str(&list) {
                    headers.insert(ALLOW, list);
                }
            }
            Header::Close => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Header::RetryAfter => {
                headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
            }
            Header::Basic => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"antiphon\""));
            }
        }
        response
    }
}

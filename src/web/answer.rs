//! Answers with the headers that all of them have.

use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use warp::reply::Response;

use crate::telemetry::METRICS_CONTENT_TYPE;

/// A JSON value and a newline.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut text = serde_json::to_vec(value).unwrap_or_else(|_| b"{}".to_vec());
    text.push(b'\n');
    with_headers(Response::new(text.into()), status, "application/json; charset=utf-8")
}

/// 200 with a JSON value.
pub fn found(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

/// `{}`: what every call that writes answers. Some clients take nothing but exactly this status and JSON.
pub fn done() -> Response {
    with_headers(Response::new("{}\n".into()), StatusCode::OK, "application/json; charset=utf-8")
}

/// 200 with a text that no browser takes for anything else.
pub fn text(text: &str) -> Response {
    with_headers(Response::new(text.to_owned().into()), StatusCode::OK, "text/plain; charset=utf-8")
}

/// 200 with metrics.
pub fn metrics(text: String) -> Response {
    with_headers(Response::new(text.into()), StatusCode::OK, METRICS_CONTENT_TYPE)
}

/// A status and nothing else.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new("".into());
    *response.status_mut() = status;
    response
}

fn with_headers(mut response: Response, status: StatusCode, kind: &'static str) -> Response {
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, must-revalidate, max-age=0"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

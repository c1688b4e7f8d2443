//! What providers send. The hot path of the whole product: check the signature over the raw bytes, read, hand
//! over, answer. A provider reads no words, so answers have none.

use warp::http::header::CONTENT_ENCODING;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::answer;
use super::problem::Problem;
use super::request::Query;
use super::site::{Answer, Site};
use crate::intake::{Body, Item};
use crate::model::inbound::{Inbound, Reading};
use crate::providers::whatsapp;
use crate::providers::whatsapp::handshake::Handshake;

/// `GET /webhooks/whatsapp`: Meta asks whether this URL is ours.
pub fn handshake(site: &Site, query: &Query) -> Answer {
    let tokens = site.whatsapp.as_ref().map_or(&[][..], |whatsapp| &whatsapp.tokens);
    if tokens.is_empty() {
        return Err(Problem::no_such("route"));
    }
    let asked = Handshake {
        mode: query.get("hub.mode"),
        token: query.get("hub.verify_token"),
        challenge: query.get("hub.challenge"),
    };
    Ok(match whatsapp::handshake::answer(tokens, asked) {
        Some(challenge) => answer::text(challenge),
        None => answer::empty(StatusCode::FORBIDDEN),
    })
}

/// `POST /webhooks/whatsapp`: what people wrote, and what became of our messages.
///
/// 200 leaves when everything in the body is stored with all its consequences, and at no other time. A body
/// that is signed is never refused for what it says: what cannot be read is kept in quarantine.
pub async fn delivery(site: &Site, headers: &HeaderMap, body: &[u8]) -> Response {
    let encoded = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    if encoded {
        return Problem::encoded().into_empty_response();
    }
    if body.is_empty() {
        return answer::empty(StatusCode::BAD_REQUEST);
    }
    let signatures: Vec<_> = headers.get_all(whatsapp::signature::HEADER).iter().map(|v| v.as_bytes()).collect();
    let secrets = site.whatsapp.as_ref().map_or(&[][..], |whatsapp| &whatsapp.secrets);
    if !whatsapp::signature::verify(secrets, &signatures, body) {
        if let Some(times) = site.warnings.unsigned.happened(site.clock.millis()) {
            tracing::warn!(times, "webhooks were refused: no signature of the app secret in the settings");
        }
        return answer::empty(StatusCode::UNAUTHORIZED);
    }
    match (site.submit)(taken(whatsapp::read::read(body))).await {
        Ok(_) => answer::empty(StatusCode::OK),
        Err(refusal) => {
            tracing::warn!(?refusal, "a webhook was not taken in; the provider will send it again");
            Problem::refused(refusal).into_empty_response()
        }
    }
}

/// A webhook was refused for its size. The provider will send it again, and in vain.
pub fn was_too_large(site: &Site) {
    if let Some(times) = site.warnings.too_large.happened(site.clock.millis()) {
        tracing::warn!(times, "webhooks were refused: larger than a webhook may be");
    }
}

fn taken(reading: Reading) -> Body {
    let items = reading.items.into_iter().map(|item| match item {
        Inbound::Arrival(arrival) => Item::Arrival(arrival),
        Inbound::Status(status) => Item::Status(status),
    });
    let broken = reading.broken.into_iter().map(|broken| (whatsapp::NAME, broken));
    Body { items: items.collect(), broken: broken.collect(), ignored: reading.ignored }
}

//! A call as a request, signed after the Standard Webhooks specification, version 1 (symmetric).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::{Method, Request};
use crate::model::effect::Call;
use crate::model::id::EffectId;
use crate::model::time::Second;

/// What secrets start with.
const SECRET_PREFIX: &str = "whsec_";

/// A secret that signs, `whsec_` and base64. Never empty.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// The text is no secret: `whsec_` is not in front, no base64 behind it, or nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASecret;

impl Secret {
    /// Reads a secret as it is shown.
    ///
    /// # Errors
    /// [`NotASecret`].
    pub fn read(text: &str) -> Result<Self, NotASecret> {
        let key = text.trim().strip_prefix(SECRET_PREFIX).ok_or(NotASecret)?;
        let key = BASE64.decode(key).map_err(|_| NotASecret)?;
        if key.is_empty() {
            return Err(NotASecret);
        }
        Ok(Self(Hmac::new_from_slice(&key).expect("HMAC takes a key of any length")))
    }

    /// The signature of a message, with the version of the scheme in front.
    fn sign(&self, id: &str, timestamp: &str, body: &str) -> String {
        let mut mac = self.0.clone();
        for part in [id, ".", timestamp, ".", body] {
            mac.update(part.as_bytes());
        }
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for NotASecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a webhook secret is `{SECRET_PREFIX}` and base64")
    }
}

impl std::error::Error for NotASecret {}

/// What distinguishes one attempt from another, beside what never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The same in every attempt, so that a receiver can tell a repetition.
    pub id: EffectId,
    /// The number of this effect among those to one endpoint for one person; the same in every attempt.
    pub sequence: u64,
    /// When this attempt is made: receivers refuse old ones.
    pub at: Second,
}

/// The request of one attempt. Every secret signs, so that a receiver may know either while they are changed.
#[must_use]
pub fn write(call: &Call, attempt: Attempt, secrets: &[Secret]) -> Request {
    let id = attempt.id.0.to_string();
    let timestamp = attempt.at.0.to_string();
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(&id, &timestamp, &call.body)).collect();
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if !signatures.is_empty() {
        headers.push(("webhook-signature", signatures.join(" ")));
    }
    headers.push(("antiphon-sequence", attempt.sequence.to_string()));
    headers.push(("webhook-timestamp", timestamp));
    headers.push(("webhook-id", id));
    Request { method: Method::Post, url: call.url.clone(), headers, body: call.body.clone() }
}

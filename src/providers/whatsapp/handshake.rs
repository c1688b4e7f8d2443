//! The challenge by which Meta checks that a callback URL is ours.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// Longest challenge that is echoed.
pub const CHALLENGE_BYTES_MAX: usize = 256;

/// The token that was typed into Meta's dashboard. Never blank.
#[derive(Clone)]
pub struct VerifyToken(String);

impl VerifyToken {
    /// None if it is blank.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyToken(…)")
    }
}

/// The query parameters `hub.mode`, `hub.verify_token` and `hub.challenge`, decoded.
#[derive(Clone, Copy, Default)]
pub struct Handshake<'a> {
    pub mode: Option<&'a str>,
    pub token: Option<&'a str>,
    pub challenge: Option<&'a str>,
}

/// What to answer as `text/plain`: the challenge, if it asks to subscribe with one of our tokens; else nothing.
///
/// The challenge is text that anybody can put into a link, so only letters, digits and `._~-` are echoed.
#[must_use]
pub fn answer<'a>(tokens: &[VerifyToken], asked: Handshake<'a>) -> Option<&'a str> {
    let (Some("subscribe"), Some(token), Some(challenge)) = (asked.mode, asked.token, asked.challenge) else {
        return None;
    };
    let mut ours = Choice::from(0);
    for VerifyToken(expected) in tokens {
        ours |= expected.as_bytes().ct_eq(token.as_bytes());
    }
    let harmless = challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b));
    let fits = (1..=CHALLENGE_BYTES_MAX).contains(&challenge.len());
    (bool::from(ours) && harmless && fits).then_some(challenge)
}

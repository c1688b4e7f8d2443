//! Whether a webhook comes from Meta: an HMAC over the raw bytes of the body. Nothing here looks into the body.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

/// The secret of a Meta app, ready to verify with. Never blank: with an empty key anybody's signature verifies.
#[derive(Clone)]
pub struct AppSecret(Hmac<Sha256>);

impl AppSecret {
    /// The secret as the dashboard shows it; none if it is blank.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(Self(Hmac::new_from_slice(text.as_bytes()).expect("HMAC takes a key of any length")))
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// Whether one of `secrets` signed `body`. `headers` are all values of [`HEADER`] in the request.
///
/// There must be exactly one value: `sha256=` and 64 hex digits. Every secret is tried, whichever fits.
#[must_use]
pub fn verify(secrets: &[AppSecret], headers: &[&[u8]], body: &[u8]) -> bool {
    let [header] = headers else { return false };
    let Some(claimed) = digest(header) else { return false };
    let mut genuine = Choice::from(0);
    for AppSecret(mac) in secrets {
        let expected = mac.clone().chain_update(body).finalize().into_bytes();
        genuine |= expected.as_slice().ct_eq(&claimed);
    }
    genuine.into()
}

/// The 32 bytes behind `sha256=`.
fn digest(header: &[u8]) -> Option<[u8; 32]> {
    let (pairs, []) = header.strip_prefix(b"sha256=")?.as_chunks::<2>() else { return None };
    let mut bytes = [0; 32];
    if pairs.len() != bytes.len() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |hex: u8| char::from(hex).to_digit(16);
        *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    }
    Some(bytes)
}

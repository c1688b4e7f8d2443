//! The only source of chance: new ids and keys.

use rand::RngExt;
use ulid::Ulid;

use crate::model::time::Second;

/// `N` random bytes from the operating system's seeded generator.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill(&mut bytes[..]);
    bytes
}

/// A new ULID of this second.
#[must_use]
pub fn ulid(at: Second) -> Ulid {
    let millis = u64::try_from(at.0).unwrap_or(0).saturating_mul(1000);
    Ulid::from_parts(millis, u128::from_be_bytes(bytes::<16>()))
}

//! The only source of chance. Everything else gets its ids and keys as arguments, or asks here.

use rand::Rng;
use ulid::Ulid;

/// 256 bits for a key, from a generator that the system seeds and that is fit for keys.
#[must_use]
pub fn key() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// An id that sorts by `millis` (since 1970); its last 80 bits are chance.
#[must_use]
pub fn ulid(millis: i64) -> Ulid {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    Ulid::from_parts(u64::try_from(millis).unwrap_or(0), u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_their_instant_and_differ() {
        let (a, b) = (ulid(1_795_334_400_123), ulid(1_795_334_400_123));
        assert_eq!(a.timestamp_ms(), 1_795_334_400_123);
        assert_ne!(a, b);
        assert_ne!(key(), key());
    }
}

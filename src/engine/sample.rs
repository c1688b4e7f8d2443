//! The stable shuffle: where somebody stands in a sample's order of all people, or of a split's.

use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::model::rule::Share;

/// The place of a person in the order that `name` makes of all people, as a part of 2^64: the first 8 bytes, read
/// as a big-endian number, of the SHA-256 hash of these bytes: `name` in UTF-8, one byte 0x00, then the person's
/// `cio_id` as it is shown, which is the 26 characters of its ULID in lower case.
#[must_use]
pub fn place(name: &str, person: Ulid) -> u64 {
    let id = person.to_string().to_ascii_lowercase();
    let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(id).finalize();
    digest.iter().take(8).fold(0, |place, byte| (place << 8) | u64::from(*byte))
}

/// Whether the person is among the first `share` in the order that `name` makes.
#[must_use]
pub fn is_in(name: &str, share: Share, person: Ulid) -> bool {
    // Shares are hundredths of a percent; 2^64 / 10,000 is no whole number, so both sides are multiplied.
    u128::from(place(name, person)) * u128::from(Share::ALL.0) < u128::from(share.0) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_and_everybody() {
        let people = (1..1_000).map(|n| Ulid::from_parts(n, u128::from(n) * 77));
        let among = |share| people.clone().filter(|id| is_in("n", Share(share), *id)).count();
        assert_eq!(among(0), 0);
        assert_eq!(among(10_000), 999);
        assert!((70..130).contains(&among(1_000)));
    }

    #[test]
    fn the_bytes_are_those_that_the_docstring_says() {
        let id = Ulid::from_parts(1, 1);
        let text = format!("holdout\0{}", id.to_string().to_lowercase());
        let digest = Sha256::digest(text.as_bytes());
        assert_eq!(place("holdout", id).to_be_bytes().as_slice(), &digest[..8]);
    }
}

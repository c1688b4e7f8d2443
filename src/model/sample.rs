//! A stable shuffle of all people for each name: `in sample`, and the arms of a `split`.

use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::rule::Share;

/// Somebody's place in the shuffle named `name`: the first 8 bytes of SHA-256(name, 0x00, `cio_id`), read as a
/// big-endian number. The id is hashed as it is shown: a ULID in lower case.
#[must_use]
pub fn place(name: &str, cio_id: Ulid) -> u64 {
    let id = cio_id.to_string().to_ascii_lowercase();
    let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(id);
    digest.finalize().iter().take(8).fold(0, |place, byte| place << 8 | u64::from(*byte))
}

/// Whether `place` lies in the first `share` of all places.
#[must_use]
pub fn is_within(place: u64, share: Share) -> bool {
    u128::from(place) * u128::from(Share::ALL.0) < u128::from(share.0) << 64
}

//! Ways to people that lead past most of them: what a schedule names, and what storage keeps in order for it.

use sha2::{Digest, Sha256};

use super::id::SegmentId;
use super::value::{Type, Value};

/// A way to people that leads past most of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The members of a segment.
    Members(SegmentId),
    /// Those who have this value.
    Holders(ValueKey),
}

/// A value of an attribute as indexes know it: the first 16 bytes of SHA-256 over the attribute's name, its type
/// and the value. Short, whatever the value; should two values share a key, that costs a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueKey(pub [u8; 16]);

impl ValueKey {
    /// The key of `value`, read under `ty`, of the attribute `name`.
    #[must_use]
    pub fn of(name: &str, ty: Type, value: &Value) -> Self {
        // Equal numbers are written in one way.
        let value = match value {
            Value::Number(number) => &Value::Number(number.normalize()),
            other => other,
        };
        let bytes = postcard::to_stdvec(&(name, ty, value)).expect("a value is plain data of known length");
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip(Sha256::digest(&bytes)) {
            *to = from;
        }
        Self(key)
    }
}

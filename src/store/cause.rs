//! The three columns that say why: kept on everything that follows from something.

use super::StoreError;
use super::row::{Hex, Row};
use crate::model::id::{EventKey, Seq};
use crate::model::time::Second;
use crate::model::transition::Cause;

/// The word, and for an event its number (0 of an anonymous one) and its key. An occurrence of a schedule has its
/// instant in the place of a key.
pub(super) fn columns(cause: &Cause) -> (&'static str, Option<Seq>, Option<String>) {
    match cause {
        Cause::Event { seq, key } => (cause.as_str(), Some(*seq), Some(Hex(&key.0).digits())),
        Cause::Occurrence(instant) => (cause.as_str(), None, Some(Hex(&instant.0.to_be_bytes()).digits())),
        Cause::Born | Cause::Wake | Cause::Rules | Cause::Recheck => (cause.as_str(), None, None),
    }
}

/// Reads the three columns from `first` on.
pub(super) fn read(row: &Row, first: usize) -> Result<Cause, StoreError> {
    let word: String = row.get(first)?;
    let plain = [Cause::Born, Cause::Wake, Cause::Rules, Cause::Recheck];
    if let Some(cause) = plain.into_iter().find(|cause| cause.as_str() == word) {
        return Ok(cause);
    }
    if word == Cause::Occurrence(Second(0)).as_str() {
        return Ok(Cause::Occurrence(Second(i64::from_be_bytes(row.bytes(first + 2)?))));
    }
    Ok(Cause::Event { seq: row.number(first + 1)?, key: EventKey(row.bytes(first + 2)?) })
}

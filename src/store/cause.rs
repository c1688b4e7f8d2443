//! The three columns that say why: kept on everything that follows from something.

use super::StoreError;
use super::row::{Hex, Row};
use crate::model::id::{EventKey, Seq};
use crate::model::transition::Cause;

/// The word, and for an event its number (0 of an anonymous one) and its key.
pub(super) fn columns(cause: &Cause) -> (&'static str, Option<Seq>, Option<Hex<'_>>) {
    match cause {
        Cause::Event { seq, key } => (cause.as_str(), Some(*seq), Some(Hex(&key.0))),
        Cause::Born | Cause::Wake | Cause::Rules | Cause::Recheck => (cause.as_str(), None, None),
    }
}

/// Reads the three columns from `first` on.
pub(super) fn read(row: &Row, first: usize) -> Result<Cause, StoreError> {
    let word: String = row.get(first)?;
    let plain = [Cause::Born, Cause::Wake, Cause::Rules, Cause::Recheck];
    plain.into_iter().find(|cause| cause.as_str() == word).map_or_else(|| event(row, first), Ok)
}

fn event(row: &Row, first: usize) -> Result<Cause, StoreError> {
    Ok(Cause::Event { seq: row.number(first + 1)?, key: EventKey(row.bytes(first + 2)?) })
}

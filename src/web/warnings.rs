//! Warnings about what strangers can cause at will: told seldom and counted meanwhile, so that nobody fills
//! a log, and nothing that goes wrong all the time is silent. Never what was sent, nor by whom.

use std::sync::{Mutex, PoisonError};

/// Between two warnings of one kind.
const TOLD_AGAIN_MS: i64 = 60_000;

/// The kinds of warnings that are told seldom.
#[derive(Debug, Default)]
pub struct Warnings {
    /// A webhook whose signature is missing or wrong.
    pub unsigned: Seldom,
    /// A webhook larger than one may be.
    pub too_large: Seldom,
    /// A connection beyond those that its address may have.
    pub crowded: Seldom,
}

/// What happened and was not told yet.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told_ms: Option<i64>,
    untold: u64,
}

impl Seldom {
    /// It happened once more. When it is time to tell: how often since it was told last, this time included.
    pub fn happened(&self, now_ms: i64) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.untold = state.untold.saturating_add(1);
        // A clock that was put back must not make it silent for long.
        let is_time = state.told_ms.is_none_or(|told| now_ms.abs_diff(told) >= TOLD_AGAIN_MS.unsigned_abs());
        if !is_time {
            return None;
        }
        state.told_ms = Some(now_ms);
        Some(std::mem::take(&mut state.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_once_a_minute_with_their_number() {
        let seldom = Seldom::default();
        assert_eq!(seldom.happened(5_000), Some(1));
        assert_eq!(seldom.happened(5_000), None);
        assert_eq!(seldom.happened(5_000 + TOLD_AGAIN_MS - 1), None);
        assert_eq!(seldom.happened(5_000 + TOLD_AGAIN_MS), Some(3));
        assert_eq!(seldom.happened(5_001 + TOLD_AGAIN_MS), None);
        // An hour back.
        assert_eq!(seldom.happened(5_000 - 3_600_000), Some(2));
    }
}

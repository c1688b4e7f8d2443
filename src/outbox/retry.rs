//! When to try again. Pure: how often it was tried, what the receiver asked for and chance are arguments.

use crate::model::time::{Second, Span};

/// A webhook's pauses: so many seconds after the last try, each varied by a fifth either way.
pub const WEBHOOK_STEPS_SECONDS: [i64; 8] = [5, 30, 120, 600, 3_600, 10_800, 36_000, 86_400];
/// A message's longest pause.
pub const MESSAGE_STEP_MILLIS_MAX: i64 = 300_000;

/// A number that nobody can foresee: where in its range a pause falls.
#[derive(Clone, Copy, Debug)]
pub struct Chance(pub u32);

impl Chance {
    /// A point between `low` and `high`, both included.
    fn between(self, low: i64, high: i64) -> i64 {
        let width = i128::from(high.saturating_sub(low).max(0)) + 1;
        let offset = (width * i128::from(self.0)) >> 32;
        low.saturating_add(i64::try_from(offset).unwrap_or(0))
    }
}

/// The pause after a webhook's try number `tries` (1, 2 …), in milliseconds; none: that was the last one.
///
/// What the receiver asks for counts between the pause that is due anyway and twice that.
#[must_use]
pub fn webhook(tries: u32, retries_max: Option<u32>, asked: Option<Span>, chance: Chance) -> Option<i64> {
    if retries_max.is_some_and(|max| tries > max) {
        return None;
    }
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    let step = WEBHOOK_STEPS_SECONDS.get(index)?.saturating_mul(1000);
    let Some(asked) = asked else { return Some(chance.between(step / 5 * 4, step / 5 * 6)) };
    let asked = asked.0.saturating_mul(1000).clamp(step, step * 2);
    // A little later is fine for the receiver, and keeps those apart who were all told the same.
    Some(chance.between(asked, (asked / 5 * 6).min(step * 2)))
}

/// The pause after a message's try number `tries`, in milliseconds: anywhere up to a bound that doubles.
#[must_use]
pub fn message(tries: u32, chance: Chance) -> i64 {
    let doubled = 1000_i64.checked_shl(tries.saturating_sub(1).min(20)).unwrap_or(i64::MAX);
    chance.between(0, doubled.min(MESSAGE_STEP_MILLIS_MAX))
}

/// The pause after try number `tries` where one recipient was written to too often, in milliseconds.
#[must_use]
pub fn pair(tries: u32) -> i64 {
    4_i64.saturating_pow(tries.saturating_sub(1)).saturating_mul(1000)
}

/// What a `Retry-After` header asks for: seconds, or a date seen from `now`. None: it is neither.
#[must_use]
pub fn asked(header: &str, now: Second) -> Option<Span> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Span(header.parse().unwrap_or(i64::MAX)));
    }
    let date = chrono::DateTime::parse_from_rfc2822(header).ok()?;
    Some(Span(Second(date.timestamp()).since(now).0.max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: Chance = Chance(0);
    const HIGH: Chance = Chance(u32::MAX);

    #[test]
    fn a_webhook_pauses_within_a_fifth_of_its_step() {
        for (index, seconds) in WEBHOOK_STEPS_SECONDS.into_iter().enumerate() {
            let tries = u32::try_from(index).unwrap() + 1;
            assert_eq!(webhook(tries, None, None, LOW), Some(seconds * 800), "try {tries}");
            assert_eq!(webhook(tries, None, None, HIGH), Some(seconds * 1200), "try {tries}");
        }
    }

    #[test]
    fn a_webhook_is_not_tried_for_ever() {
        assert!(webhook(8, None, None, LOW).is_some());
        assert_eq!(webhook(9, None, None, LOW), None);
        assert_eq!(webhook(0, None, None, LOW), None);
        assert_eq!(webhook(u32::MAX, None, None, LOW), None);
    }

    #[test]
    fn a_step_may_ask_for_fewer_tries() {
        assert_eq!(webhook(1, Some(0), None, LOW), None);
        assert!(webhook(2, Some(2), None, LOW).is_some());
        assert_eq!(webhook(3, Some(2), None, LOW), None);
        assert_eq!(webhook(9, Some(100), None, LOW), None);
    }

    #[test]
    fn what_the_receiver_asks_for_counts_within_bounds() {
        for (asked, low, high) in [
            (0, 30_000, 36_000),
            (30, 30_000, 36_000),
            (40, 40_000, 48_000),
            (55, 55_000, 60_000),
            (60, 60_000, 60_000),
        ] {
            assert_eq!(webhook(2, None, Some(Span(asked)), LOW), Some(low), "{asked}");
            assert_eq!(webhook(2, None, Some(Span(asked)), HIGH), Some(high), "{asked}");
        }
        assert_eq!(webhook(2, None, Some(Span(i64::MAX)), HIGH), Some(60_000));
        assert_eq!(webhook(2, None, Some(Span(-1)), LOW), Some(30_000));
    }

    #[test]
    fn a_message_pauses_anywhere_up_to_a_bound_that_doubles() {
        for (tries, bound) in [(1, 1_000), (2, 2_000), (9, 256_000), (10, 300_000), (40, 300_000), (u32::MAX, 300_000)]
        {
            assert_eq!(message(tries, LOW), 0, "try {tries}");
            assert_eq!(message(tries, HIGH), bound, "try {tries}");
        }
    }

    #[test]
    fn a_pair_pauses_in_powers_of_four() {
        for (tries, millis) in [(0, 1_000), (1, 1_000), (2, 4_000), (3, 16_000), (6, 1_024_000)] {
            assert_eq!(pair(tries), millis, "try {tries}");
        }
        assert_eq!(pair(u32::MAX), i64::MAX);
    }

    #[test]
    fn both_forms_of_the_header_are_read() {
        let now = Second(1_445_412_480 - 90); // 2015-10-21T07:28:00Z less 90 s
        for (header, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(90)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(asked(header, now), expected.map(Span), "{header:?}");
        }
    }
}

//! Times, numbers, values and names in English: one way to say each, for descriptions and explanations.

use chrono::{NaiveDate, NaiveTime, Weekday};

use crate::model::rule::{Point, Share};
use crate::model::time::{CalendarUnit, Length, Span};
use crate::model::value::Value;

/// Of a list so many entries are shown.
pub const ENTRIES_SHOWN_MAX: usize = 40;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// `1 day`, `3 days`.
#[must_use]
pub fn many(n: impl Into<i128>, one: &str) -> String {
    let n = n.into();
    format!("{} {one}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// `172,800`.
#[must_use]
pub fn grouped(n: impl Into<i128>) -> String {
    let n = n.into();
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// A length in seconds, in the units that people count in: `2 days`, `36 hours`, `2 days 5 minutes 1 second`.
#[must_use]
pub fn span(span: Span) -> String {
    let seconds = span.0;
    if seconds != 0 && seconds % DAY == 0 && seconds.abs() > DAY {
        return many(seconds / DAY, "day");
    }
    if seconds != 0 && seconds % HOUR == 0 && seconds < 3 * DAY {
        return many(seconds / HOUR, "hour");
    }
    if seconds != 0 && seconds % MINUTE == 0 && seconds < 3 * HOUR {
        return many(seconds / MINUTE, "minute");
    }
    if seconds.abs() < 2 * MINUTE {
        return many(seconds, "second");
    }
    let parts = [
        (seconds / DAY, "day"),
        (seconds % DAY / HOUR, "hour"),
        (seconds % HOUR / MINUTE, "minute"),
        (seconds % MINUTE, "second"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| many(*n, unit)).collect();
    parts.join(" ")
}

/// The same with its seconds: `2 days (172,800 s)`.
#[must_use]
pub fn exact(length: Span) -> String {
    let words = span(length);
    if length.0.abs() < MINUTE || words.ends_with(" seconds") && !words.contains("minute") {
        words
    } else {
        format!("{words} ({} s)", grouped(length.0))
    }
}

/// `2 days`, or `2 calendar days`.
#[must_use]
pub fn length(length: Length) -> String {
    match length {
        Length::Elapsed(elapsed) => span(elapsed),
        Length::Calendar { amount, unit } => many(amount, &format!("calendar {}", unit_word(unit))),
    }
}

/// The same, with its seconds where it has some.
#[must_use]
pub fn exact_length(exactly: Length) -> String {
    match exactly {
        Length::Elapsed(elapsed) => exact(elapsed),
        Length::Calendar { .. } => length(exactly),
    }
}

/// `day`, `week`, `month`, `year`.
#[must_use]
pub fn unit_word(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Day => "day",
        CalendarUnit::Week => "week",
        CalendarUnit::Month => "month",
        CalendarUnit::Year => "year",
    }
}

/// Which local days the last `amount` calendar units are.
#[must_use]
pub fn days_back(amount: u32, unit: CalendarUnit) -> String {
    match whole_days(amount, unit) {
        Some(1) => "today".to_owned(),
        Some(2) => "today and yesterday".to_owned(),
        Some(days) => format!("today and the {} before", many(days - 1, "day")),
        None => format!("from the day after today − {} on", many(amount, unit_word(unit))),
    }
}

/// Which local days the next `amount` calendar units are.
#[must_use]
pub fn days_ahead(amount: u32, unit: CalendarUnit) -> String {
    match whole_days(amount, unit) {
        Some(1) => "today".to_owned(),
        Some(2) => "today and tomorrow".to_owned(),
        Some(days) => format!("today and the {} after it", many(days - 1, "day")),
        None => format!("up to the day before today + {}", many(amount, unit_word(unit))),
    }
}

/// Days and weeks are so many days; months and years are not.
#[must_use]
pub fn whole_days(amount: u32, unit: CalendarUnit) -> Option<u64> {
    match unit {
        CalendarUnit::Day => Some(u64::from(amount)),
        CalendarUnit::Week => Some(u64::from(amount) * 7),
        CalendarUnit::Month | CalendarUnit::Year => None,
    }
}

/// The end of the local day that ends a deadline of calendar units after `from`.
#[must_use]
pub fn deadline_day(amount: u32, unit: CalendarUnit, from: &str) -> String {
    format!("the end of the local day {} after that of {from}", many(amount, unit_word(unit)))
}

/// `2026-03-01`, or an instant in UTC.
#[must_use]
pub fn point(point: Point) -> String {
    match point {
        Point::Instant(at) => at.rfc3339(),
        Point::Day(day) => date(day),
    }
}

/// `2026-03-01`
#[must_use]
pub fn date(day: NaiveDate) -> String {
    day.to_string()
}

/// `09:00`
#[must_use]
pub fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// `Monday`
#[must_use]
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

/// `10%`, `0.5%`
#[must_use]
pub fn share(share: Share) -> String {
    let (whole, rest) = (share.0 / 100, share.0 % 100);
    match rest {
        0 => format!("{whole}%"),
        rest if rest % 10 == 0 => format!("{whole}.{}%", rest / 10),
        rest => format!("{whole}.{rest:02}%"),
    }
}

/// A text in double quotes, on one line.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value as a rule would write it.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Time(at) => at.rfc3339(),
        Value::Date(day) => date(*day),
        Value::List(items) => format!("[{}]", several(items.iter().map(self::value))),
    }
}

/// `a, b, c`; what is behind the bound is counted.
#[must_use]
pub fn several(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(ENTRIES_SHOWN_MAX);
    let mut out = items.take(ENTRIES_SHOWN_MAX).collect::<Vec<_>>().join(", ");
    if more > 0 {
        out.push_str(&format!(" and {} more", grouped(more as i128)));
    }
    out
}

/// `a, b and c`
#[must_use]
pub fn and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A name of an attribute or property, in backticks where it is no plain word.
#[must_use]
pub fn name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if name.chars().all(plain) && !name.is_empty() { name.to_owned() } else { format!("`{name}`") }
}

/// A pattern between slashes. Flags that are written inside go behind it.
#[must_use]
pub fn pattern(source: &str) -> String {
    let inside = source.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    match inside {
        Some((flags, rest)) if !flags.is_empty() && flags.chars().all(|c| c.is_ascii_lowercase()) => {
            format!("/{rest}/{flags}")
        }
        _ => format!("/{source}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_the_units_that_people_count_in() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (60, "1 minute"),
            (5_400, "90 minutes"),
            (10_800, "3 hours"),
            (86_400, "24 hours"),
            (129_600, "36 hours"),
            (1_209_600, "14 days"),
            (173_101, "2 days 5 minutes 1 second"),
            (262_800, "3 days 1 hour"),
        ] {
            assert_eq!(span(Span(seconds)), words);
        }
        assert_eq!(exact(Span::days(2)), "2 days (172,800 s)");
        assert_eq!(exact(Span(60)), "1 minute (60 s)");
        assert_eq!(exact(Span(30)), "30 seconds");
        assert_eq!(exact(Span(90)), "90 seconds");
    }

    #[test]
    fn a_list_is_cut_at_its_bound_and_not_before() {
        let entries = |n: usize| several((0..n).map(|n| n.to_string()).collect::<Vec<_>>().into_iter());
        assert!(entries(ENTRIES_SHOWN_MAX).ends_with(", 39"));
        assert!(entries(ENTRIES_SHOWN_MAX + 1).ends_with(", 39 and 1 more"));
    }

    #[test]
    fn shares_and_patterns_read_as_they_are_written() {
        assert_eq!(share(Share(1_000)), "10%");
        assert_eq!(share(Share(50)), "0.5%");
        assert_eq!(share(Share(1_205)), "12.05%");
        assert_eq!(pattern(r"(?i)\bAB\b"), r"/\bAB\b/i");
        assert_eq!(pattern("(?:a|b)c"), "/(?:a|b)c/");
    }

    #[test]
    fn a_quoted_text_stays_on_its_line() {
        assert_eq!(quoted("a\n\"b\"\u{1b}"), r#""a\n\"b\"\u{1b}""#);
    }
}

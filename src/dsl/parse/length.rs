//! Counts and lengths of time.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{At, Bound, CalendarUnit, How, Length, Unit};
use crate::model::limit::COUNT_MAX;

use super::Rule;
use super::cursor::Node;
use super::mistake;
use super::reader::Reader;

/// 100 years of 365.25 days, the longest length of time.
pub const LENGTH_SECONDS_MAX: i64 = 3_155_760_000;
/// Different values that may be counted.
pub const DISTINCT_MAX: u32 = 100;

/// `at least 3`. Counts over `most` are E0114.
pub(super) fn bound(reader: &mut Reader<'_>, mut node: Node<'_>, most: u32) -> Option<Bound> {
    let how = match node.next()?.rule {
        Rule::k_exactly => How::Exactly,
        Rule::k_more => How::MoreThan,
        Rule::k_fewer => How::FewerThan,
        _ => match node.peek()? {
            Rule::k_most => How::AtMost,
            _ => How::AtLeast,
        },
    };
    if how != How::Exactly {
        node.next();
    }
    Some(Bound { how, count: count(reader, node.next()?, most) })
}

/// A count in digits, or by mistake in words.
pub(super) fn count(reader: &mut Reader<'_>, node: Node<'_>, most: u32) -> At<u32> {
    let span = reader.span(&node);
    let count = if node.rule == Rule::bad_number {
        let number = in_words(node.text);
        reader.say(mistake::number_word(span, node.text, &number.to_string()));
        number
    } else {
        // More digits than fit are over the limit too.
        node.text.parse().unwrap_or(u32::MAX)
    };
    if count > most {
        reader.say(Diagnostic::new(
            Code::E0114,
            span,
            format!("`{}` is too many: no count goes past {most}", mistake::brief(node.text)),
        ));
    }
    At { span, node: count }
}

/// `count` with the limit of events.
pub(super) fn times(reader: &mut Reader<'_>, node: Node<'_>) -> At<u32> {
    count(reader, node, COUNT_MAX)
}

/// What a number in words stands for.
pub(super) fn in_words(word: &str) -> u32 {
    const WORDS: [&str; 11] = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let number = WORDS.iter().position(|known| *known == word).unwrap_or(1);
    u32::try_from(number).unwrap_or(1)
}

/// Whether a length of time may be zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zero {
    Refused,
    Allowed,
}

/// A length of time, at least one second long.
pub(super) fn length(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Length> {
    any_length(reader, node, Zero::Refused)
}

/// A length of time, or what people write instead.
pub(super) fn any_length(reader: &mut Reader<'_>, node: Node<'_>, zero: Zero) -> Option<Length> {
    let mut inner = if node.rule == Rule::span { node.clone().next()? } else { node };
    let span = reader.span(&inner);
    let (amount, unit) = match inner.rule {
        Rule::duration => (inner.take(Rule::integer)?.text.parse().ok(), elapsed(inner.next()?.text)),
        Rule::calendar_span => {
            let amount = inner.take(Rule::integer)?.text.parse().ok();
            inner.has(Rule::k_calendar);
            (amount, calendar(inner.next()?.text).map(Unit::Calendar))
        }
        Rule::bad_short_span => return short(reader, &inner, span),
        Rule::bad_month => {
            let amount = inner.take(Rule::integer)?.text.parse().ok();
            let unit = inner.next()?.text;
            reader.say(mistake::bare_month(span, amount.unwrap_or(1), unit));
            (amount, calendar(unit).map(Unit::Calendar))
        }
        Rule::bad_word_span => {
            let word = inner.next()?;
            let amount = in_words(word.text);
            let unit = unit_behind(&mut inner)?;
            reader.say(mistake::length_in_words(
                span,
                inner.text,
                &format!("{amount} {}", unit_word(amount, unit)),
                word.text,
            ));
            (Some(amount), Some(unit))
        }
        Rule::bad_unit => {
            let unit = unit_behind(&mut inner)?;
            reader.say(mistake::bare_unit(span, inner.text, &format!("1 {}", unit_word(1, unit))));
            (Some(1), Some(unit))
        }
        _ => return None,
    };
    let length = Length { span, amount: amount.unwrap_or(u32::MAX), unit: unit? };
    check(reader, &length, zero);
    Some(length)
}

/// `calendar`, if it stands there, and the unit behind a number in words or none at all.
fn unit_behind(node: &mut Node<'_>) -> Option<Unit> {
    let in_calendar = node.has(Rule::k_calendar);
    let unit = node.next()?;
    if in_calendar || unit.rule == Rule::bare_month {
        calendar(unit.text).map(Unit::Calendar)
    } else {
        elapsed(unit.text)
    }
}

/// `2d`, `30min`
fn short(reader: &mut Reader<'_>, node: &Node<'_>, span: Span) -> Option<Length> {
    let digits = node.text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = node.text.split_at_checked(digits)?;
    let amount = amount.parse().unwrap_or(u32::MAX);
    let units = mistake::units_meant(unit);
    let ways = units.iter().map(|unit| format!("{amount} {}", unit_word(amount, *unit))).collect();
    reader.say(mistake::short_length(span, node.text, ways));
    let Some(unit) = units.first().copied() else {
        // What was meant is not known: a window may be missing now that was there.
        reader.lossy = true;
        return None;
    };
    let length = Length { span, amount, unit };
    check(reader, &length, Zero::Allowed);
    Some(length)
}

fn check(reader: &mut Reader<'_>, length: &Length, zero: Zero) {
    let seconds = match length.unit {
        Unit::Calendar(unit) => {
            let days = match unit {
                CalendarUnit::Day => 1,
                CalendarUnit::Week => 7,
                // A hundred years of months are allowed, whatever days they have.
                CalendarUnit::Month => 30,
                CalendarUnit::Year => 365,
            };
            i64::from(length.amount) * days * 86_400
        }
        _ => length.elapsed().map_or(0, |span| span.0),
    };
    let complaint = if length.amount == 0 && zero == Zero::Refused {
        "a length of time is at least 1 second"
    } else if seconds > LENGTH_SECONDS_MAX {
        "a length of time is at most 100 years"
    } else {
        return;
    };
    reader.say(Diagnostic::new(Code::E0221, length.span, complaint));
}

/// `days`, `hour`
pub(super) fn elapsed(word: &str) -> Option<Unit> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "second" => Unit::Second,
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        _ => return None,
    })
}

/// `months`, `day`
pub(super) fn calendar(word: &str) -> Option<CalendarUnit> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "day" => CalendarUnit::Day,
        "week" => CalendarUnit::Week,
        "month" => CalendarUnit::Month,
        "year" => CalendarUnit::Year,
        _ => return None,
    })
}

/// The unit as it is written behind `amount`.
pub fn unit_word(amount: u32, unit: Unit) -> String {
    let word = match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Calendar(CalendarUnit::Day) => "calendar day",
        Unit::Calendar(CalendarUnit::Week) => "calendar week",
        Unit::Calendar(CalendarUnit::Month) => "calendar month",
        Unit::Calendar(CalendarUnit::Year) => "calendar year",
    };
    if amount == 1 { word.to_owned() } else { format!("{word}s") }
}

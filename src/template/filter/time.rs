//! Filters of instants and dates, as the reader's clock and calendar show them.

use std::fmt::Write;

use chrono::format::{Fixed, Item, StrftimeItems};
use chrono::{DateTime, Datelike, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use liquid_core::model::ScalarCow;
use liquid_core::{Value, ValueView};
use serde_json::Value as Json;

use crate::model::value::{Type, Value as Typed};
use crate::template::locale::Locale;

type Result = std::result::Result<Value, &'static str>;

/// The instant that a value tells, on the reader's clock; a date stands for its beginning.
/// It is read as a `time` or `date` attribute is.
fn local(input: &Value, locale: &Locale) -> Option<DateTime<Tz>> {
    let scalar: ScalarCow<'_> = input.as_scalar()?;
    let text = Json::String(scalar.to_kstr().into_string().to_string());
    if let Some(Typed::Time(at)) = Typed::read(&text, Type::Time) {
        return DateTime::<Utc>::from_timestamp(at.0, 0).map(|at| at.with_timezone(&locale.zone));
    }
    match Typed::read(&text, Type::Date) {
        Some(Typed::Date(date)) => Some(Tz::UTC.from_utc_datetime(&date.and_time(NaiveTime::MIN))),
        _ => None,
    }
}

/// `1 April 2026`, or as a format says. What is no instant stays as it is, and nil stays nil.
pub(super) fn date(input: &Value, arguments: &[Value], locale: &Locale) -> Result {
    let Some(at) = local(input, locale) else { return Ok(input.clone()) };
    let Some(format) = arguments.first() else { return Ok(Value::scalar(locale.date(at.date_naive()))) };
    formatted(&at, &format.to_kstr(), locale).map(Value::scalar)
}

/// The name of the weekday.
pub(super) fn day(input: &Value, _: &[Value], locale: &Locale) -> Result {
    let Some(at) = local(input, locale) else { return Ok(input.clone()) };
    Ok(Value::scalar(locale.weekday(at.weekday())))
}

/// `09:00`.
pub(super) fn time(input: &Value, _: &[Value], locale: &Locale) -> Result {
    let Some(at) = local(input, locale) else { return Ok(input.clone()) };
    Ok(Value::scalar(locale.time(at.time())))
}

/// As `format` (strftime) says, with full names of days and months in the reader's language.
fn formatted(at: &DateTime<Tz>, format: &str, locale: &Locale) -> std::result::Result<String, &'static str> {
    const BAD_FORMAT: &str = "the format is none; `%d`, `%B` and `%Y` are day, month and year";
    let items: Vec<Item<'_>> = StrftimeItems::new(format)
        .map(|item| match item {
            Item::Fixed(Fixed::LongWeekdayName) => Item::Literal(locale.weekday(at.weekday())),
            Item::Fixed(Fixed::LongMonthName) => Item::Literal(locale.month(at.month0())),
            item => item,
        })
        .collect();
    if items.contains(&Item::Error) {
        return Err(BAD_FORMAT);
    }
    let mut text = String::new();
    write!(text, "{}", at.format_with_items(items.iter())).map_err(|_| BAD_FORMAT)?;
    Ok(text)
}

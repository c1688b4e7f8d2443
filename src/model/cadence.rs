//! Cadences: `minute hour day month weekday`, and the local times at which they come round. The only home of
//! `cron`, which is asked for wall times alone: in a zone it leaves out what clocks jump over, and runs twice what
//! they show twice. What zones make of a local time is for the calendar to say.
//!
//! The crate's own reading of a text is never seen. It wants a field for seconds, takes a field without a space
//! before it, and counts weekdays from Sunday as 1, where other tools count from Sunday as 0.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use cron::Schedule;

use super::calendar::Calendar;
use super::time::Second;

/// A cadence comes round at least once in so many years, whichever it starts in.
pub const YEARS_BETWEEN_MAX: i32 = 5;
/// The years in which occurrences are known.
const YEARS: Range<i32> = 1970..2101;

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// When something happens, as local clocks show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence(Schedule);

/// Why a text is no cadence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CadenceError {
    /// The bytes of the text that are wrong.
    pub at: Range<usize>,
    pub message: String,
    /// What to write there instead.
    pub instead: Option<String>,
}

impl fmt::Display for CadenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CadenceError {}

/// A field of numbers.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Words for its numbers, the first for `least`.
    words: &'static [&'static str],
}

const FIELDS: [Field; 4] = [
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day of the month", least: 1, most: 31, words: &[] },
    Field { name: "month", least: 1, most: 12, words: &MONTHS },
];

impl Cadence {
    /// Reads `minute hour day month weekday`: numbers, `*`, lists with `,`, ranges with `-`, steps with `/`;
    /// months also and weekdays only by name. Where both days are given, both must hold.
    ///
    /// # Errors
    /// The first field that cannot be read; or the whole, if it does not come round often enough.
    pub fn parse(text: &str) -> Result<Self, CadenceError> {
        let whole = |message: String| CadenceError { at: 0..text.trim_end().len(), message, instead: None };
        let words: Vec<(usize, &str)> = words(text).collect();
        let [numbers @ .., weekdays] = words.as_slice() else { return Err(whole(wrong_number(0))) };
        if numbers.len() != FIELDS.len() {
            return Err(whole(wrong_number(words.len())));
        }
        let mut expression = String::from("0");
        for (field, word) in FIELDS.iter().zip(numbers) {
            expression.push(' ');
            expression.push_str(&field.read(*word)?);
        }
        expression.push(' ');
        expression.push_str(&read_weekdays(*weekdays)?);
        let schedule = Schedule::from_str(&expression).map_err(|_| whole("this cannot be read".to_owned()))?;
        let cadence = Self(schedule);
        match YEARS.clone().find(|year| !cadence.comes_round(*year)) {
            None => Ok(cadence),
            Some(_) if cadence.after(NaiveDateTime::MIN).next().is_none() => {
                Err(whole("this never comes round".to_owned()))
            }
            Some(year) => Err(whole(format!(
                "this does not come round in every {YEARS_BETWEEN_MAX} years: not once from {year} to {}",
                year + YEARS_BETWEEN_MAX - 1
            ))),
        }
    }

    /// The local times after `local`, in order. They end with the year 2100.
    pub fn after(&self, local: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        // Within the years that are known, so that no arithmetic leaves them.
        let local = local.clamp(start(YEARS.start) - TimeDelta::seconds(1), start(YEARS.end));
        self.0.after(&local.and_utc()).map(|at: chrono::DateTime<Utc>| at.naive_utc())
    }

    /// The first instant after `after` at which it comes round in `zone`. A local time that clocks jump over comes
    /// round when they have jumped; one that they show twice, the first time. Several that fall on one instant are
    /// one. None behind the year 2100.
    ///
    /// Local times later than the one shown at `after` are enough: the instant of an earlier one is never later,
    /// since a later local time is never an earlier instant. Where clocks have gone back, those that are shown
    /// for the second time are passed over.
    #[must_use]
    pub fn next(&self, after: Second, zone: Tz) -> Option<Second> {
        let calendar = Calendar { zone, ..Calendar::default() };
        self.after(calendar.local(after)).map(|local| calendar.instant(local)).find(|at| *at > after)
    }

    /// Whether it does within the years that begin with `year`, as far as they are known.
    fn comes_round(&self, year: i32) -> bool {
        let end = year + YEARS_BETWEEN_MAX;
        end > YEARS.end || self.after(start(year) - TimeDelta::seconds(1)).next().is_some_and(|at| at < start(end))
    }
}

/// The first second of a year.
fn start(year: i32) -> NaiveDateTime {
    NaiveDate::from_yo_opt(year, 1).unwrap_or_default().and_time(NaiveTime::MIN)
}

fn wrong_number(found: usize) -> String {
    format!("five fields are wanted, minute hour day month weekday, and there are {found}")
}

/// The words of a text with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_ascii_whitespace().map(move |word| (word.as_ptr() as usize - start, word))
}

/// The parts of a list, with their places.
fn parts((at, word): (usize, &str)) -> impl Iterator<Item = (usize, &str)> {
    let mut next = at;
    word.split(',').map(move |part| {
        let at = next;
        next += part.len() + 1;
        (at, part)
    })
}

fn error((at, part): (usize, &str), message: String) -> CadenceError {
    CadenceError { at: at..at + part.len(), message, instead: None }
}

impl Field {
    /// The field in the words of the crate.
    fn read(&self, word: (usize, &str)) -> Result<String, CadenceError> {
        let parts: Result<Vec<String>, CadenceError> =
            parts(word).map(|part| self.part(part.1).map_err(|message| error(part, message))).collect();
        parts.map(|parts| parts.join(","))
    }

    fn part(&self, part: &str) -> Result<String, String> {
        let (base, step) = match part.split_once('/') {
            None => (part, None),
            Some((base, step)) => match number(step).filter(|step| (1..=self.most).contains(step)) {
                Some(step) => (base, Some(step)),
                None => return Err(format!("a step is a number from 1 to {}, not `{step}`", self.most)),
            },
        };
        let base = match base.split_once('-') {
            _ if base == "*" => "*".to_owned(),
            None => self.value(base)?.to_string(),
            Some((first, last)) => {
                let (first, last) = (self.value(first)?, self.value(last)?);
                if first > last {
                    return Err(format!("`{base}` runs backwards"));
                }
                format!("{first}-{last}")
            }
        };
        Ok(step.map_or(base.clone(), |step| format!("{base}/{step}")))
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let named = named.and_then(|place| u32::try_from(place).ok()).map(|place| place + self.least);
        let found = named.or_else(|| number(text)).filter(|value| (self.least..=self.most).contains(value));
        found.ok_or_else(|| {
            let words = match self.words {
                [first, .., last] => format!(", or {first} to {last}"),
                _ => String::new(),
            };
            format!("the {} is a number from {} to {}{words}, not `{text}`", self.name, self.least, self.most)
        })
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Days of the week, each by its name: the crate knows no range over the end of its week.
fn read_weekdays(word: (usize, &str)) -> Result<String, CadenceError> {
    if word.1 == "*" {
        return Ok("*".to_owned());
    }
    let mut days = Vec::new();
    for part in parts(word) {
        let (first, last) = part.1.split_once('-').unwrap_or((part.1, part.1));
        let (Some(first), Some(last)) = (weekday(first), weekday(last)) else {
            return Err(no_weekday(word, part));
        };
        let length = (last + 7 - first) % 7;
        days.extend((first..=first + length).map(|day| WEEKDAYS[day % 7]));
    }
    Ok(days.join(","))
}

fn weekday(name: &str) -> Option<usize> {
    WEEKDAYS.iter().position(|day| day.eq_ignore_ascii_case(name))
}

/// Numbers mean what they mean to most other tools: 0 and 7 are Sunday.
fn no_weekday(word: (usize, &str), part: (usize, &str)) -> CadenceError {
    let named = |text: &str| number(text).filter(|day| *day <= 7).map(|day| WEEKDAYS[day as usize % 7]);
    let instead = parts(word).map(|(_, part)| match part.split_once('-') {
        Some((first, last)) => Some(format!("{}-{}", named(first)?, named(last)?)),
        None => named(part).map(str::to_owned),
    });
    match instead.collect::<Option<Vec<String>>>() {
        Some(days) => {
            let message = "weekdays are written by name, since tools count them differently".to_owned();
            CadenceError { instead: Some(days.join(",")), ..error(word, message) }
        }
        None => error(part, format!("the weekday is `*`, or days such as `mon` or `mon-fri`, not `{}`", part.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").expect("a local time")
    }

    fn next(cadence: &str, after: &str, count: usize) -> Vec<String> {
        let cadence = Cadence::parse(cadence).expect("a cadence");
        cadence.after(local(after)).take(count).map(|at| at.format("%a %Y-%m-%d %H:%M:%S").to_string()).collect()
    }

    #[test]
    fn weekdays_are_the_days_of_their_names() {
        // 2026-11-02 is a Monday.
        assert_eq!(
            next("0 9 * * mon", "2026-11-02 09:00:00", 2),
            ["Mon 2026-11-09 09:00:00", "Mon 2026-11-16 09:00:00"]
        );
        assert_eq!(next("0 9 * * mon", "2026-11-02 08:59:59", 1), ["Mon 2026-11-02 09:00:00"]);
        let over_the_end = next("0 0 * * SAT-mon,wed", "2026-11-02 12:00:00", 4);
        assert_eq!(over_the_end.iter().map(|at| &at[..3]).collect::<Vec<_>>(), ["Wed", "Sat", "Sun", "Mon"]);
    }

    #[test]
    fn lists_ranges_and_steps() {
        assert_eq!(
            next("*/20 8-9 * * *", "2026-11-02 09:20:00", 2),
            ["Mon 2026-11-02 09:40:00", "Tue 2026-11-03 08:00:00"]
        );
        assert_eq!(
            next("5,50/5 0 1 jan-mar/2 *", "2026-01-01 00:50:00", 2),
            ["Thu 2026-01-01 00:55:00", "Sun 2026-03-01 00:05:00"]
        );
        // Both days must hold.
        assert_eq!(next("0 0 13 * fri", "2026-01-01 00:00:00", 1), ["Fri 2026-02-13 00:00:00"]);
        assert_eq!(next("0 0 29 2 *", "2026-01-01 00:00:00", 1), ["Tue 2028-02-29 00:00:00"]);
        assert_eq!(next("0 0 31 * *", "2026-01-31 00:00:00", 1), ["Tue 2026-03-31 00:00:00"]);
    }

    #[test]
    fn no_instant_is_too_far() {
        let cadence = Cadence::parse("* * * * *").expect("a cadence");
        assert_eq!(cadence.after(NaiveDateTime::MIN).next(), Some(start(1970)));
        assert_eq!(cadence.after(NaiveDateTime::MAX).next(), None);
        assert_eq!(cadence.after(local("2100-12-31 23:58:00")).count(), 1);
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (text, wrong, instead) in [
            ("", "", None),
            ("0 9 * *", "0 9 * *", None),
            ("0 0 9 * * mon", "0 0 9 * * mon", None),
            ("@daily", "@daily", None),
            ("60 9 * * mon", "60", None),
            ("0 8,24 * * mon", "24", None),
            ("0 +8 * * mon", "+8", None),
            ("0 9 0 * *", "0", None),
            ("0 9 ? * *", "?", None),
            ("0 9 * foo *", "foo", None),
            ("0 17-9 * * *", "17-9", None),
            ("*/0 9 * * *", "*/0", None),
            ("*/99999999999 9 * * *", "*/99999999999", None),
            ("0 9 * * 1", "1", Some("mon")),
            ("0 9 * * 1-5,0", "1-5,0", Some("mon-fri,sun")),
            ("0 9 * * 8", "8", None),
            ("0 9 * * mon,monday", "monday", None),
            ("0 9 * * */2", "*/2", None),
            ("0 9 * *,mon *", "mon", None),
            ("0 0 30 2 *", "0 0 30 2 *", None),
            ("0 0 31 apr,jun,sep,nov *", "0 0 31 apr,jun,sep,nov *", None),
            ("0 0 29 2 mon", "0 0 29 2 mon", None),
        ] {
            let error = Cadence::parse(text).expect_err(text);
            assert_eq!((&text[error.at.clone()], error.instead.as_deref()), (wrong, instead), "{text}: {error}");
        }
    }
}

//! What clocks on walls show, minute by minute.

use std::collections::BTreeMap;
use std::fmt;

use antiphon::model::calendar::Calendar;
use antiphon::model::time::{Second, Span};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Zones, and nights of theirs that are odd.
pub const ODD: [(&str, &str); 22] = [
    ("UTC", "2026-03-01"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    // Clocks jump over midnight, and back over it.
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-30"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("America/Havana", "2026-03-08"),
    ("Atlantic/Azores", "2026-03-29"),
    ("Atlantic/Azores", "2026-10-25"),
    // A day left out, at the end of a year and in summer.
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kiritimati", "1995-01-01"),
    ("Pacific/Kwajalein", "1993-08-21"),
    // Parts of hours.
    ("Asia/Kathmandu", "1986-01-01"),
    ("Asia/Kathmandu", "2026-03-04"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Asia/Pyongyang", "2015-08-15"),
    ("Asia/Pyongyang", "2018-05-05"),
    // One minute past midnight.
    ("America/St_Johns", "2006-04-02"),
    ("America/St_Johns", "2006-10-29"),
    ("America/Nuuk", "2024-10-27"),
];

/// So many days around the odd night are walked.
const DAYS: i64 = 36;
/// So many of them are looked at closely.
const CLOSE: i64 = 2;

/// The minutes around one night.
pub struct Walk {
    pub calendar: Calendar,
    /// When each day begins: the first minute that shows it or a later one.
    pub starts: BTreeMap<NaiveDate, Second>,
    /// The latest that clocks have shown up to each minute.
    shown: Vec<NaiveDateTime>,
    first: Second,
    middle: Second,
}

impl Walk {
    pub fn new((zone, night): &(&str, &str)) -> Self {
        let zone: Tz = zone.parse().expect("a zone");
        let night: NaiveDate = night.parse().expect("a day");
        let middle = Second(night.and_hms_opt(0, 0, 0).expect("midnight").and_utc().timestamp());
        let first = middle.minus(Span::days(DAYS));
        let minutes = (first.0..middle.plus(Span::days(DAYS)).0).step_by(60);
        let mut shown: Vec<NaiveDateTime> = minutes.map(|at| shows(zone, at)).collect();
        let mut latest = NaiveDateTime::MIN;
        for local in &mut shown {
            latest = latest.max(*local);
            *local = latest;
        }
        let mut starts = BTreeMap::new();
        let mut newest = shown.first().expect("minutes").date();
        for (minute, local) in (0..).zip(&shown) {
            while newest < local.date() {
                newest = newest.succ_opt().expect("near");
                starts.insert(newest, first.plus(Span(60 * minute)));
            }
        }
        Self { calendar: Calendar { zone, ..Calendar::default() }, starts, shown, first, middle }
    }

    /// Seconds around the night: the ends of minutes and others.
    pub fn instants(&self) -> impl Iterator<Item = Second> + use<> {
        let near = Span::days(CLOSE);
        let (from, to) = (self.middle.minus(near).0, self.middle.plus(near).0);
        (from..to).step_by(60 * 23).flat_map(|at| [at, at + 59]).map(Second).chain(self.hours())
    }

    /// The instants around each full and half hour of that night, to the second.
    fn hours(&self) -> impl Iterator<Item = Second> + use<> {
        let near = Span::DAY;
        let (from, to) = (self.middle.minus(near).0, self.middle.plus(near).0);
        (from..to).step_by(1_800).flat_map(|at| [at - 1, at, at + 1]).map(Second)
    }

    /// When `day` begins, if that was walked.
    pub fn start(&self, day: NaiveDate) -> Option<Second> {
        self.starts.get(&day).copied()
    }

    /// The newest day that has begun.
    pub fn day(&self, at: Second) -> NaiveDate {
        *self.starts.iter().rev().find(|(_, start)| **start <= at).expect("it was walked").0
    }

    pub fn next_midnight(&self, at: Second) -> Option<Second> {
        self.starts.values().copied().find(|start| *start > at)
    }

    /// The first minute at which clocks show `local` or later.
    pub fn first(&self, local: NaiveDateTime) -> Option<Second> {
        let minute = self.shown.partition_point(|shown| *shown < local);
        let is_walked = 0 < minute && minute < self.shown.len();
        is_walked.then(|| self.first.plus(Span(60 * i64::try_from(minute).expect("few"))))
    }
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} around {}", self.calendar.zone, self.middle.rfc3339())
    }
}

fn shows(zone: Tz, at: i64) -> NaiveDateTime {
    let utc = DateTime::from_timestamp(at, 0).expect("near").naive_utc();
    utc + zone.offset_from_utc_datetime(&utc).fix()
}

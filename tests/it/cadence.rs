//! When cadences come round, against a walk through every minute of what clocks on walls show. The walk knows
//! neither gaps nor repetitions: a local time has come round at the first minute at which clocks show it or have
//! passed it, and never again.
//!
//! The ordinary run walks the days around each change of every zone's clocks. The long one walks ten years of all
//! zones with 40 cadences; it takes some minutes:
//!
//! ```text
//! TEST_CADENCES=long cargo test --release --test it -- cadence --nocapture
//! ```

use std::collections::BTreeMap;

use antiphon::model::cadence::Cadence;
use antiphon::model::time::Second;
use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

const CADENCES: [&str; 40] = [
    "* * * * *",
    "*/15 * * * *",
    "0 * * * *",
    "30 * * * *",
    "59 * * * *",
    "7,37 */3 * * *",
    "0 0 * * *",
    "1 0 * * *",
    "30 0 * * *",
    "59 23 * * *",
    "0 1 * * *",
    "30 1 * * *",
    "0 2 * * *",
    "15 2 * * *",
    "30 2 * * *",
    "45 2 * * *",
    "0 3 * * *",
    "1 3 * * *",
    "*/7 1-3 * * *",
    "0 9 * * mon",
    "0 9 * * mon-fri",
    "0 9-17 * * mon-fri",
    "30 2 * * sun",
    "0 0 * * sun",
    "15 1,2 * * sat,sun",
    "0 0 1 * *",
    "0 0 31 * *",
    "30 2 29-31 * *",
    "0 12 1,15 * *",
    "0 0 1 jan *",
    "*/5 2 * mar,oct sun",
    "30 23 31 dec *",
    "0 0 29 2 *",
    "0 9 13 * fri",
    "59 1 25-31 10 sun",
    "0 2 25-31 3 sun",
    "10-20 2 * 3,4,9,10,11 *",
    "0 */6 * * *",
    "45 0-4 * 3-4 *",
    "20 4 */10 * *",
];

/// The minutes, hours … at which a cadence comes round, by the plainest reading of it.
struct Plain {
    minutes: [bool; 60],
    hours: [bool; 24],
    days: [bool; 32],
    months: [bool; 13],
    weekdays: [bool; 7],
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Plain {
    fn read(text: &str) -> Self {
        let fields: Vec<&str> = text.split(' ').collect();
        Self {
            minutes: field(fields[0], 0, &[]),
            hours: field(fields[1], 0, &[]),
            days: field(fields[2], 1, &[]),
            months: field(fields[3], 1, &MONTHS),
            weekdays: field(fields[4], 0, &WEEKDAYS),
        }
    }

    /// Whether it comes round at a local minute, counted from 1970.
    fn comes_round(&self, local: i64, days: &Days) -> bool {
        let (minute, hour) = (local.rem_euclid(60), local.div_euclid(60).rem_euclid(24));
        if !self.minutes[usize::try_from(minute).unwrap()] || !self.hours[usize::try_from(hour).unwrap()] {
            return false;
        }
        let (day, month, weekday) = days.of(local.div_euclid(1_440));
        self.days[day] && self.months[month] && self.weekdays[weekday]
    }
}

fn field<const N: usize>(text: &str, least: usize, names: &[&str]) -> [bool; N] {
    let number = |word: &str| {
        let named = names.iter().position(|name| *name == word).map(|place| place + least);
        named.unwrap_or_else(|| word.parse().expect("a number"))
    };
    let mut set = [false; N];
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (least, N - 1),
            Some((first, last)) => (number(first), number(last)),
            None => (number(range), number(range)),
        };
        (first..=last).step_by(step).for_each(|value| set[value] = true);
    }
    set
}

/// Day, month and weekday of days counted from 1970.
struct Days {
    first: i64,
    days: Vec<(usize, usize, usize)>,
}

impl Days {
    fn new(from: i64, to: i64) -> Self {
        let first = from.div_euclid(1_440) - 3;
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let of = |day: i64| {
            let date = epoch + chrono::TimeDelta::days(day);
            (date.day() as usize, date.month() as usize, date.weekday().num_days_from_monday() as usize)
        };
        Self { first, days: (first..to.div_euclid(1_440) + 4).map(of).collect() }
    }

    fn of(&self, day: i64) -> (usize, usize, usize) {
        self.days[usize::try_from(day - self.first).unwrap()]
    }
}

/// How many minutes local clocks are ahead at `minute`, counted from 1970.
fn offset(zone: Tz, minute: i64) -> i64 {
    let utc = DateTime::from_timestamp(minute * 60, 0).unwrap().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()).div_euclid(60)
}

/// The offsets between two minutes: from when on which one holds, looked up at each `step`-th minute.
fn offsets(zone: Tz, from: i64, to: i64, step: usize) -> Vec<(i64, i64)> {
    let mut changes: Vec<(i64, i64)> = Vec::new();
    for minute in (from..to).step_by(step) {
        let offset = offset(zone, minute);
        if changes.last().is_none_or(|(_, last)| *last != offset) {
            changes.push((minute, offset));
        }
    }
    changes
}

/// The minutes from `from` up to `to` at which a cadence comes round, by walking; `changes` are the offsets.
fn walked(plain: &Plain, changes: &[(i64, i64)], days: &Days, from: i64, to: i64) -> Vec<i64> {
    let mut found = Vec::new();
    // The latest local minute that clocks have shown or passed.
    let mut shown = from - 1 + changes[0].1;
    for (number, (begins, offset)) in changes.iter().enumerate() {
        let ends = changes.get(number + 1).map_or(to, |(next, _)| *next);
        for minute in (*begins).max(from)..ends {
            let local = minute + offset;
            if local > shown {
                if (shown + 1..=local).any(|passed| plain.comes_round(passed, days)) {
                    found.push(minute);
                }
                shown = local;
            }
        }
    }
    found
}

/// The same, asked of the cadence.
fn asked(cadence: &Cadence, zone: Tz, from: i64, to: i64) -> Vec<i64> {
    let mut found = Vec::new();
    let mut at = Second(from * 60 - 1);
    while let Some(next) = cadence.next(at, zone).filter(|next| next.0 < to * 60) {
        assert_eq!(next.0 % 60, 0, "{zone}: {}", next.rfc3339());
        assert!(next > at, "{zone}: {} is not behind {}", next.rfc3339(), at.rfc3339());
        found.push(next.0 / 60);
        at = next;
    }
    found
}

fn compare(text: &str, zone: Tz, changes: &[(i64, i64)], (from, to): (i64, i64), days: &Days) -> usize {
    // A day before, so that what clocks had shown by then is known.
    let by_walk = walked(&Plain::read(text), changes, days, from - 1_441, to);
    let by_walk: Vec<i64> = by_walk.into_iter().filter(|minute| *minute >= from).collect();
    let by_cadence = asked(&Cadence::parse(text).unwrap(), zone, from, to);
    if let Some(place) = (0..by_walk.len().max(by_cadence.len())).find(|n| by_walk.get(*n) != by_cadence.get(*n)) {
        let shown = |found: Option<&i64>| found.map_or("none".to_owned(), |minute| Second(minute * 60).rfc3339());
        let (walk, cadence) = (shown(by_walk.get(place)), shown(by_cadence.get(place)));
        panic!("`{text}` in {zone}: {walk} by the walk, {cadence} by the cadence");
    }
    by_walk.len()
}

fn minute(year: i32, month: u32, day: u32) -> i64 {
    NaiveDate::from_ymd_opt(year, month, day).unwrap().and_time(chrono::NaiveTime::MIN).and_utc().timestamp() / 60
}

#[test]
fn around_every_change_of_clocks() {
    if std::env::var("TEST_CADENCES").is_ok_and(|run| run == "long") {
        return ten_years_of_all_zones();
    }
    let (from, to) = (minute(2026, 1, 1), minute(2027, 1, 1));
    // Zones that show the same are walked once.
    let mut zones: BTreeMap<Vec<(i64, i64)>, Tz> = BTreeMap::new();
    for zone in TZ_VARIANTS {
        zones.entry(offsets(zone, from, to, 60)).or_insert(zone);
    }
    assert!(zones.len() > 50, "{}", zones.len());
    let mut windows: Vec<(Tz, i64)> = Vec::new();
    for (changes, zone) in &zones {
        windows.push((*zone, from + 2_000));
        windows.extend(changes.iter().skip(1).map(|(change, _)| (*zone, *change)));
    }
    // Days that were left out, at the end of a year and in summer, and clocks moved by half an hour.
    for (zone, (year, month, day)) in [
        (Tz::Pacific__Apia, (2011, 12, 30)),
        (Tz::Pacific__Kwajalein, (1993, 8, 21)),
        (Tz::Pacific__Kiritimati, (1995, 1, 1)),
        (Tz::Asia__Pyongyang, (2018, 5, 5)),
        (Tz::Australia__Lord_Howe, (2026, 4, 5)),
    ] {
        windows.push((zone, minute(year, month, day)));
    }
    for (zone, change) in windows {
        let window = (change - 1_700, change + 1_700);
        let days = Days::new(window.0 - 2_000, window.1);
        let changes = offsets(zone, window.0 - 1_441, window.1, 1);
        for text in CADENCES {
            compare(text, zone, &changes, window, &days);
        }
    }
}

fn ten_years_of_all_zones() {
    let window = (minute(2021, 1, 1), minute(2031, 1, 1));
    let days = Days::new(window.0 - 2_000, window.1);
    let mut zones: BTreeMap<Vec<(i64, i64)>, Tz> = BTreeMap::new();
    for zone in TZ_VARIANTS {
        zones.entry(offsets(zone, window.0 - 1_441, window.1, 1)).or_insert(zone);
    }
    let (mut occurrences, mut pairs) = (0, 0);
    for (changes, zone) in &zones {
        for text in CADENCES {
            occurrences += compare(text, *zone, changes, window, &days);
            pairs += 1;
        }
    }
    let all = TZ_VARIANTS.len();
    println!("{all} zones, {} distinct, {pairs} pairs, {occurrences} occurrences, no difference", zones.len());
}

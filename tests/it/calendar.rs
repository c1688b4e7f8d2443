//! Local days, against a walk through every minute of what clocks on walls show; and tests of times against now.

mod times;
mod walk;

use antiphon::model::calendar::Calendar;
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use walk::{ODD, Walk};

const UNITS: [CalendarUnit; 4] = [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month, CalendarUnit::Year];

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn at(text: &str) -> Second {
    Second(chrono::DateTime::parse_from_rfc3339(text).expect("an instant").timestamp())
}

fn calendar(zone: &str) -> Calendar {
    Calendar { zone: zone.parse().expect("a zone"), week_starts: Weekday::Mon }
}

fn length(amount: u32, unit: CalendarUnit) -> Length {
    Length::Calendar { amount, unit }
}

/// The day `amount` units away, counted on fingers: in a month that lacks the day, its last one.
fn moved(from: NaiveDate, amount: i32, unit: CalendarUnit) -> NaiveDate {
    let (days, months) = match unit {
        CalendarUnit::Day => (amount, 0),
        CalendarUnit::Week => (7 * amount, 0),
        CalendarUnit::Month => (0, amount),
        CalendarUnit::Year => (0, 12 * amount),
    };
    let mut day = from;
    for _ in 0..days.abs() {
        day = if days < 0 { day.pred_opt() } else { day.succ_opt() }.expect("near");
    }
    let month = from.year() * 12 + i32::try_from(from.month0()).expect("small") + months;
    let (year, month0) = (month.div_euclid(12), u32::try_from(month.rem_euclid(12)).expect("small"));
    let last = || (1..=from.day()).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month0 + 1, day));
    if months == 0 { day } else { last().expect("every month has a first day") }
}

#[test]
fn days_begin_and_end_where_clocks_say() {
    for walk in ODD.iter().map(Walk::new) {
        let days = walk.calendar;
        for (day, start) in &walk.starts {
            assert_eq!(days.start(*day), *start, "{walk}: start of {day}");
            if let Some(next) = walk.start(day.succ_opt().expect("near")) {
                assert_eq!(days.end(*day), next.minus(Span(1)), "{walk}: end of {day}");
            }
        }
        for at in walk.instants() {
            assert_eq!(days.day(at), walk.day(at), "{walk}: day of {}", at.rfc3339());
            if let Some(next) = walk.next_midnight(at) {
                assert_eq!(days.next_midnight(at), next, "{walk}: midnight after {}", at.rfc3339());
            }
        }
    }
}

#[test]
fn local_times_are_found_where_clocks_first_show_them() {
    for walk in ODD.iter().map(Walk::new) {
        for day in walk.starts.keys() {
            for (hour, minute) in [(0, 0), (0, 1), (0, 30), (1, 30), (2, 0), (2, 15), (12, 0), (23, 1), (23, 45)] {
                let local = day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).expect("a time"));
                if let Some(first) = walk.first(local) {
                    assert_eq!(walk.calendar.instant(local), first, "{walk}: {local}");
                }
            }
        }
    }
}

#[test]
fn windows_and_deadlines_are_counted_in_days_that_were_walked() {
    for walk in ODD.iter().map(Walk::new) {
        for (now, unit) in walk.instants().flat_map(|now| UNITS.map(|unit| (now, unit))) {
            for amount in [1, 2, 3] {
                let (days, today, span) = (walk.calendar, walk.day(now), length(amount, unit));
                let amount = i32::try_from(amount).expect("small");
                let place = || format!("{walk}: {span:?} at {}", now.rfc3339());
                let begins = moved(today, -amount, unit).succ_opt().and_then(|day| walk.start(day));
                if let Some(begins) = begins {
                    assert_eq!(days.window_start(span, now), begins, "{}", place());
                }
                let ends = walk.start(moved(today, amount, unit));
                if let Some(ends) = ends {
                    assert_eq!(days.window_end(span, now), ends.minus(Span(1)), "{}", place());
                }
                let over = moved(today, amount, unit).succ_opt().and_then(|day| walk.start(day));
                if let Some(over) = over {
                    assert_eq!(days.deadline(now, span), over.minus(Span(1)), "{}", place());
                }
            }
        }
    }
}

#[test]
fn weeks_months_and_years_begin_with_their_first_day() {
    for mut walk in ODD.iter().map(Walk::new) {
        for week_starts in [Weekday::Mon, Weekday::Sat, Weekday::Sun] {
            walk.calendar.week_starts = week_starts;
            for now in walk.instants() {
                let is_first = |unit, day: NaiveDate| match unit {
                    CalendarUnit::Day => true,
                    CalendarUnit::Week => day.weekday() == week_starts,
                    CalendarUnit::Month => day.day() == 1,
                    CalendarUnit::Year => day.ordinal() == 1,
                };
                for unit in UNITS {
                    let mut back = walk.starts.range(..=walk.day(now)).rev();
                    if let Some((_, start)) = back.find(|(day, _)| is_first(unit, **day)) {
                        let place = format!("{walk}: {unit:?} of {}", now.rfc3339());
                        assert_eq!(walk.calendar.start_of(unit, now), *start, "{place}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_odd_nights_are_as_the_zones_say() {
    // A midnight that no clock shows, at both ends of the day; a day that clocks leave and come back to.
    let starts = [
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z"),
        ("Asia/Kathmandu", "2026-03-04", "2026-03-03T18:15:00Z"),
    ];
    for (zone, date, start) in starts {
        assert_eq!(calendar(zone).start(day(date)), at(start), "{zone} {date}");
    }
    // One minute into the 29th, clocks show 23:01 of the 28th once more: it stays the 29th.
    let (zone, again) = (calendar("America/St_Johns"), at("2006-10-29T02:31:00Z"));
    assert_eq!(zone.local(again).to_string(), "2006-10-28 23:01:00");
    assert_eq!((zone.day(again), zone.next_midnight(again)), (day("2006-10-29"), zone.start(day("2006-10-30"))));
    // Nobody has lived through the 30th.
    let apia = calendar("Pacific/Apia");
    assert!(apia.end(day("2011-12-30")) < apia.start(day("2011-12-30")));
}

#[test]
fn months_and_years_end_where_they_end() {
    let utc = Calendar::default();
    let noon = |date: &str| Second(utc.start(day(date)).0 + 12 * 3_600);
    let (month, year) = (length(1, CalendarUnit::Month), length(1, CalendarUnit::Year));
    for (length, today, begins) in [
        (month, "2026-03-15", "2026-02-16"),
        (month, "2026-03-31", "2026-03-01"),
        (month, "2024-03-31", "2024-03-01"),
        (month, "2024-03-30", "2024-03-01"),
        (month, "2026-01-10", "2025-12-11"),
        (year, "2024-02-29", "2023-03-01"),
        (length_of_days(2), "2026-03-15", "2026-03-14"),
    ] {
        assert_eq!(utc.window_start(length, noon(today)), utc.start(day(begins)), "{length:?} at {today}");
    }
    for (length, from, last) in [
        (month, "2026-01-31", "2026-02-28"),
        (month, "2024-01-31", "2024-02-29"),
        (year, "2024-02-29", "2025-02-28"),
        (length_of_days(1), "2026-12-31", "2027-01-01"),
    ] {
        assert_eq!(utc.deadline(noon(from), length), utc.end(day(last)), "{length:?} from {from}");
        assert_eq!(utc.window_end(length, noon(from)), utc.end(day(last)).minus(Span::DAY), "{length:?} from {from}");
    }
}

fn length_of_days(amount: u32) -> Length {
    length(amount, CalendarUnit::Day)
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let ends = [i64::MIN, -62_000_000_001, -1, 0, Second::LAST.0 - 1, Second::LAST.0, Second::LAST.0 + 1, i64::MAX];
    for (zone, instant) in ["Pacific/Kiritimati", "Pacific/Niue"].into_iter().flat_map(|zone| ends.map(|at| (zone, at)))
    {
        let (days, now) = (calendar(zone), Second(instant));
        assert!(days.start(days.day(now)) <= days.end(days.day(now)));
        assert!(days.next_midnight(now) > now || now >= Second::LAST);
        for (unit, amount) in UNITS.into_iter().flat_map(|unit| [1, 4_000, u32::MAX].map(|amount| (unit, amount))) {
            let span = length(amount, unit);
            assert!(days.window_start(span, now) <= days.window_end(span, now).next(), "{zone} {instant} {span:?}");
            assert!(days.deadline(now, span) >= days.window_end(span, now), "{zone} {instant} {span:?}");
            assert!(days.start_of(unit, now) <= days.start(days.day(now)));
        }
    }
}

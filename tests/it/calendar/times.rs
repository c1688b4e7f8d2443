//! Tests of times and days against now: when they hold, and that each change is foreseen.

use antiphon::model::calendar::{Calendar, Now};
use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::rule::Point;
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use antiphon::model::value::Type;
use serde_json::{Value as Json, json};

use super::walk::{ODD, Walk};
use super::{at, calendar, day, length, length_of_days};

fn test(ty: Type, test: TimeTest) -> Comparison {
    Comparison { name: "x".to_owned(), ty: Some(ty), op: Op::Time(test), if_missing: false }
}

fn holds(comparison: &Comparison, stored: &Json, at: Second, calendar: Calendar) -> bool {
    comparison.holds_of(Some(stored), Now { at, calendar })
}

/// Around each of `changes` truth is another one the second before than at it and behind it.
fn check(comparison: &Comparison, stored: &Json, zone: &str, first: bool, changes: &[&str]) {
    let mut truth = first;
    for change in changes {
        let change = at(change);
        for (second, expected) in [(-1, truth), (0, !truth), (1, !truth)] {
            let at = change.plus(Span(second));
            let found = holds(comparison, stored, at, calendar(zone));
            assert_eq!(found, expected, "{comparison:?} of {stored} at {}", at.rfc3339());
        }
        truth = !truth;
    }
    if changes.is_empty() {
        assert_eq!(holds(comparison, stored, at("2026-03-29T12:00:00Z"), calendar(zone)), first, "{comparison:?}");
    }
}

#[test]
fn instants_are_compared_with_now_as_the_language_says() {
    // Noon in Berlin, on the day of 23 hours.
    let value = json!("2026-03-29T12:00:00+02:00");
    let check = |time, first, changes: &[&str]| check(&test(Type::Time, time), &value, "Europe/Berlin", first, changes);
    let (now, hour) = ("2026-03-29T10:00:00Z", Length::Elapsed(Span(3_600)));
    check(TimeTest::InTheNext(hour), false, &["2026-03-29T09:00:00Z", now]);
    check(TimeTest::InTheLast(hour), false, &[now, "2026-03-29T11:00:00Z"]);
    check(TimeTest::MoreThanAgo(hour), false, &["2026-03-29T11:00:01Z"]);
    check(TimeTest::MoreThanAway(hour), true, &["2026-03-29T09:00:00Z"]);
    check(TimeTest::InThePast, false, &[now]);
    check(TimeTest::InTheFuture, true, &[now]);
    let (one, two) = (length_of_days(1), length_of_days(2));
    // Ahead: from the start of the day so many days before, to the value. Behind: to the midnight that ends
    // the last of so many days.
    check(TimeTest::InTheNext(one), false, &["2026-03-28T23:00:00Z", now]);
    check(TimeTest::InTheNext(two), false, &["2026-03-27T23:00:00Z", now]);
    check(TimeTest::InTheLast(one), false, &[now, "2026-03-29T22:00:00Z"]);
    check(TimeTest::InTheLast(two), false, &[now, "2026-03-30T22:00:00Z"]);
    check(TimeTest::MoreThanAgo(one), false, &["2026-03-29T22:00:00Z"]);
    check(TimeTest::MoreThanAway(one), true, &["2026-03-28T23:00:00Z"]);
    check(TimeTest::DaysAway(0), false, &["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]);
    check(TimeTest::DaysAway(1), false, &["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z"]);
    check(TimeTest::DaysAway(-1), false, &["2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"]);
    for (time, truth) in [
        (TimeTest::Before(Point::Instant(at(now))), false),
        (TimeTest::Before(Point::Instant(at(now).next())), true),
        (TimeTest::After(Point::Instant(at(now))), false),
        (TimeTest::After(Point::Instant(at(now).minus(Span(1)))), true),
        (TimeTest::Before(Point::Day(day("2026-03-30"))), true),
        (TimeTest::Before(Point::Day(day("2026-03-29"))), false),
        (TimeTest::After(Point::Day(day("2026-03-28"))), true),
        (TimeTest::After(Point::Day(day("2026-03-29"))), false),
        (TimeTest::On(day("2026-03-29")), true),
        (TimeTest::On(day("2026-03-30")), false),
    ] {
        check(time, truth, &[]);
    }
}

#[test]
fn a_day_stands_for_the_whole_of_it() {
    let value = json!("2026-03-29");
    let check = |time, first, changes: &[&str]| check(&test(Type::Date, time), &value, "Europe/Berlin", first, changes);
    let (begins, over) = ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    let (one, two) = (length_of_days(1), length_of_days(2));
    // Today is in both of the next and the last day, and neither past nor ahead.
    check(TimeTest::InTheNext(one), false, &[begins, over]);
    check(TimeTest::InTheNext(two), false, &["2026-03-27T23:00:00Z", over]);
    check(TimeTest::InTheLast(one), false, &[begins, over]);
    check(TimeTest::InTheLast(two), false, &[begins, "2026-03-30T22:00:00Z"]);
    check(TimeTest::MoreThanAgo(two), false, &["2026-03-30T22:00:00Z"]);
    check(TimeTest::MoreThanAway(two), true, &["2026-03-27T23:00:00Z"]);
    check(TimeTest::InThePast, false, &[over]);
    check(TimeTest::InTheFuture, true, &[begins]);
    check(TimeTest::DaysAway(0), false, &[begins, over]);
    for (time, truth) in [
        (TimeTest::Before(Point::Day(day("2026-03-30"))), true),
        (TimeTest::Before(Point::Day(day("2026-03-29"))), false),
        (TimeTest::After(Point::Day(day("2026-03-28"))), true),
        (TimeTest::After(Point::Day(day("2026-03-29"))), false),
        (TimeTest::On(day("2026-03-29")), true),
    ] {
        check(time, truth, &[]);
    }
}

/// At every quarter of an hour: if truth is another one than at the quarter before, that one foresaw it.
#[test]
fn every_change_is_foreseen() {
    let lengths = [length_of_days(1), length_of_days(3), length(1, CalendarUnit::Week), length(1, CalendarUnit::Month)];
    let with = |length| {
        [
            TimeTest::InTheNext(length),
            TimeTest::InTheLast(length),
            TimeTest::MoreThanAgo(length),
            TimeTest::MoreThanAway(length),
        ]
    };
    let mut tests: Vec<TimeTest> = lengths.into_iter().flat_map(with).collect();
    tests.extend([TimeTest::InThePast, TimeTest::InTheFuture]);
    tests.extend([-31, -1, 0, 1, 2].map(TimeTest::DaysAway));
    let instants: Vec<TimeTest> = tests.iter().copied().chain(with(Length::Elapsed(Span(90_001)))).collect();
    let mut changes = 0;
    for walk in ODD.iter().map(Walk::new) {
        let night = *walk.starts.values().nth(36).expect("walked");
        let date = walk.day(night);
        for value in [json!(night.0), json!(night.0 - 1), json!(night.0 + 40_000)] {
            changes += foreseen(&walk, Type::Time, &value, &instants, night);
        }
        changes += foreseen(&walk, Type::Date, &json!(date.to_string()), &tests, night);
    }
    assert!(changes > 1_000, "only {changes} changes were seen");
}

fn foreseen(walk: &Walk, ty: Type, value: &Json, tests: &[TimeTest], night: Second) -> usize {
    let mut changes = 0;
    for time in tests {
        let comparison = test(ty, *time);
        let (from, to) = (night.minus(Span::days(33)), night.plus(Span::days(33)));
        let now = |at| Now { at, calendar: walk.calendar };
        let mut before = from;
        let mut truth = comparison.holds_of(Some(value), now(from));
        while before < to {
            let next = before.plus(Span(6 * 3_600 + 900));
            let holds = comparison.holds_of(Some(value), now(next));
            if holds != truth {
                changes += 1;
                let flips = comparison.flips_of(Some(value), now(before));
                let first = flips.iter().find(|flip| comparison.holds_of(Some(value), now(**flip)) == holds);
                let exact = first.is_some_and(|flip| {
                    before < *flip
                        && *flip <= next
                        && comparison.holds_of(Some(value), now(flip.minus(Span(1)))) == truth
                });
                assert!(
                    exact,
                    "{walk}: {comparison:?} of {value} between {} and {}: {flips:?}",
                    before.rfc3339(),
                    next.rfc3339()
                );
            }
            (before, truth) = (next, holds);
        }
    }
    changes
}

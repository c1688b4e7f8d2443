//! Forms of conditions beside the common ones: windows, sequences, moves, changes, times, and what needs no schema.

use antiphon::dsl::compile;
use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::rule::{
    Change, Condition, Counted, Happened, Match, MessageTest, Move, Phrase, Point, SegmentKind, Sequence, Share,
    Target, Times, Verb, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use antiphon::model::value::{Type, Value};
use chrono::NaiveDate;

use super::{meaning, meaning_in_journey, meaning_with};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("it is a day")
}

fn months(amount: u32) -> Length {
    Length::Calendar { amount, unit: CalendarUnit::Month }
}

fn happened(condition: &str, meant: Condition) -> Happened {
    match meant {
        Condition::Happened(happened) => *happened,
        other => panic!("{condition}: {other:?}"),
    }
}

fn verb(condition: &str) -> Verb {
    match happened(condition, meaning(condition)).what {
        Phrase::One(event) => event.verb,
        other => panic!("{condition}: {other:?}"),
    }
}

fn sequence(condition: &str) -> Sequence {
    match happened(condition, meaning(condition)).what {
        Phrase::Sequence(sequence) => *sequence,
        other => panic!("{condition}: {other:?}"),
    }
}

#[test]
fn windows() {
    let instant = Second(1_774_688_400);
    for (window, meant) in [
        ("ever", Window::Ever),
        ("within 90 minutes", Window::last(Span(5_400))),
        ("in the last 1 calendar month", Window::Last(months(1))),
        ("this year", Window::This(CalendarUnit::Year)),
        ("this week", Window::This(CalendarUnit::Week)),
        ("today", Window::This(CalendarUnit::Day)),
        ("yesterday", Window::Yesterday),
        ("since 2026-03-28", Window::Since(Point::Day(day("2026-03-28")))),
        ("since 2026-03-28T10:00:00+01:00", Window::Since(Point::Instant(instant))),
        ("before 2026-03-28", Window::Before(Point::Day(day("2026-03-28")))),
        ("on 2026-03-28", Window::Days(day("2026-03-28"), day("2026-03-28"))),
        ("from 2026-03-01 to 2026-03-31", Window::Days(day("2026-03-01"), day("2026-03-31"))),
    ] {
        let condition = format!("replied {window}");
        assert_eq!(happened(&condition, meaning(&condition)).window, meant, "{condition}");
    }
}

#[test]
fn distinct_values_and_the_newest_event() {
    let condition = "replied with fewer than 3 distinct body ever";
    let distinct = Counted::Distinct { times: Times::AtMost(2), property: "body".to_owned() };
    assert_eq!(happened(condition, meaning(condition)).counted, distinct);
    // What a flow returns lies one level deeper.
    let condition = "replied with exactly 3 distinct event.score this week";
    let distinct = Counted::Distinct { times: Times::Exactly(3), property: "flow.data.score".to_owned() };
    assert_eq!(happened(condition, meaning(condition)).counted, distinct);
    let condition = "most recently was sent campaign \"winter\" in the last 2 days";
    assert_eq!(happened(condition, meaning(condition)).counted, Counted::Newest);
}

#[test]
fn moves_and_changes() {
    let named = |name: &str| name.to_owned();
    for (condition, moved) in [
        ("entered segment \"vip\" ever", Move::EnteredSegment(named("vip"))),
        ("left segment \"vip\" ever", Move::LeftSegment(named("vip"))),
        ("entered campaign \"winter\" ever", Move::EnteredCampaign(named("winter"))),
        ("left campaign \"winter\" ever", Move::LeftCampaign(named("winter"))),
        ("finished campaign \"winter\" ever", Move::FinishedCampaign(named("winter"))),
        ("converted in campaign \"winter\" ever", Move::ConvertedIn(named("winter"))),
    ] {
        assert_eq!(verb(condition), Verb::Moved(moved), "{condition}");
    }
    let change =
        |name: &str, ty, from, to| Verb::Changed(Box::new(Change { name: named(name), ty: Some(ty), from, to }));
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    assert_eq!(verb("changed plan ever"), change("plan", Type::Text, None, None));
    assert_eq!(
        verb("changed plan from \"trial\" to \"pro\" in the last 1 calendar year"),
        change("plan", Type::Text, text("trial"), text("pro"))
    );
    assert_eq!(
        verb("changed unsubscribed to true today"),
        change("unsubscribed", Type::Boolean, None, Some(Value::Boolean(true)))
    );
    assert_eq!(
        verb("changed birthday from 2026-01-01 ever"),
        change("birthday", Type::Date, Some(Value::Date(day("2026-01-01"))), None)
    );
}

#[test]
fn steps_of_sequences() {
    let winter = "was sent campaign \"winter\"";
    // The negative of `was sent` is a step that does not happen.
    let answered = sequence("replied then was not sent any message within 2 calendar days");
    assert!(matches!(answered.steps.as_slice(), [step] if step.not && step.event == Match::any(Verb::WasSent)));
    assert_eq!(
        answered.steps.first().and_then(|step| step.within),
        Some(Length::Calendar { amount: 2, unit: CalendarUnit::Day })
    );
    // A message of which this is the second step.
    let it = Match { target: Some(Target { message: MessageTest::It, directly: false }), ..Match::any(Verb::Read) };
    assert_eq!(sequence(&format!("{winter} then read it within 1 day")).steps[0].event, it);
    // The unseen step of `within … of` goes on with `then`.
    let long = sequence("replied YES within 2 days of campaign \"winter\" then performed \"paid\" within 3 days");
    assert_eq!(long.first.verb, Verb::WasSent);
    let verbs: Vec<&Verb> = long.steps.iter().map(|step| &step.event.verb).collect();
    assert_eq!(verbs, [&Verb::Replied, &Verb::Performed("paid".to_owned())]);
    // In time for its message, and then more.
    let in_time = sequence("replied within 2 days of the message it answers then performed \"paid\" within 3 days");
    assert_eq!(in_time.first.in_time, Some(Span::days(2).into()));
    // A window behind the whole.
    let condition = &format!("{winter} then replied this month");
    assert_eq!(happened(condition, meaning(condition)).window, Window::This(CalendarUnit::Month));
}

#[test]
fn a_verdict_waits_for_what_is_late() {
    let absence = "was sent any message then not replied within 2 days";
    let grace = |condition| match happened(absence, condition).what {
        Phrase::Sequence(sequence) => sequence.grace,
        other => panic!("{other:?}"),
    };
    assert_eq!(grace(meaning(absence)), Span(120), "that of the schema");
    assert_eq!(grace(meaning_with("    grace: 5 minutes\n", absence)), Span(300), "its own");
    assert_eq!(grace(meaning_with("    grace: 0 seconds\n", absence)), Span(0));
    // What happens is known when it does.
    assert_eq!(grace(meaning("was sent any message then replied within 2 days")), Span(0));
}

#[test]
fn what_only_a_journey_has() {
    let condition = "replied to step \"ask\" since entry";
    let meant = happened(condition, meaning_in_journey(condition));
    let target = Target { message: MessageTest::Step("ask".to_owned()), directly: false };
    assert_eq!(meant.window, Window::SinceEntry);
    assert_eq!(meant.what, Phrase::One(Box::new(Match { target: Some(target), ..Match::any(Verb::Replied) })));
}

#[test]
fn samples_and_journeys() {
    let sample = |share| Condition::InSample { name: "s".to_owned(), share: Share(share) };
    assert_eq!(meaning("in sample \"s\" of 12.5%"), sample(1_250));
    assert_eq!(meaning("in sample \"s\" of 0.01%"), sample(1));
    assert_eq!(meaning("in campaign \"winter\""), Condition::InCampaign("winter".to_owned()));
    assert_eq!(meaning("service window is closed"), Condition::Not(Box::new(Condition::ServiceWindow)));
    assert_eq!(
        meaning("(not in campaign \"winter\") for at least 90 minutes"),
        Condition::HeldFor {
            condition: Box::new(Condition::Not(Box::new(Condition::InCampaign("winter".to_owned())))),
            span: Span(5_400)
        }
    );
}

#[test]
fn times_and_days() {
    let of = |name: &str, ty, test| {
        Condition::Attribute(Comparison { name: name.to_owned(), ty: Some(ty), op: Op::Time(test), if_missing: false })
    };
    let days = |amount| Length::Calendar { amount, unit: CalendarUnit::Day };
    let instant = Second(1_774_688_400);
    for (test, meant) in [
        ("is in the next 3 calendar days", TimeTest::InTheNext(days(3))),
        ("is less than 3 calendar days away", TimeTest::InTheNext(days(3))),
        ("is in the last 1 calendar month", TimeTest::InTheLast(months(1))),
        ("is less than 1 calendar month ago", TimeTest::InTheLast(months(1))),
        ("is more than 2 calendar days ago", TimeTest::MoreThanAgo(days(2))),
        ("is more than 2 calendar days away", TimeTest::MoreThanAway(days(2))),
        ("is in the past", TimeTest::InThePast),
        ("is in the future", TimeTest::InTheFuture),
        ("is today", TimeTest::DaysAway(0)),
        ("is yesterday", TimeTest::DaysAway(-1)),
        ("is tomorrow", TimeTest::DaysAway(1)),
        ("is before 2026-03-28", TimeTest::Before(Point::Day(day("2026-03-28")))),
        ("is after 2026-03-28", TimeTest::After(Point::Day(day("2026-03-28")))),
        ("is on 2026-03-28", TimeTest::On(day("2026-03-28"))),
    ] {
        for (name, ty) in [("trial_ends_at", Type::Time), ("birthday", Type::Date)] {
            let condition = format!("{name} {test}");
            assert_eq!(meaning(&condition), of(name, ty, meant), "{condition}");
        }
    }
    for (condition, meant) in [
        ("trial_ends_at is in the last 36 hours", TimeTest::InTheLast(Span::hours(36).into())),
        ("trial_ends_at is before 2026-03-28T09:00:00Z", TimeTest::Before(Point::Instant(instant))),
        ("trial_ends_at is after 2026-03-28T09:00Z", TimeTest::After(Point::Instant(instant))),
    ] {
        assert_eq!(meaning(condition), of("trial_ends_at", Type::Time, meant), "{condition}");
    }
}

#[test]
fn without_a_schema_the_literal_says_the_type() {
    let text = |condition: &str| format!("version: 1\nsegments:\n  a:\n    when: |\n      {condition}\n");
    let meant = |condition: &str| {
        let compiled = compile(&[("rules/a.yaml".to_owned(), text(condition))].into());
        let rules = compiled.rules.unwrap_or_else(|| panic!("{condition}: {:#?}", compiled.diagnostics));
        rules.segments.into_iter().next().map(|segment| segment.kind)
    };
    let untyped = |op| {
        let comparison = Comparison { name: "x".to_owned(), ty: None, op, if_missing: false };
        Some(SegmentKind::Data(Condition::Attribute(comparison)))
    };
    assert_eq!(meant("x is \"a\""), untyped(Op::Is(Value::Text("a".to_owned()))));
    assert_eq!(meant("x > 5"), untyped(Op::More(Value::Number(5.into()))));
    assert_eq!(meant("x contains 5"), untyped(Op::Contains(Value::Number(5.into()))));
    assert_eq!(meant("x is in the next 2 days"), untyped(Op::Time(TimeTest::InTheNext(Span::days(2).into()))));
    assert_eq!(meant("x is before 2026-03-28"), untyped(Op::Time(TimeTest::Before(Point::Day(day("2026-03-28"))))));
    let changed = Change { name: "x".to_owned(), ty: None, from: None, to: Some(Value::Number(5.into())) };
    let changed = Match::any(Verb::Changed(Box::new(changed)));
    let happened = Happened { what: Phrase::One(Box::new(changed)), counted: Counted::ONCE, window: Window::Ever };
    assert_eq!(meant("changed x to 5 ever"), Some(SegmentKind::Data(Condition::Happened(Box::new(happened)))));
}

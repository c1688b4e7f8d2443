//! One row for each kind of thing that can be said of a person, from the plainest on.

use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::rule::{
    Condition, Counted, Happened, Match, MessageTest, Phrase, Sequence, Share, Target, Test, TextTest, Then, Times,
    Verb, Via, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Span};
use antiphon::model::value::{Type, Value};
use chrono::{NaiveTime, Weekday};

use super::{meaning, winter};

const GRACE: Span = Span(120);

fn attribute(name: &str, ty: Type, op: Op, if_missing: bool) -> Condition {
    Condition::Attribute(Comparison { name: name.to_owned(), ty: Some(ty), op, if_missing })
}

fn value(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn replied(words: &[&str]) -> Match {
    with_text(TextTest::AnyOf(strings(words)))
}

fn with_text(text: TextTest) -> Match {
    Match { text: Some(text), ..Match::any(Verb::Replied) }
}

fn any() -> Match {
    Match::any(Verb::Replied)
}

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn sent_winter() -> Match {
    Match { target: winter(None, false), ..Match::any(Verb::WasSent) }
}

fn in_time(event: Match) -> Match {
    Match { in_time: Some(Span::days(2).into()), ..event }
}

fn counted(what: Match, counted: impl Into<Counted>, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what: Phrase::One(Box::new(what)), counted: counted.into(), window }))
}

fn once(what: Match, window: Window) -> Condition {
    counted(what, Counted::ONCE, window)
}

fn sequence(first: Match, steps: Vec<Then>, window: Window) -> Condition {
    let grace = if steps.last().is_some_and(|step| step.not) { GRACE } else { Span(0) };
    let what = Phrase::Sequence(Box::new(Sequence { first, steps, grace }));
    Condition::Happened(Box::new(Happened { what, counted: Counted::ONCE, window }))
}

fn then(event: Match, within: Option<Span>) -> Then {
    Then { not: false, event, same: None, within: within.map(Length::from) }
}

fn then_not(event: Match, within: Option<Span>) -> Then {
    Then { not: true, ..then(event, within) }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn last_days(days: i64) -> Window {
    Window::last(Span::days(days))
}

fn calendar(amount: u32, unit: CalendarUnit) -> Window {
    Window::Last(Length::Calendar { amount, unit })
}

fn segment(name: &str) -> Condition {
    Condition::InSegment(name.to_owned())
}

fn nine() -> NaiveTime {
    NaiveTime::from_hms_opt(9, 0, 0).expect("it exists")
}

#[test]
fn people_and_what_is_known_of_them() {
    let time = |test| Op::Time(test);
    for (condition, meant) in [
        ("everyone", Condition::Everyone),
        ("plan is \"pro\"", attribute("plan", Type::Text, Op::Is(value("pro")), false)),
        (
            "country is one of [\"DE\", \"AT\"]",
            attribute("country", Type::Text, Op::OneOf(vec![value("DE"), value("AT")]), false),
        ),
        ("country is not \"DE\" (or missing)", attribute("country", Type::Text, Op::IsNot(value("DE")), true)),
        ("country is not \"DE\" (and present)", attribute("country", Type::Text, Op::IsNot(value("DE")), false)),
        ("email is missing", attribute("email", Type::Text, Op::Missing, false)),
        ("tags contains \"beta\"", attribute("tags", Type::ListOfText, Op::Contains(value("beta")), false)),
        (
            "trial_ends_at is in the next 3 days",
            attribute("trial_ends_at", Type::Time, time(TimeTest::InTheNext(Span::days(3).into())), false),
        ),
        (
            "signed_up_at is more than 30 days ago",
            attribute("signed_up_at", Type::Time, time(TimeTest::MoreThanAgo(Span::days(30).into())), false),
        ),
        ("birthday is today", attribute("birthday", Type::Date, time(TimeTest::DaysAway(0)), false)),
        ("unsubscribed is true", attribute("unsubscribed", Type::Boolean, Op::Is(Value::Boolean(true)), false)),
    ] {
        assert_eq!(meaning(condition), meant, "{condition}");
    }
}

#[test]
fn what_they_said() {
    let two_days = last_days(2);
    let to_winter = |event: Match| Match { target: winter(None, false), ..event };
    let confirm = Match { via: Some(Via::Button), ..replied(&["Confirm"]) };
    let tapped =
        Match { text: Some(TextTest::ButtonId("confirm_v2".to_owned())), ..to_winter(Match::any(Verb::Tapped)) };
    let thumb = Match { text: Some(TextTest::AnyOf(strings(&["👍"]))), ..to_winter(Match::any(Verb::Reacted)) };
    let survey = MessageTest::Campaign { campaign: "survey".to_owned(), step: None };
    let pattern = Match {
        target: Some(Target { message: survey, directly: false }),
        ..with_text(TextTest::Matching(r"(?i)\bAB-?[0-9]{4}\b".to_owned()))
    };
    for (condition, meant) in [
        ("replied \"HELLO\" ever", once(replied(&["HELLO"]), Window::Ever)),
        ("replied YES within 2 days", once(replied(&["YES"]), two_days)),
        ("replied YES in the last 2 days", once(replied(&["YES"]), two_days)),
        ("replied YES within 2 days of the message it answers", once(in_time(replied(&["YES"])), Window::Ever)),
        (
            "replied YES within 2 days of the message it answers in the last 30 days",
            once(in_time(replied(&["YES"])), last_days(30)),
        ),
        (
            "replied YES to campaign \"winter\" within 2 days of the message it answers",
            once(in_time(to_winter(replied(&["YES"]))), Window::Ever),
        ),
        (
            "replied YES within 2 days of campaign \"winter\"",
            sequence(sent_winter(), vec![then(replied(&["YES"]), Some(Span::days(2)))], Window::Ever),
        ),
        (
            "never replied YES within 2 days of the message it answers",
            not(once(in_time(replied(&["YES"])), Window::Ever)),
        ),
        ("replied any of affirm to campaign \"winter\" ever", once(to_winter(replied(&["yes", "sí"])), Window::Ever)),
        (
            "replied directly to campaign \"winter\" ever",
            once(Match { target: winter(None, true), ..any() }, Window::Ever),
        ),
        ("replied \"Confirm\" via button in the last 2 calendar days", once(confirm, calendar(2, CalendarUnit::Day))),
        ("tapped id \"confirm_v2\" to campaign \"winter\" ever", once(tapped, Window::Ever)),
        ("reacted \"👍\" to campaign \"winter\" within 7 days", once(thumb, last_days(7))),
        (
            "replied containing REFUND within 24 hours",
            once(with_text(TextTest::Containing(strings(&["REFUND"]))), Window::last(Span::hours(24))),
        ),
        (r#"replied matching /\bAB-?[0-9]{4}\b/i to campaign "survey" within 14 days"#, once(pattern, last_days(14))),
        ("has not replied within 7 days", not(once(any(), last_days(7)))),
        (
            "known for at least 7 days and has not replied within 7 days",
            Condition::All(vec![Condition::KnownFor(Span::days(7)), not(once(any(), last_days(7)))]),
        ),
        ("never replied \"STOP\"", not(once(replied(&["STOP"]), Window::Ever))),
        ("most recently replied any of deny ever", counted(replied(&["no", "nope"]), Counted::Newest, Window::Ever)),
        ("service window is open", Condition::ServiceWindow),
    ] {
        assert_eq!(meaning(condition), meant, "{condition}");
    }
}

#[test]
fn how_often() {
    let distinct = Counted::Distinct { times: Times::AtLeast(3), property: "product_id".to_owned() };
    let property =
        |name: &str, ty, op| Test::Property(Comparison { name: name.to_owned(), ty: Some(ty), op, if_missing: false });
    let large = Match {
        filter: Some(Test::All(vec![
            property("total", Type::Number, Op::More(Value::Number(50.into()))),
            property("currency", Type::Text, Op::Is(value("EUR"))),
        ])),
        ..performed("order_placed")
    };
    let unsolicited = Match { filter: Some(property("answers", Type::Text, Op::Missing)), ..any() };
    for (condition, meant) in [
        ("replied at least 3 times within 30 days", counted(any(), Times::AtLeast(3), last_days(30))),
        (
            "replied within 2 days of the message it answers at least 3 times in the last 90 days",
            counted(in_time(any()), Times::AtLeast(3), last_days(90)),
        ),
        ("replied fewer than 2 times this month", counted(any(), Times::AtMost(1), Window::This(CalendarUnit::Month))),
        (
            "performed \"viewed_product\" with at least 3 distinct product_id within 7 days",
            counted(performed("viewed_product"), distinct, last_days(7)),
        ),
        (
            "performed \"order_placed\" where (total > 50 and currency is \"EUR\") at least 2 times in the last 90 days",
            counted(large, Times::AtLeast(2), last_days(90)),
        ),
        (
            "was sent any message at most 3 times in the last 7 calendar days",
            counted(Match::any(Verb::WasSent), Times::AtMost(3), calendar(7, CalendarUnit::Day)),
        ),
        ("was not sent campaign \"winter\" in the last 30 days", not(once(sent_winter(), last_days(30)))),
        ("replied where answers is missing within 1 day", once(unsolicited, last_days(1))),
    ] {
        assert_eq!(meaning(condition), meant, "{condition}");
    }
}

#[test]
fn one_thing_after_another() {
    let to_it = Match { target: Some(Target { message: MessageTest::It, directly: false }), ..any() };
    let days = |days| Some(Span::days(days));
    let same_cart =
        Then { same: Some("cart_id".to_owned()), ..then_not(performed("order_placed"), Some(Span::hours(1))) };
    for (condition, meant) in [
        (
            "was sent campaign \"winter\" then not replied within 2 days",
            sequence(sent_winter(), vec![then_not(any(), days(2))], Window::Ever),
        ),
        (
            "was sent campaign \"winter\" then not replied to it within 2 days in the last 30 days",
            sequence(sent_winter(), vec![then_not(to_it, days(2))], last_days(30)),
        ),
        (
            "was sent campaign \"winter\", then replied YES within 1 day, then performed \"order_placed\" within 3 days",
            sequence(
                sent_winter(),
                vec![then(replied(&["YES"]), days(1)), then(performed("order_placed"), days(3))],
                Window::Ever,
            ),
        ),
        (
            "replied YES then not replied NO then performed \"paid\" within 7 days",
            sequence(
                replied(&["YES"]),
                vec![then_not(replied(&["NO"]), None), then(performed("paid"), days(7))],
                Window::Ever,
            ),
        ),
        (
            "performed \"cart_created\" then not performed \"order_placed\" with same cart_id within 1 hour \
             in the last 1 day",
            sequence(performed("cart_created"), vec![same_cart], last_days(1)),
        ),
    ] {
        assert_eq!(meaning(condition), meant, "{condition}");
    }
}

#[test]
fn parts_of_people_and_stretches_of_time() {
    let trial = attribute("plan", Type::Text, Op::Is(value("trial")), false);
    let held = |condition, days| Condition::HeldFor { condition: Box::new(condition), span: Span::days(days) };
    let holdout = Condition::InSample { name: "holdout-2026".to_owned(), share: Share(1_000) };
    let tapped = Match { text: Some(TextTest::AnyOf(strings(&["Yes"]))), ..Match::any(Verb::Tapped) };
    for (condition, meant) in [
        ("plan is \"trial\" for at least 14 days", held(trial, 14)),
        (
            "in segment \"vip\" for at least 30 days and in sample \"holdout-2026\" of 10%",
            Condition::All(vec![held(segment("vip"), 30), holdout]),
        ),
        (
            "(replied YES ever or tapped \"Yes\" ever) and not in segment \"opted-out\"",
            Condition::All(vec![
                Condition::Any(vec![once(replied(&["YES"]), Window::Ever), once(tapped, Window::Ever)]),
                not(segment("opted-out")),
            ]),
        ),
    ] {
        assert_eq!(meaning(condition), meant, "{condition}");
    }
}

#[test]
fn the_clock_is_for_filters_and_steps() {
    let eighteen = NaiveTime::from_hms_opt(18, 0, 0).expect("it exists");
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    assert_eq!(
        super::meaning_in_journey(
            "local time is from 09:00 to 18:00 and local day is one of [mon, tue, wed, thu, fri]"
        ),
        Condition::All(vec![Condition::LocalTime { from: nine(), to: eighteen }, Condition::LocalDay(days.to_vec())])
    );
}

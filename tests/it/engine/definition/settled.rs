//! What is settled beside the examples: where two readings were possible.

use antiphon::engine::naive::Case;
use antiphon::model::compare::{Comparison, Op};
use antiphon::model::event::{Kind, Order};
use antiphon::model::id::JourneyId;
use antiphon::model::rule::{
    Change, Condition, Counted, Happened, Match, MessageTest, Move, Phrase, RuleSet, Sequence, Share, Target, Test,
    Then, Times, Verb, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use antiphon::model::value::{Properties, Type, Value};
use chrono::NaiveTime;
use serde_json::json;
use ulid::Ulid;

use super::past::{Past, START, message, past};
use super::{days, flips, rules, until};

fn check(condition: &Condition, past: &Past, first: bool, changes: &[i64]) {
    check_under(&rules(), condition, past, first, changes);
}

fn check_under(rules: &RuleSet, condition: &Condition, past: &Past, first: bool, changes: &[i64]) {
    let wrong = flips(rules, condition, past, first, changes, days(100));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn happened(what: Phrase, counted: Counted, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what, counted, window }))
}

fn ever(rule: Match) -> Condition {
    happened(Phrase::One(Box::new(rule)), Counted::ONCE, Window::Ever)
}

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn changed(name: &str, from: Option<&str>, to: Option<&str>) -> Match {
    let text = |text: &str| Value::Text(text.to_owned());
    let (from, to) = (from.map(text), to.map(text));
    Match::any(Verb::Changed(Box::new(Change { name: name.to_owned(), ty: Some(Type::Text), from, to })))
}

fn is_text(name: &str, text: &str) -> Comparison {
    let op = Op::Is(Value::Text(text.to_owned()));
    Comparison { name: name.to_owned(), ty: Some(Type::Text), op, if_missing: false }
}

fn target(message: MessageTest) -> Option<Target> {
    Some(Target { message, directly: false })
}

fn winter() -> Option<Target> {
    target(MessageTest::Campaign { campaign: "winter".to_owned(), step: None })
}

fn calendar_days(amount: u32) -> Length {
    Length::Calendar { amount, unit: CalendarUnit::Day }
}

fn step(not: bool, event: Match, within: Option<Length>) -> Then {
    Then { not, event, same: None, within }
}

fn sequence(first: Match, steps: Vec<Then>, grace: i64) -> Phrase {
    Phrase::Sequence(Box::new(Sequence { first, steps, grace: Span(grace) }))
}

fn held(condition: Condition, seconds: i64) -> Condition {
    Condition::HeldFor { condition: Box::new(condition), span: Span(seconds) }
}

#[test]
fn nothing_has_held_of_somebody_before_they_are_known() {
    let silent = Condition::Not(Box::new(ever(Match::any(Verb::Replied))));
    check(&held(Condition::Everyone, 100), &past(), false, &[100]);
    check(&held(silent.clone(), 100), &past().says(150, "hm"), false, &[100, 150]);
    // Not holding is counted like everything else, and so are runs of runs.
    let not_held = Condition::Not(Box::new(held(silent, 100)));
    check(&held(not_held, 50), &past().says(150, "hm"), false, &[50, 100, 200]);
}

#[test]
fn a_run_breaks_only_where_a_second_ends_untrue() {
    let pro = held(Condition::Attribute(is_text("plan", "pro")), 10);
    let twice = past().with("plan", json!("pro")).sets(20, "plan", json!("x")).sets(20, "plan", json!("pro"));
    check(&pro, &twice, false, &[10]);
    let broken = past().with("plan", json!("pro")).sets(20, "plan", json!("x")).sets(21, "plan", json!("pro"));
    check(&pro, &broken, false, &[10, 20, 31]);
}

#[test]
fn changes_are_those_of_somebody_known() {
    let any = ever(changed("plan", None, None));
    let made = past().with("plan", json!("pro"));
    // The values of creation stand in the log too.
    check(&any, &made.clone().sets(0, "plan", json!("pro")).sets(10, "plan", json!("pro")), false, &[]);
    check(&any, &made.clone().sets(10, "plan", json!("free")), false, &[10]);
    // A first value, a removal, and a value of another type, which counts as missing.
    check(&any, &past().sets(10, "plan", json!("free")), false, &[10]);
    check(&ever(changed("plan", Some("pro"), None)), &made.clone().sets(10, "plan", json!(null)), false, &[10]);
    check(&any, &past().sets(10, "plan", json!(7)), false, &[]);
    let to_free = ever(changed("plan", Some("pro"), Some("free")));
    check(&to_free, &made.clone().sets(10, "plan", json!("x")).sets(20, "plan", json!("free")), false, &[]);
    check(&to_free, &made.clone().sets(10, "plan", json!("free")), false, &[10]);
    // Before they are known, nothing is theirs to change.
    check(&any, &made.sets(-5, "plan", json!("free")), false, &[]);
}

#[test]
fn a_late_write_makes_and_unmakes_changes() {
    let to_pro = ever(changed("plan", Some("free"), Some("pro")));
    let late = |value| past().with("plan", json!("free")).sets(30, "plan", json!("pro")).sets(20, "plan", json!(value));
    check(&to_pro, &late("pro").arrives(40), false, &[20]);
    check(&to_pro, &late("x").arrives(40), false, &[]);
    check(&ever(changed("plan", Some("x"), Some("pro"))), &late("x").arrives(40), false, &[30]);
}

#[test]
fn what_was_decided_lies_behind_its_cause() {
    let entered = |segment: &str| Match::any(Verb::Moved(Move::EnteredSegment(segment.to_owned())));
    let moved = |past: Past| past.moved(10, Move::EnteredSegment("vip".to_owned()));
    check(&ever(entered("vip")), &moved(past().says(10, "hm")), false, &[10]);
    check(&ever(entered("other")), &moved(past().says(10, "hm")), false, &[]);
    let follows =
        |first, event| happened(sequence(first, vec![step(false, event, None)], 0), Counted::ONCE, Window::Ever);
    let behind = moved(past().says(10, "hm")).says(10, "hm");
    check(&follows(Match::any(Verb::Replied), entered("vip")), &behind, false, &[10]);
    check(&follows(entered("vip"), Match::any(Verb::Replied)), &behind, false, &[10]);
    check(&follows(entered("vip"), Match::any(Verb::Replied)), &moved(past().says(10, "hm")), false, &[]);
    // Two behind one event stay as they were made.
    let two = moved(past().says(10, "hm")).moved(10, Move::LeftSegment("vip".to_owned()));
    let left = Match::any(Verb::Moved(Move::LeftSegment("vip".to_owned())));
    check(&follows(entered("vip"), left.clone()), &two, false, &[10]);
    check(&follows(left, entered("vip")), &two, false, &[]);
}

#[test]
fn a_campaign_runs_until_its_last_journey_is_over() {
    let (enter, leave) = (Move::EnteredCampaign("winter".to_owned()), Move::LeftCampaign("winter".to_owned()));
    let running = past().moved(10, enter.clone()).moved(20, enter).moved(30, leave.clone()).moved(40, leave);
    check(&Condition::InCampaign("winter".to_owned()), &running, false, &[10, 40]);
    check(&Condition::InCampaign("nudge".to_owned()), &running, false, &[]);
}

#[test]
fn most_recently_looks_at_the_newest_of_its_verb() {
    let newest = |rule| happened(Phrase::One(Box::new(rule)), Counted::Newest, Window::last(Span(1_000)));
    // Of deliveries the message is a test, of others it says which are looked at.
    let sent = Match { target: winter(), ..Match::any(Verb::WasSent) };
    let sends = past().sent(&message("winter", 10)).sent(&message("nudge", 20)).sent(&message("winter", 30));
    check(&newest(sent), &sends, false, &[10, 20, 30, 1_030]);
    let yes = |rule| Match { filter: Some(Test::Property(is_text("body", "yes"))), ..rule };
    let reply = yes(Match { target: winter(), ..Match::any(Verb::Replied) });
    let said = past().answers(40, "yes", &message("winter", 10)).says(50, "no");
    check(&newest(reply.clone()), &said, false, &[40, 1_040]);
    check(&newest(reply), &said.answers(60, "no", &message("winter", 10)), false, &[40, 60]);
    // The name is part of `performed`, the values are no part of `changed`.
    check(&newest(performed("a")), &past().does(10, "a", []).does(20, "b", []), false, &[10, 1_010]);
    let plans = past().sets(10, "plan", json!("pro")).sets(20, "city", json!("Bonn")).sets(30, "plan", json!("x"));
    check(&newest(changed("plan", None, Some("pro"))), &plans, false, &[10, 30]);
}

#[test]
fn a_verdict_waits_for_its_grace() {
    let silent = |grace| {
        let not_replied = step(true, Match::any(Verb::Replied), Some(Span(100).into()));
        let phrase = sequence(Match { target: winter(), ..Match::any(Verb::WasSent) }, vec![not_replied], grace);
        happened(phrase, Counted::ONCE, Window::Ever)
    };
    let asked = past().sent(&message("winter", 10));
    check(&silent(0), &asked, false, &[111]);
    check(&silent(5), &asked, false, &[116]);
    check(&silent(5), &asked.clone().says(110, "hm").arrives(114), false, &[]);
    check(&silent(5), &asked.says(111, "hm"), false, &[116]);
}

#[test]
fn a_send_learned_after_its_reply_lies_before_it() {
    let follows = sequence(Match::any(Verb::WasSent), vec![step(false, Match::any(Verb::Replied), None)], 0);
    let mut past = past().says(10, "yes").sent(&message("winter", 10));
    let condition = happened(follows, Counted::ONCE, Window::Ever);
    check(&condition, &past, false, &[]);
    past.events[1].precedes = Some(1);
    check(&condition, &past, false, &[10]);
}

#[test]
fn what_lacks_the_same_property_takes_no_part() {
    let same = |not| Then { same: Some("cart".to_owned()), ..step(not, performed("b"), Some(Span(100).into())) };
    let (answered, silent) =
        (sequence(performed("a"), vec![same(false)], 0), sequence(performed("a"), vec![same(true)], 0));
    let both = [answered, silent].map(|phrase| happened(phrase, Counted::ONCE, Window::Ever));
    let [answered, silent] = &both;
    let one = past().does(10, "a", []).does(20, "b", []);
    check(answered, &one, false, &[]);
    check(silent, &one, false, &[]);
    let mixed = past().does(10, "a", [("cart", json!(1))]).does(20, "b", [("cart", json!("1"))]);
    check(answered, &mixed, false, &[]);
    check(silent, &mixed, false, &[111]);
    check(answered, &mixed.does(30, "b", [("cart", json!(1.0))]), false, &[30]);
    // Nor does it where only what may not come between is compared.
    let barred = Then { same: Some("cart".to_owned()), ..step(true, performed("b"), None) };
    let chain = sequence(performed("a"), vec![barred, step(false, performed("c"), None)], 0);
    let chain = happened(chain, Counted::ONCE, Window::Ever);
    check(&chain, &past().does(10, "a", []).does(20, "c", []), false, &[]);
    check(&chain, &past().does(10, "a", [("cart", json!(1))]).does(15, "b", []).does(20, "c", []), false, &[20]);
}

#[test]
fn it_is_the_message_of_the_nearest_step_about_one() {
    let it = target(MessageTest::It);
    let reply = Match { target: it.clone(), ..Match::any(Verb::Replied) };
    let read = Match { target: it, ..Match::any(Verb::Read) };
    let steps =
        vec![step(false, performed("a"), None), step(false, read, None), step(false, reply, Some(Span(100).into()))];
    let chain = happened(sequence(Match::any(Verb::WasSent), steps, 0), Counted::ONCE, Window::Ever);
    let (one, two) = (message("winter", 10), message("winter", 20));
    let told = |read, answered| {
        let read_it = past().sent(&one).sent(&two).does(30, "a", []).event(40, Kind::Read, Properties::new());
        read_it.about(read, None).quotes(50, "hm", answered)
    };
    check(&chain, &told(&one, &one), false, &[50]);
    check(&chain, &told(&two, &two), false, &[50]);
    check(&chain, &told(&one, &two), false, &[]);
}

#[test]
fn a_property_is_compared_with_the_arrival_and_the_person_of_then() {
    let pro = Match { filter: Some(Test::Person(is_text("plan", "pro"))), ..performed("a") };
    let late = past().with("plan", json!("free")).sets(30, "plan", json!("pro")).does(20, "a", []);
    check(&ever(pro.clone()), &late.arrives(40), false, &[20]);
    let early = past().with("plan", json!("free")).does(20, "a", []).sets(10, "plan", json!("pro"));
    check(&ever(pro), &early.arrives(40), false, &[]);
}

#[test]
fn deadlines_and_windows_in_days_are_those_of_the_zone_at_the_instant() {
    // It is 10:14 in Berlin and 14:59 in Kathmandu.
    let follows = sequence(performed("a"), vec![step(true, performed("b"), Some(calendar_days(1)))], 0);
    let silent = happened(follows, Counted::ONCE, Window::Ever);
    let (here, there) = (until("2026-03-04T23:00:00Z"), until("2026-03-04T18:15:00Z"));
    let flown = past().does(10, "a", []).sets(20, "timezone", json!("Asia/Kathmandu"));
    check(&silent, &flown, false, &[there]);
    // Back when the verdict has fallen already, it is too early for it after all.
    check(&silent, &flown.sets(there + 60, "timezone", json!(null)), false, &[there, there + 60, here]);
    // A zone that nobody knows is none.
    check(&silent, &past().sets(5, "timezone", json!("Berlin")).does(10, "a", []), false, &[here]);

    let today = happened(Phrase::One(Box::new(performed("a"))), Counted::ONCE, Window::This(CalendarUnit::Day));
    let flown = past().does(10, "a", []).sets(20, "timezone", json!("Asia/Kathmandu"));
    check(&today, &flown, false, &[10, until("2026-03-03T18:15:00Z")]);
    // Westward it is the same day again: on at the flight, off at the midnight there.
    let back = flown.sets(until("2026-03-03T20:00:00Z"), "timezone", json!("America/New_York"));
    let (there, here) = (until("2026-03-03T18:15:00Z"), until("2026-03-03T20:00:00Z"));
    check(&today, &back, false, &[10, there, here, until("2026-03-04T05:00:00Z")]);
}

#[test]
fn windows_with_fixed_ends_include_what_they_say() {
    let day = |text: &str| text.parse().expect("a day");
    let at = |window| happened(Phrase::One(Box::new(performed("a"))), Times::AtLeast(1).into(), window);
    let (start, end) = (until("2026-03-03T23:00:00Z"), until("2026-03-05T23:00:00Z"));
    let days = Window::Days(day("2026-03-04"), day("2026-03-05"));
    for (second, inside) in [(start - 1, false), (start, true), (end - 1, true), (end, false)] {
        check(
            &at(days),
            &past().does(second, "a", []),
            false,
            if inside { std::slice::from_ref(&second) } else { &[] },
        );
    }
    let point = antiphon::model::rule::Point::Instant(Second(START + 50));
    check(&at(Window::Since(point)), &past().does(49, "a", []).does(50, "a", []), false, &[50]);
    check(&at(Window::Before(point)), &past().does(50, "a", []), false, &[]);
    check(&at(Window::Before(point)), &past().does(49, "a", []), false, &[49]);
    let yesterday = until("2026-03-03T23:00:00Z");
    check(&at(Window::Yesterday), &past().does(10, "a", []), false, &[yesterday, yesterday + super::days(1)]);
}

#[test]
fn journeys_see_what_comes_behind_their_entry() {
    let id = JourneyId(Ulid::from_bytes([3; 16]));
    let since = |rule| happened(Phrase::One(Box::new(rule)), Counted::ONCE, Window::SinceEntry);
    let told = past().says(10, "a").says(10, "b").says(20, "c");
    let entry = Order::behind(Second(START + 10), 1);
    let truth = |past: &Past, condition: &Condition, at: i64| {
        Case::new(&rules(), &past.person, &past.events).in_journey(id, entry).truth(condition, Second(START + at))
    };
    let said = |text: &str| Match { filter: Some(Test::Property(is_text("body", text))), ..Match::any(Verb::Replied) };
    assert!(!truth(&told, &since(said("a")), 30) && truth(&told, &since(said("b")), 10));
    assert!(!told.is(&rules(), &since(said("b")), 30), "outside of a journey nothing is since its entry");

    let mut ours = message("winter", 20);
    ours.journey = Some(id);
    let to_step =
        |step: &str| Match { target: target(MessageTest::Step(step.to_owned())), ..Match::any(Verb::Replied) };
    let told = past().answers(25, "a", &message("winter", 20)).answers(30, "b", &ours);
    assert!(!truth(&told, &ever(to_step("ask")), 29) && truth(&told, &ever(to_step("ask")), 30));
    assert!(!truth(&told, &ever(to_step("again")), 30) && !told.is(&rules(), &ever(to_step("ask")), 30));

    // A verdict reached in the very second of the entry was reached before it.
    let phrase = |within: i64| sequence(performed("x"), vec![step(true, performed("y"), Some(Span(within).into()))], 0);
    let verdict = |within| happened(phrase(within), Counted::ONCE, Window::SinceEntry);
    let told = past().does(0, "x", []);
    assert!(!truth(&told, &verdict(9), 30) && truth(&told, &verdict(10), 30));
}

#[test]
fn a_sample_is_a_fixed_part_of_all_people() {
    let sample = |share| Condition::InSample { name: "holdout-2026".to_owned(), share: Share(share) };
    // SHA-256 of "holdout-2026", 0x00 and "01040g2081040g2081040g2081" begins with e5a34d8ff0455355: 89.70 % of all.
    assert!(!past().is(&rules(), &sample(8970), 0) && past().is(&rules(), &sample(8971), 0));
}

#[test]
fn local_time_goes_over_midnight_and_round_the_clock() {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let local = |from, to| Condition::LocalTime { from: time(from), to: time(to) };
    let found =
        |condition: &Condition, first, changes: &[i64]| flips(&rules(), condition, &past(), first, changes, days(1));
    let (ten, six) = (until("2026-03-03T21:00:00Z"), until("2026-03-04T05:00:00Z"));
    assert_eq!(found(&local(22, 6), false, &[ten, six]), Vec::<String>::new());
    assert_eq!(found(&local(9, 9), true, &[]), Vec::<String>::new());
}

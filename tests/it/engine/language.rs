//! Each mechanism of the engine by the example: the very seconds at which truth flips with nobody doing
//! anything, and what late events change.

use antiphon::engine::{Input, State, Step};
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, JourneyId};
use antiphon::model::journey::What;
use antiphon::model::rule::{
    Change, Condition, Counted, Happened, Match, MessageTest, Move, Outcome, Phrase, Sequence, Share, Target, Then,
    Times, Trigger, Verb, WaitUntil, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use antiphon::model::value::{Properties, Value};
use chrono::{DateTime, NaiveDate};
use serde_json::{Value as Json, json};
use ulid::Ulid;

use super::life::*;

const DAY: i64 = 86_400;

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn moved(what: Move) -> Match {
    Match::any(Verb::Moved(what))
}

fn counted(what: Phrase, counted: impl Into<Counted>, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what, counted: counted.into(), window }))
}

fn one(rule: Match) -> Phrase {
    Phrase::One(Box::new(rule))
}

fn sequence(first: Match, steps: Vec<Then>, grace: i64) -> Phrase {
    Phrase::Sequence(Box::new(Sequence { first, steps, grace: Span(grace) }))
}

fn then(event: Match, within: Option<i64>) -> Then {
    Then { not: false, event, same: None, within: within.map(|span| Span(span).into()) }
}

fn then_not(event: Match, within: Option<i64>) -> Then {
    Then { not: true, ..then(event, within) }
}

fn sent(campaign: &str) -> Match {
    let message = MessageTest::Campaign { campaign: campaign.to_owned(), step: None };
    Match { target: Some(Target { message, directly: false }), ..Match::any(Verb::WasSent) }
}

fn to_it(rule: Match) -> Match {
    Match { target: Some(Target { message: MessageTest::It, directly: false }), ..rule }
}

fn ever(what: Phrase) -> Condition {
    counted(what, Counted::ONCE, Window::Ever)
}

fn within(what: Phrase, span: i64) -> Condition {
    counted(what, Counted::ONCE, Window::last(Span(span)))
}

fn held(condition: Condition, span: i64) -> Condition {
    Condition::HeldFor { condition: Box::new(condition), span: Span(span) }
}

/// Segment `s` holds whoever the condition is true of.
fn under(condition: Condition) -> Life {
    Life::new(rules(vec![segment("s", condition)], vec![]))
}

fn does(life: &mut Life, name: &str, at: i64) -> Step {
    late(life, name, at, at)
}

/// It happened at `at` and is learned at `arrives`.
fn late(life: &mut Life, name: &str, at: i64, arrives: i64) -> Step {
    life.play(Input::Event(event(Kind::Custom(name.to_owned()), at)), arrives)
}

fn does_with(life: &mut Life, name: &str, data: &[(&str, Json)], at: i64) -> Step {
    let properties: Properties = data.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    life.play(Input::Event(Event { properties, ..event(Kind::Custom(name.to_owned()), at) }), at)
}

fn message(number: u8, campaign: &str, at: i64) -> MessageRef {
    MessageRef {
        id: EffectId(Ulid::from_bytes([number; 16])),
        at: Second(START + at),
        campaign: Some(campaign.to_owned()),
        step: Some("ask".to_owned()),
        journey: None,
        template: None,
    }
}

fn gets(life: &mut Life, message: &MessageRef) -> Step {
    let at = message.at.0 - START;
    life.play(Input::Event(Event { message: Some(message.clone()), ..event(Kind::Sent, at) }), at)
}

fn answers(message: &MessageRef, text: &str, at: i64) -> Event {
    Event { message: Some(message.clone()), reason: Some(Reason::Quoted), ..said(text, at) }
}

fn flips(step: &Step) -> Vec<(bool, i64)> {
    step.transitions.iter().map(|transition| (transition.entered, transition.at.0 - START)).collect()
}

/// The flips of `s` up to `until` by time alone. None is early, none is late, and no wake is for nothing, but a
/// first one: what happens later moves no wake that is set.
fn by_time(life: &mut Life, until: i64) -> Vec<(bool, i64)> {
    let (mut all, mut is_first) = (Vec::new(), true);
    while let Some(wake) = life.subject.wake.filter(|wake| wake.0 - START <= until) {
        assert!(flips(&life.wakes(wake.0 - START)).is_empty(), "a wake plays when its second is over");
        let here = flips(&life.wakes(wake.0 - START + 1));
        assert!(is_first || !here.is_empty(), "nothing changes at {}", wake.0 - START);
        is_first = false;
        assert!(here.iter().all(|(_, at)| *at == wake.0 - START));
        all.extend(here);
        // What is stored goes on as what is not.
        life.subject.state = State::decode(&life.subject.state.encode()).expect("it reads back");
    }
    all
}

fn is_in(life: &Life) -> bool {
    life.subject.state.memberships().next().is_some()
}

fn offset(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).expect("an instant").timestamp() - START
}

/// Ana lives in Berlin.
fn in_berlin(condition: Condition) -> Life {
    let mut rules = rules(vec![segment("s", condition)], vec![]);
    rules.schema.person_time_zone = Some("zone".to_owned());
    let mut life = Life::new(rules);
    life.sets("zone", json!("Europe/Berlin"), 0);
    life
}

fn calendar(amount: u32, unit: CalendarUnit) -> Window {
    Window::Last(Length::Calendar { amount, unit })
}

// ---- windows and tallies. All tests begin on Monday 21 September 2026, at 13:33:20 in UTC.

#[test]
fn a_window_ends_exactly_so_long_after_its_newest_event() {
    let mut life = under(said_lately("YES", 100));
    assert_eq!(flips(&life.says("yes", 10)), [(true, 10)]);
    life.says("Yes!", 50);
    assert_eq!(by_time(&mut life, 1_000), [(false, 150)]);
    let mut lapsed = under(counted(one(replied("YES")), Times::AtMost(0), Window::last(Span(100))));
    assert_eq!(flips(&lapsed.says("yes", 10)), [(false, 10)]);
    assert_eq!(by_time(&mut lapsed, 1_000), [(true, 110)]);
}

#[test]
fn three_times_ends_with_the_third_newest() {
    let mut life = under(counted(one(replied("YES")), Times::AtLeast(3), Window::last(Span(100))));
    for at in [10, 20, 30, 40] {
        life.says("yes", at);
    }
    assert!(is_in(&life));
    assert_eq!(by_time(&mut life, 1_000), [(false, 120)]);
}

#[test]
fn days_end_with_local_midnights() {
    let mut life = in_berlin(counted(one(replied("YES")), Counted::ONCE, calendar(2, CalendarUnit::Day)));
    life.says("yes", 100);
    // Today and yesterday: the midnight that ends the day after the event's.
    assert_eq!(by_time(&mut life, 30 * DAY), [(false, offset("2026-09-23T00:00:00+02:00"))]);
    let mut month = in_berlin(counted(one(replied("YES")), Times::AtMost(1), Window::This(CalendarUnit::Month)));
    month.says("yes", 100);
    month.says("yes", 200);
    assert!(!is_in(&month));
    assert_eq!(by_time(&mut month, 60 * DAY), [(true, offset("2026-10-01T00:00:00+02:00"))]);
    // The clock change of 25 October lies inside.
    let mut weeks = in_berlin(counted(one(replied("YES")), Counted::ONCE, calendar(2, CalendarUnit::Month)));
    weeks.says("yes", 100);
    assert_eq!(by_time(&mut weeks, 90 * DAY), [(false, offset("2026-11-21T00:00:00+01:00"))]);
}

#[test]
fn yesterday_is_true_for_one_day() {
    let mut life = in_berlin(counted(one(replied("YES")), Times::AtLeast(2), Window::Yesterday));
    life.says("yes", 100);
    life.says("yes", 200);
    let (tomorrow, after) = (offset("2026-09-22T00:00:00+02:00"), offset("2026-09-23T00:00:00+02:00"));
    assert_eq!(by_time(&mut life, 30 * DAY), [(true, tomorrow), (false, after)]);
}

#[test]
fn fixed_windows_hold_what_lies_in_them() {
    use antiphon::model::rule::Point;
    let day = NaiveDate::from_ymd_opt(2026, 9, 22).expect("a day");
    let start = offset("2026-09-22T00:00:00+02:00");
    let says_at = |window, at: &[i64]| {
        let mut life = in_berlin(counted(one(replied("YES")), Times::AtLeast(2), window));
        at.iter().for_each(|at| drop(life.says("yes", *at)));
        assert_eq!(life.subject.wake, None);
        is_in(&life)
    };
    assert!(!says_at(Window::Days(day, day), &[start - 1, start]));
    assert!(says_at(Window::Days(day, day), &[start, start + DAY - 1]));
    assert!(!says_at(Window::Days(day, day), &[start, start + DAY]));
    assert!(says_at(Window::Before(Point::Day(day)), &[100, start - 1]));
    assert!(!says_at(Window::Before(Point::Day(day)), &[100, start]));
    assert!(says_at(Window::Since(Point::Instant(Second(START + 100))), &[99, 100, 101]));
    assert!(!says_at(Window::Since(Point::Instant(Second(START + 100))), &[98, 99, 100]));
}

#[test]
fn different_values_count_once_each_and_lapse_with_their_last_time() {
    let distinct = Counted::Distinct { times: Times::AtLeast(2), property: "id".to_owned() };
    let mut life = under(counted(one(performed("viewed")), distinct, Window::last(Span(100))));
    for (id, at) in [(json!("a"), 10), (json!("b"), 20), (json!("a"), 30), (Json::Null, 40)] {
        does_with(&mut life, "viewed", &[("id", id)], at);
    }
    does(&mut life, "viewed", 50);
    assert_eq!(by_time(&mut life, 1_000), [(false, 120)]);
}

#[test]
fn most_recently_is_what_the_newest_one_is() {
    let mut life = under(counted(one(replied("NO")), Counted::Newest, Window::last(Span(100))));
    assert_eq!(flips(&life.says("no", 10)), [(true, 10)]);
    assert_eq!(flips(&life.says("well", 20)), [(false, 20)]);
    // Older than the newest, whenever it comes.
    assert!(flips(&life.play(Input::Event(said("no", 15)), 30)).is_empty());
    assert_eq!(flips(&life.says("no", 40)), [(true, 40)]);
    assert_eq!(by_time(&mut life, 1_000), [(false, 140)]);
}

#[test]
fn the_service_window_is_open_for_a_day() {
    let mut life = under(Condition::ServiceWindow);
    assert_eq!(flips(&life.says("hello", 10)), [(true, 10)]);
    assert_eq!(by_time(&mut life, 10 * DAY), [(false, 10 + DAY)]);
}

#[test]
fn a_sample_is_a_share_of_all_people_for_good() {
    let in_sample = |share| is_in(&under(Condition::InSample { name: "n".to_owned(), share: Share(share) }));
    assert!(in_sample(10_000) && !in_sample(0));
    let least = (0..=10_000).find(|share| in_sample(*share)).expect("all are everybody");
    assert!((least..=10_000).step_by(500).all(in_sample));
}

// ---- sequences

#[test]
fn silence_is_certain_a_second_behind_its_deadline_and_grace() {
    let silent = || sequence(sent("winter"), vec![then_not(Match::any(Verb::Replied), Some(100))], 5);
    let mut life = under(ever(silent()));
    gets(&mut life, &message(1, "winter", 10));
    assert_eq!(by_time(&mut life, 1_000), [(true, 116)]);
    let mut answered = under(ever(silent()));
    gets(&mut answered, &message(1, "winter", 10));
    answered.says("hm", 110);
    assert_eq!(by_time(&mut answered, 1_000), []);
    let mut too_late = under(within(silent(), 50));
    gets(&mut too_late, &message(1, "winter", 10));
    too_late.says("hm", 111);
    assert_eq!(by_time(&mut too_late, 1_000), [(true, 116), (false, 166)]);
}

#[test]
fn the_earliest_that_stays_unanswered_decides() {
    let silent = sequence(sent("winter"), vec![then_not(Match::any(Verb::Replied), Some(100))], 0);
    let mut life = under(ever(silent));
    gets(&mut life, &message(1, "winter", 10));
    gets(&mut life, &message(2, "winter", 60));
    assert_eq!(by_time(&mut life, 1_000), [(true, 111)]);
}

#[test]
fn a_late_answer_undoes_a_premature_verdict() {
    let silent = sequence(performed("asked"), vec![then_not(performed("answered"), Some(100))], 0);
    let mut life = under(ever(silent));
    does(&mut life, "asked", 10);
    assert_eq!(by_time(&mut life, 500), [(true, 111)]);
    let step = late(&mut life, "answered", 110, 500);
    assert_eq!(flips(&step), [(false, 500)]);
    assert!(step.transitions.iter().all(|transition| transition.late));
    // One that is late for the answer is none.
    does(&mut life, "asked", 600);
    assert!(flips(&late(&mut life, "answered", 599, 650)).is_empty());
    assert_eq!(by_time(&mut life, 1_000), [(true, 701)]);
}

#[test]
fn only_answers_to_that_very_message_count() {
    let silent = sequence(sent("winter"), vec![then_not(to_it(Match::any(Verb::Replied)), Some(100))], 0);
    let mut life = under(within(silent, 30));
    let (first, second) = (message(1, "winter", 10), message(2, "winter", 20));
    gets(&mut life, &first);
    gets(&mut life, &second);
    life.play(Input::Event(answers(&first, "hm", 60)), 60);
    life.says("something else", 70);
    assert_eq!(by_time(&mut life, 1_000), [(true, 121), (false, 151)]);
}

#[test]
fn what_is_compared_is_followed_value_by_value() {
    let ordered = Then { same: Some("cart".to_owned()), ..then_not(performed("ordered"), Some(100)) };
    let mut life = under(within(sequence(performed("created"), vec![ordered], 0), 50));
    for (cart, at) in [("a", 10), ("b", 20), ("c", 30)] {
        does_with(&mut life, "created", &[("cart", json!(cart))], at);
    }
    does(&mut life, "created", 35);
    does_with(&mut life, "ordered", &[("cart", json!("b"))], 40);
    does(&mut life, "ordered", 45);
    assert_eq!(by_time(&mut life, 1_000), [(true, 111), (false, 181)]);
}

#[test]
fn one_step_follows_the_other() {
    let chain = || {
        let steps = vec![then(performed("b"), Some(10)), then(performed("c"), Some(30))];
        ever(sequence(performed("a"), steps, 0))
    };
    let plays = |story: &[(&str, i64)]| {
        let mut life = under(chain());
        story.iter().for_each(|(name, at)| drop(does(&mut life, name, *at)));
        assert_eq!(life.subject.wake, None);
        is_in(&life)
    };
    assert!(plays(&[("a", 10), ("b", 20), ("c", 50)]));
    assert!(!plays(&[("a", 10), ("b", 21), ("c", 50)]));
    assert!(!plays(&[("a", 10), ("b", 20), ("c", 51)]));
    assert!(!plays(&[("b", 10), ("a", 11), ("c", 12)]));
    assert!(plays(&[("a", 10), ("a", 20), ("b", 30), ("c", 31)]));
}

#[test]
fn what_may_not_come_between_starts_it_over() {
    let steps = vec![then_not(performed("no"), None), then(performed("paid"), Some(100))];
    let mut life = under(ever(sequence(performed("yes"), steps, 0)));
    for (name, at) in [("yes", 10), ("no", 20), ("paid", 30)] {
        does(&mut life, name, at);
    }
    assert!(!is_in(&life));
    // The order of the past is what counts: it was said again before.
    assert_eq!(flips(&late(&mut life, "yes", 25, 40)), [(true, 40)]);
    assert_eq!(flips(&late(&mut life, "no", 26, 50)), [(false, 50)]);
}

#[test]
fn each_verdict_starts_a_campaign_once() {
    let silent = sequence(performed("asked"), vec![then_not(performed("answered"), Some(100))], 0);
    let c = campaign("c", Trigger::Event(silent), vec![do_("t", send_template("t"))]);
    let mut life = Life::new(rules(vec![], vec![c]));
    does(&mut life, "asked", 10);
    does(&mut life, "asked", 20);
    let mut started = Vec::new();
    while let Some(wake) = life.subject.wake {
        let step = life.wakes(wake.0 - START + 1);
        started.extend(step.entries.iter().filter(|e| e.what == What::Started).map(|e| e.at.0 - START));
    }
    assert_eq!(started, [111, 121]);
    // What was over before we learned of it starts then.
    assert_eq!(lines(&late(&mut life, "asked", 200, 400)), ["c: started", "c/t: asked", "c: ended: finished"]);
    // An old one is answered by now.
    does(&mut life, "answered", 500);
    assert!(lines(&late(&mut life, "asked", 450, 510)).is_empty());
    assert_eq!(life.subject.wake, None);
}

// ---- for at least

#[test]
fn a_run_counts_from_its_first_second() {
    let mut life = under(held(is_text("plan", "trial"), 100));
    life.sets("plan", json!("trial"), 10);
    life.sets("plan", json!("pro"), 50);
    life.sets("plan", json!("trial"), 60);
    assert_eq!(by_time(&mut life, 1_000), [(true, 160)]);
    assert_eq!(flips(&life.sets("plan", json!("pro"), 200)), [(false, 200)]);
}

#[test]
fn runs_end_by_time_too() {
    let mut life = under(held(said_lately("YES", 100), 30));
    life.says("yes", 10);
    assert_eq!(by_time(&mut life, 1_000), [(true, 40), (false, 110)]);
    // What ends in the very second in which it begins again has not ended.
    life.says("yes", 300);
    assert_eq!(flips(&life.says("yes", 400)), [(true, 330)]);
    assert_eq!(by_time(&mut life, 1_000), [(false, 500)]);
    // A run inside a run.
    let mut twice = under(held(held(is_text("plan", "trial"), 100), 20));
    twice.sets("plan", json!("trial"), 10);
    assert_eq!(by_time(&mut twice, 1_000), [(true, 130)]);
}

#[test]
fn a_run_counts_by_event_time() {
    let mut life = under(held(happened(performed("a"), Window::Ever), 100));
    // Learned 40 seconds later, in order.
    late(&mut life, "a", 10, 50);
    assert_eq!(life.subject.wake, Some(Second(START + 110)));
    // What comes late makes the run longer, or breaks it.
    let mut life = under(held(counted(one(performed("a")), Times::Exactly(1), Window::Ever), 100));
    does(&mut life, "a", 20);
    does(&mut life, "a", 150);
    assert!(!is_in(&life));
    let mut broken = under(held(said_lately("YES", 100), 150));
    broken.says("yes", 10);
    broken.says("yes", 120);
    assert_eq!(by_time(&mut broken, 150), []);
    // There was no gap after all: the run began at 10 and ends at 220.
    broken.play(Input::Event(said("yes", 60)), 155);
    assert_eq!(by_time(&mut broken, 1_000), [(true, 160), (false, 220)]);
}

#[test]
fn membership_without_a_break_is_that_of_the_condition() {
    let vip = segment("vip", said_lately("YES", 100));
    let s = segment("s", held(Condition::InSegment("vip".to_owned()), 30));
    let mut life = Life::new(rules(vec![vip, s], vec![]));
    life.says("yes", 10);
    let names: Vec<_> = by_time(&mut life, 1_000).into_iter().collect();
    assert_eq!(names, [(true, 40), (false, 110), (false, 110)]);
}

// ---- moves and changes

#[test]
fn what_is_entered_is_an_event_of_that_second() {
    let lately = segment("lately", said_lately("YES", 100));
    let left = segment("left", within(one(moved(Move::LeftSegment("lately".to_owned()))), 50));
    let c = campaign("c", on(moved(Move::EnteredSegment("lately".to_owned()))), vec![do_("w", wait(10))]);
    let mut life = Life::new(rules(vec![lately, left], vec![c]));
    assert_eq!(lines(&life.says("yes", 10)), ["c: started", "c/w: waits until 20"]);
    life.wakes(21);
    // Both at once: the exit is an event behind which the other segment is entered.
    assert_eq!(by_time(&mut life, 1_000), [(false, 110), (true, 110), (false, 160)]);
}

#[test]
fn what_is_true_at_creation_is_entered_then() {
    let all = segment("all", Condition::Everyone);
    let new = segment("s", within(one(moved(Move::EnteredSegment("all".to_owned()))), 50));
    let mut life = Life::new(rules(vec![all, new], vec![]));
    assert_eq!(by_time(&mut life, 1_000), [(false, 50)]);
}

#[test]
fn a_running_journey_is_a_fact_and_its_ends_are_events() {
    let running = segment("running", Condition::InCampaign("c".to_owned()));
    let finished = segment("finished", happened(moved(Move::FinishedCampaign("c".to_owned())), Window::Ever));
    let left = segment("left", happened(moved(Move::LeftCampaign("c".to_owned())), Window::Ever));
    let c = campaign("c", on(replied("GO")), vec![do_("w", wait(100))]);
    let mut life = Life::new(rules(vec![running, finished, left], vec![c]));
    assert_eq!(flips(&life.says("go", 10)), [(true, 10)]);
    assert_eq!(by_time(&mut life, 1_000), [(false, 110), (true, 110), (true, 110)]);
}

#[test]
fn a_change_is_another_value_and_not_a_first_one() {
    let change = |from: Option<&str>, to: Option<&str>| {
        let text = |text: &str| Value::Text(text.to_owned());
        let change = Change { name: "plan".to_owned(), ty: None, from: from.map(text), to: to.map(text) };
        Match::any(Verb::Changed(Box::new(change)))
    };
    let c = campaign("c", on(change(Some("free"), Some("pro"))), vec![]);
    let mut life = Life::new(rules(vec![segment("s", within(one(change(None, None)), 50))], vec![c]));
    assert_eq!(flips(&life.sets("language", json!("de"), 5)), []);
    assert_eq!(flips(&life.sets("plan", json!("free"), 10)), [(true, 10)]);
    assert!(life.sets("plan", json!("free"), 20).transitions.is_empty());
    assert_eq!(by_time(&mut life, 90), [(false, 60)]);
    assert_eq!(lines(&life.sets("plan", json!("pro"), 100)), ["c: started", "c: ended: finished"]);
    // A write that comes late makes a change, and unmakes one that was taken for it.
    let mut life = under(counted(one(change(None, Some("pro"))), Times::AtLeast(1), Window::last(Span(50))));
    life.sets("plan", json!("free"), 10);
    life.sets("plan", json!("pro"), 40);
    let write = [("plan".to_owned(), json!("pro"))].into_iter().collect();
    life.play(Input::Event(Event { properties: write, ..event(Kind::AttributesSet, 20) }), 45);
    assert_eq!(by_time(&mut life, 1_000), [(false, 70)]);
}

#[test]
fn a_zone_moves_the_days_of_the_past() {
    let mut life = in_berlin(counted(one(replied("YES")), Counted::ONCE, Window::Yesterday));
    // 00:30 on Tuesday in Berlin, and still Monday in New York.
    let half_past = offset("2026-09-22T00:30:00+02:00");
    life.says("yes", half_past);
    let zone = |life: &mut Life, zone: &str, at| flips(&life.sets("zone", json!(zone), at));
    assert!(zone(&mut life, "America/New_York", half_past + 60).is_empty());
    let tuesday = offset("2026-09-22T00:00:00-04:00");
    assert_eq!(by_time(&mut life, tuesday), [(true, tuesday)]);
    assert_eq!(zone(&mut life, "Europe/Berlin", tuesday + 60), [(false, tuesday + 60)]);
    assert_eq!(by_time(&mut life, 30 * DAY).first(), Some(&(true, offset("2026-09-23T00:00:00+02:00"))));
}

// ---- what a journey remembers by itself

#[test]
fn a_journey_hears_what_answers_it_and_what_comes_since_its_entry() {
    let target = Some(Target { message: MessageTest::Step("ask".to_owned()), directly: false });
    let answered = happened(Match { target, ..replied("YES") }, Window::Ever);
    let twice = counted(one(replied("NO")), Times::AtLeast(2), Window::SinceEntry);
    let outcome = |name: &str, condition| Outcome { name: name.to_owned(), condition, steps: vec![] };
    let outcomes = vec![outcome("yes", answered), outcome("no", twice)];
    let wait = WaitUntil { outcomes, timeout: None };
    let steps = vec![do_("q", antiphon::model::rule::Action::WaitUntil(wait))];
    let start = |life: &mut Life| {
        life.says("no", 1);
        life.says("no", 2);
        does(life, "go", 10);
        life.subject.journeys[0].id
    };
    let under = || Life::new(rules(vec![], vec![campaign("c", on(performed("go")), steps.clone())]));
    let own = |journey: JourneyId| MessageRef { journey: Some(journey), ..message(1, "c", 10) };

    let mut life = under();
    let journey = start(&mut life);
    life.says("yes", 20);
    let foreign = MessageRef { journey: None, ..own(journey) };
    assert!(lines(&life.play(Input::Event(answers(&foreign, "yes", 30)), 30)).is_empty());
    let step = life.play(Input::Event(answers(&own(journey), "yes", 40)), 40);
    assert_eq!(lines(&step), ["c/q: outcome yes", "c: ended: finished"]);

    let mut life = under();
    start(&mut life);
    assert!(lines(&life.says("no", 20)).is_empty());
    // Happened before the entry.
    assert!(lines(&life.play(Input::Event(said("no", 5)), 25)).is_empty());
    assert_eq!(lines(&life.says("no", 30)), ["c/q: outcome no", "c: ended: finished"]);
}

#[test]
fn runs_in_runs_are_not_asked_over_and_over() {
    // Eight deep: without what was found already, each level would ask the one inside for each of its candidates.
    let mut condition = said_lately("YES", 1_000);
    for level in 0..8 {
        condition = held(condition, 3 + level);
    }
    let mut life = under(condition);
    life.says("yes", 10);
    // Together they ask for 3 + 4 + … + 10 seconds.
    assert_eq!(by_time(&mut life, 10_000), [(true, 10 + 52), (false, 1_010)]);
}

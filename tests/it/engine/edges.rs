//! Single edges by the example: births, late events, exact wakes, bounds.

use antiphon::engine::{CAUSED_EVENTS_MAX, Input, State, Step, refold};
use antiphon::model::compare::{Comparison, Op};
use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::EffectId;
use antiphon::model::limit::FLIP_CANDIDATES_MAX;
use antiphon::model::rule::{
    Condition, Counted, Happened, Match, Phrase, SegmentKind, Test, Times, Trigger, Verb, Window,
};
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Value;
use serde_json::json;
use ulid::Ulid;

use super::life::*;

fn members(life: &Life) -> Vec<u32> {
    life.subject.state.memberships().map(|(segment, _)| segment.0).collect()
}

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn does(life: &mut Life, name: &str, at: i64, arrives: i64) {
    life.play(Input::Event(event(Kind::Custom(name.to_owned()), at)), arrives);
}

fn follows(first: Match, then: Match, within: i64) -> Condition {
    let what = Phrase::pair(first, then, Span(within));
    Condition::Happened(Box::new(Happened { what, counted: Counted::ONCE, window: Window::Ever }))
}

fn counted(times: Times, span: i64) -> Condition {
    let (what, window) = (Phrase::One(Box::new(replied("YES"))), Window::last(Span(span)));
    Condition::Happened(Box::new(Happened { what, counted: times.into(), window }))
}

fn one(condition: Condition) -> Life {
    Life::new(rules(vec![segment("s", condition)], vec![]))
}

#[test]
fn a_birth_corrects_what_is_assumed_of_somebody_new() {
    let foreign = Condition::Not(Box::new(is_text("language", "en")));
    let home = Condition::Not(Box::new(Condition::InSegment("foreign".to_owned())));
    let life = Life::new(rules(vec![segment("foreign", foreign), segment("home", home)], vec![]));
    assert_eq!(members(&life).len(), 1);
}

#[test]
fn a_send_learned_late_lies_directly_before_the_reply_to_it() {
    let sent_then_yes = follows(Match::any(Verb::WasSent), replied("YES"), 1);
    let mut life = one(sent_then_yes);
    life.says("YES", 10);
    life.says("YES", 10);
    let mut sent = event(Kind::Sent, 10);
    sent.precedes = Some(2);
    let step = life.play(Input::Event(sent), 20);
    assert_eq!(step.transitions.iter().map(|t| (t.entered, t.late)).collect::<Vec<_>>(), [(true, true)]);
    // Two of them keep their order, and neither lies before the first reply.
    let order = |seq, precedes| antiphon::model::event::Order::new(Second(10), seq, precedes);
    let mut orders = [order(1, None), order(3, Some(2)), order(4, Some(2)), order(2, None), order(5, None)];
    orders.sort();
    assert_eq!(orders, [order(1, None), order(3, Some(2)), order(4, Some(2)), order(2, None), order(5, None)]);
}

#[test]
fn sequences_with_other_deadlines_are_remembered_apart() {
    let within = |span| follows(performed("a"), performed("b"), span);
    let mut life = Life::new(rules(vec![segment("s", within(1)), segment("t", within(2))], vec![]));
    does(&mut life, "a", 10, 10);
    does(&mut life, "b", 12, 12);
    assert_eq!(members(&life).len(), 1);
    does(&mut life, "b", 11, 13);
    assert_eq!(members(&life).len(), 2);
}

#[test]
fn in_time_includes_the_second_of_its_deadline() {
    let mut life = one(happened(Match { in_time: Some(Span(100).into()), ..replied("YES") }, Window::Ever));
    let answer = |at| {
        let message = MessageRef {
            id: EffectId(Ulid::from_bytes([3; 16])),
            at: Second(START),
            campaign: None,
            step: None,
            journey: None,
            template: None,
        };
        Event { message: Some(message), reason: Some(Reason::Inferred), ..said("yes", at) }
    };
    life.says("yes", 50);
    life.play(Input::Event(answer(101)), 101);
    assert!(members(&life).is_empty());
    life.play(Input::Event(answer(100)), 102);
    assert_eq!(members(&life).len(), 1);
}

#[test]
fn a_keyword_without_a_token_is_said_by_nothing() {
    let mut life = Life::new(rules(
        vec![
            segment("s", happened(replied("?!"), Window::Ever)),
            segment("t", follows(performed("a"), replied("?!"), 100)),
        ],
        vec![],
    ));
    does(&mut life, "a", 10, 10);
    life.says("!!!", 11);
    assert!(members(&life).is_empty());
    // A late event makes the past be walked again, without the look-up of keywords.
    does(&mut life, "a", 9, 12);
    assert!(members(&life).is_empty());
}

#[test]
fn where_asks_who_the_person_was_at_the_arrival() {
    let test =
        Comparison { name: "plan".to_owned(), ty: None, op: Op::Is(Value::Text("pro".to_owned())), if_missing: false };
    let first = Match { filter: Some(Test::Person(test)), ..performed("a") };
    let mut life = one(follows(first, performed("b"), 100));
    does(&mut life, "a", 1, 1);
    life.sets("plan", json!("pro"), 5);
    does(&mut life, "a", 10, 10);
    life.sets("plan", json!("free"), 15);
    // Late, so the whole past is walked again: the second `a` came from a pro, the first did not.
    does(&mut life, "b", 8, 20);
    assert!(members(&life).is_empty());
    does(&mut life, "b", 12, 21);
    assert_eq!(members(&life).len(), 1);
}

#[test]
fn a_candidate_that_changes_nothing_costs_no_wake() {
    let mut twice = one(counted(Times::AtLeast(2), 100));
    assert_eq!(twice.says("yes", 0).wake, None);
    assert_eq!(twice.says("yes", 30).wake, Some(Second(START + 100)));
    assert_eq!(twice.says("yes", 60).wake, Some(Second(START + 100)));
    // An early wake changes nothing and sets the right one.
    let step = twice.wakes(101);
    assert!(step.transitions.is_empty());
    assert_eq!(step.wake, Some(Second(START + 130)));

    let mut never = one(Condition::All(vec![counted(Times::AtLeast(1), 100), counted(Times::AtMost(0), 100)]));
    assert_eq!(never.says("yes", 0).wake, None);
}

#[test]
fn after_many_candidates_a_wake_is_set_unseen() {
    let bound = i64::try_from(FLIP_CANDIDATES_MAX).expect("small");
    let mut life = one(counted(Times::AtMost(500), 1_000));
    for at in 0..bound {
        assert_eq!(life.says("yes", at).wake, None);
    }
    assert_eq!(life.says("yes", bound).wake, Some(Second(START + 1_000 + bound)));
}

#[test]
fn what_campaigns_cause_at_one_instant_is_bounded() {
    let start_at = |place: usize| {
        let steps = (1..=CAUSED_EVENTS_MAX + 1).map(|n| {
            let value = if n == place { json!("go") } else { json!(n) };
            do_(&format!("s{n}"), update("x", value))
        });
        let many = campaign("many", on(replied("YES")), steps.collect());
        let go = campaign("go", Trigger::Becomes(is_text("x", "go")), vec![]);
        let mut life = Life::new(rules(vec![], vec![many, go]));
        let step = life.says("yes", 0);
        assert_eq!(step.events.len(), CAUSED_EVENTS_MAX + 2);
        lines(&step)
    };
    assert!(start_at(CAUSED_EVENTS_MAX).contains(&"go: started".to_owned()));
    let past = start_at(CAUSED_EVENTS_MAX + 1);
    assert!(past.contains(&"many: loop".to_owned()) && !past.contains(&"go: started".to_owned()));
}

#[test]
fn folding_starts_and_causes_nothing() {
    let lately = said_lately("YES", 10);
    let gone = Trigger::Becomes(Condition::Not(Box::new(lately.clone())));
    let steps = vec![do_("w", wait(5)), do_("count", update("x", json!("gone")))];
    let lately_gone = campaign("c", gone, steps);
    let mut life = Life::new(rules(vec![segment("s", lately), segment("x", is_text("x", "gone"))], vec![lately_gone]));
    life.says("yes", 10);
    life.wakes(26);
    assert!(life.subject.journeys.is_empty());
    let folded = refold(&life.versions, &life.subject, life.history(), Second(START + 26));
    assert!(folded.transitions.is_empty());
    assert_eq!(folded.wake, life.subject.wake);
    assert_eq!(folded.state, life.subject.state);
}

#[test]
fn a_late_attribute_does_not_overwrite_a_newer_one() {
    let mut life = one(is_text("plan", "pro"));
    life.sets("plan", json!("free"), 10);
    let write = Event {
        properties: [("plan".to_owned(), json!("pro")), ("city".to_owned(), json!("Bonn"))].into_iter().collect(),
        ..event(Kind::AttributesSet, 5)
    };
    let input = Input::Event(write.clone());
    assert!(antiphon::engine::history_needed(&life.versions, &life.subject, &input));
    assert!(life.play(input, 20).transitions.is_empty());
    assert_eq!(life.subject.person.attributes["plan"], json!("free"));
    assert_eq!(life.subject.person.attributes["city"], json!("Bonn"));
}

#[test]
fn history_is_asked_for_only_where_order_matters() {
    let needed = |life: &Life, name: &str, at: i64| {
        let event = event(Kind::Custom(name.to_owned()), at);
        let event = Event { arrived: Second(START + 100), ..event };
        antiphon::engine::history_needed(&life.versions, &life.subject, &Input::Event(event))
    };
    let mut life = one(Condition::Any(vec![
        follows(performed("a"), performed("b"), 10),
        happened(performed("c"), Window::last(Span(10))),
    ]));
    does(&mut life, "c", 50, 50);
    assert!(needed(&life, "a", 49) && needed(&life, "b", 49));
    assert!(!needed(&life, "a", 50) && !needed(&life, "c", 49) && !needed(&life, "d", 49));
    // A state that nobody wrote is that of somebody unknown.
    life.subject.state = State::default();
    assert!(needed(&life, "d", 100));
}

#[test]
fn the_same_rules_published_again_change_nothing_and_need_no_history() {
    let with = |title: &str| {
        let mut s = segment("s", said_lately("YES", 100));
        s.title = Some(title.to_owned());
        rules(vec![s], vec![campaign("c", on(replied("YES")), vec![do_("t", send_text(title))])])
    };
    let mut life = Life::new(with("one"));
    life.says("yes", 0);
    life.publish(with("two"), 10);
    assert!(!antiphon::engine::history_needed(&life.versions, &life.subject, &Input::Wake));
    assert!(life.wakes(11).transitions.is_empty());
    assert_eq!(life.subject.state.rules, life.versions.active.version());
    assert_eq!(life.subject.wake, Some(Second(START + 100)));
}

#[test]
fn nobody_leaves_a_segment_that_is_gone_nor_enters_it_again_when_it_comes_back() {
    let both = rules(vec![segment("s", said_lately("YES", 100)), segment("t", said_lately("YES", 100))], vec![]);
    let mut life = Life::new(both.clone());
    life.says("yes", 0);
    assert_eq!(members(&life).len(), 2);
    let mut fewer = both.clone();
    fewer.segments.pop();
    life.publish(fewer.clone(), 10);
    assert!(life.wakes(11).transitions.is_empty());
    life.publish(both.clone(), 20);
    assert!(life.wakes(21).transitions.is_empty());
    assert_eq!(members(&life).len(), 2);
    // Who is not in it any more when it comes back leaves it then, and no sooner.
    life.publish(fewer, 30);
    let left = |step: &Step| step.transitions.iter().map(|t| (t.segment, t.at.0 - START)).collect::<Vec<_>>();
    assert_eq!(left(&life.wakes(150)).len(), 1);
    life.publish(both, 160);
    assert_eq!(left(&life.wakes(161)).iter().map(|(_, at)| *at).collect::<Vec<_>>(), [160]);
    assert!(members(&life).is_empty());
}

#[test]
fn manual_members_are_what_the_newest_move_says() {
    let manual = antiphon::model::rule::Segment { kind: SegmentKind::Manual, ..segment("m", Condition::Everyone) };
    let in_m = Condition::InSegment("m".to_owned());
    let mut life = Life::new(rules(vec![manual, segment("s", in_m)], vec![]));
    let joined = life.play(Input::Event(event(Kind::SegmentJoined("m".to_owned()), 10)), 10);
    assert_eq!(joined.transitions.iter().map(|t| t.entered).collect::<Vec<_>>(), [true, true]);
    // It happened before the move that is known already.
    assert!(life.play(Input::Event(event(Kind::SegmentLeft("m".to_owned()), 5)), 20).transitions.is_empty());
    assert_eq!(life.play(Input::Event(event(Kind::SegmentLeft("m".to_owned()), 30)), 30).transitions.len(), 2);
    // A move of a segment that is none, or not manual, moves nobody.
    for name in ["s", "nowhere"] {
        assert!(life.play(Input::Event(event(Kind::SegmentJoined(name.to_owned()), 40)), 40).transitions.is_empty());
    }
}

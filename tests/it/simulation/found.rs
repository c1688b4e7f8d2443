//! What random histories have found: a case for each bug, named after it.

use antiphon::engine::Input;
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::EventKey;
use antiphon::model::rule::{
    Campaign, Condition, Counted, Happened, IfRunning, Match, Phrase, Sequence, Then, Times, Trigger, Verb, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Span};
use antiphon::model::value::{Properties, Value};
use serde_json::json;

use crate::engine::life::*;

/// `first then not unwanted within 10 seconds`
fn unanswered(first: Match, unwanted: Match) -> Phrase {
    let not = Then { not: true, event: unwanted, same: None, within: Some(Span(10).into()) };
    Phrase::Sequence(Box::new(Sequence { first, steps: vec![not], grace: Span(0) }))
}

fn held_for(condition: Condition, span: i64) -> Condition {
    Condition::HeldFor { condition: Box::new(condition), span: Span(span) }
}

fn member_of(life: &Life) -> usize {
    life.subject.state.memberships().count()
}

#[test]
fn a_late_event_that_touches_no_run_leaves_those_of_older_rules_alone() {
    for stamped in [1, -3] {
        let known_long = segment("s", held_for(Condition::KnownFor(Span(10)), 100));
        let waits = campaign("c", Trigger::Becomes(Condition::Everyone), vec![do_("w", wait(20))]);
        let both = rules(vec![known_long], vec![waits]);
        let mut life = Life::new(both.clone());
        life.publish(both, 5);
        life.wakes(6);
        // Its journey began under the older rules, and is over in the same step.
        life.play(Input::Event(event(Kind::Custom("seen".to_owned()), stamped)), 40);
        life.wakes(200);
        assert_eq!(member_of(&life), 1, "stamped {stamped}");
    }
}

#[test]
fn what_is_written_before_somebody_is_known_counts_where_they_were_made_without_it() {
    let out = attribute("unsubscribed", Value::Boolean(true));
    let mut life = Life::new(rules(vec![segment("out", held_for(out, 2))], vec![]));
    life.says("yes", 1);
    let properties = Properties::from_iter([("unsubscribed".to_owned(), json!(true))]);
    life.play(Input::Event(Event { properties, ..event(Kind::AttributesSet, -10) }), 5);
    assert_eq!(member_of(&life), 1);
}

#[test]
fn late_events_of_one_second_have_one_verdict() {
    let paid = Match::any(Verb::Performed("paid".to_owned()));
    let each = Trigger::Event(unanswered(paid, replied("NO")));
    let again = Campaign { if_running: IfRunning::Restart, ..campaign("c", each, vec![do_("w", wait(1_000))]) };
    let mut life = Life::new(rules(vec![], vec![again]));
    let mut started = 0;
    for (number, arrives) in [(1, 20), (2, 25)] {
        let late = Event { key: EventKey([number; 16]), ..event(Kind::Custom("paid".to_owned()), 5) };
        let step = life.play(Input::Event(late), arrives);
        started += lines(&step).iter().filter(|line| *line == "c: started").count();
    }
    assert_eq!(started, 1);
}

#[test]
fn a_verdict_that_days_in_another_zone_move_is_the_same_verdict() {
    let unpaid = Match::any(Verb::Performed("paid".to_owned()));
    let day = Length::Calendar { amount: 1, unit: CalendarUnit::Day };
    let Phrase::Sequence(mut sequence) = unanswered(unpaid, replied("NO")) else { panic!("it is a sequence") };
    sequence.steps[0].within = Some(day);
    let each = Trigger::Event(Phrase::Sequence(sequence));
    let old_too = Campaign { max_event_age: Span::days(30), ..campaign("c", each, vec![]) };
    let mut local = rules(vec![], vec![old_too]);
    local.schema.person_time_zone = Some("zone".to_owned());
    let mut life = Life::new(local);
    let late = Input::Event(event(Kind::Custom("paid".to_owned()), 5));
    assert!(lines(&life.play(late, 3 * 86_400)).contains(&"c: started".to_owned()));
    let moved = life.sets("zone", json!("Pacific/Kiritimati"), 10 * 86_400);
    assert!(lines(&moved).is_empty(), "{:?}", lines(&moved));
}

#[test]
fn a_run_that_a_verdict_ended_stays_ended_when_the_past_is_told_again() {
    let happened = Happened {
        what: unanswered(replied("YES"), replied("NO")),
        counted: Counted::from(Times::AtMost(0)),
        window: Window::Ever,
    };
    let never = segment("never", held_for(Condition::Happened(Box::new(happened)), 10));
    let other = segment("other", held_for(said_lately("NOPE", 100), 5));
    let mut life = Life::new(rules(vec![never, other], vec![]));
    life.says("yes", 20);
    life.wakes(40);
    assert_eq!(member_of(&life), 0);
    life.play(Input::Event(said("nope", 15)), 50);
    assert_eq!(member_of(&life), 1, "in the other, and not in this one again");
}

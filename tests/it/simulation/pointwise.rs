//! The definition's instants against every single second: where it looks at some, nothing changes at the others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use antiphon::engine::naive::Case;
use antiphon::model::event::{Event, Kind};
use antiphon::model::rule::{Condition, MessageTest, Move, Phrase, SegmentKind, Then};
use antiphon::model::time::{Second, Span};

use super::stage::somebody;
use super::world::{Do, Feature, Scale, World, world};
use crate::engine::chance::Chance;

const WORLDS: u64 = 800;

/// What arrives for the first person of the story, numbered, with some moves between.
fn events(world: &World) -> Vec<Event> {
    let (mut arrivals, mut now): (Vec<Event>, Second) = (Vec::new(), world.start);
    for (pause, what) in &world.story {
        now = Second(now.0 + pause).max(now);
        let Do::Deliver(body) = what else { continue };
        for delivery in body.iter().filter(|delivery| delivery.person == 0) {
            if arrivals.iter().all(|known| known.key != delivery.event.key) {
                let event = delivery.event.clone();
                arrivals.push(Event { at: event.at.min(now), arrived: now, ..event });
            }
        }
    }
    let mut events: Vec<Event> = Vec::new();
    for (seq, event) in (1..).zip(arrivals) {
        let now = event.arrived;
        events.push(Event { seq, ..event.clone() });
        if seq % 3 == 0 {
            let entered = seq % 6 == 3;
            let moved = |name: &str| match entered {
                true => [Move::EnteredSegment(name.to_owned()), Move::EnteredCampaign("c0".to_owned())],
                false => [Move::LeftSegment(name.to_owned()), Move::LeftCampaign("c0".to_owned())],
            };
            let decided = moved("s0").map(|moved| Event { seq, at: now, kind: Kind::Moved(moved), ..event.clone() });
            events.extend(decided);
        }
    }
    events
}

fn conditions(condition: &Condition, found: &mut Vec<Condition>) {
    found.push(condition.clone());
    match condition {
        Condition::Not(part) | Condition::HeldFor { condition: part, .. } => conditions(part, found),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| conditions(part, found)),
        _ => {}
    }
}

fn in_world(world: &World, check: impl Fn(&Case<'_>, &Condition, Second, Second)) {
    let (person, events) = (somebody(0, &world.people[0], world.start), events(world));
    let rules = &world.rules[0];
    let case = Case::new(rules, &person, &events);
    let last = events.iter().map(|event| event.at).max().unwrap_or(world.start);
    let mut found = Vec::new();
    for segment in &rules.segments {
        if let SegmentKind::Data(condition) = &segment.kind {
            conditions(condition, &mut found);
        }
    }
    for condition in &found {
        check(&case, condition, world.start, last.plus(Span(250)));
    }
}

#[test]
fn truth_changes_at_its_instants_only() {
    for world in (1..=WORLDS).map(|seed| world(seed, &Feature::ALL)).filter(|world| world.scale == Scale::Seconds) {
        in_world(&world, |case, condition, start, end| {
            let instants = case.instants(condition, start, end);
            let mut truth = case.truth(condition, start);
            for at in (start.0 + 1..=end.0).map(Second) {
                let now = case.truth(condition, at);
                assert!(now == truth || instants.contains(&at), "{condition:?} at {}: {world:?}", at.since(start).0);
                truth = now;
            }
        });
    }
}

#[test]
fn what_has_held_was_true_at_every_second() {
    for world in (1..=WORLDS).map(|seed| world(seed, &Feature::ALL)).filter(|world| world.scale == Scale::Seconds) {
        in_world(&world, |case, condition, start, end| {
            let Condition::HeldFor { condition: inner, span } = condition else { return };
            for t in (start.0..=end.0).step_by(7).map(Second) {
                let first = t.minus(*span);
                let held = first >= start && (first.0..=t.0).all(|s| case.truth(inner, Second(s)));
                assert_eq!(case.truth(condition, t), held, "{condition:?} at {}: {world:?}", t.since(start).0);
            }
        });
    }
}

/// Days are too long for every second: random ones, and those around midnights.
#[test]
fn truth_changes_at_its_instants_only_over_days() {
    let mut chance = Chance::new(7);
    for world in (1..=WORLDS).map(|seed| world(seed, &Feature::ALL)).filter(|world| world.scale == Scale::Days) {
        let mut seconds: Vec<i64> = (0..60).map(|_| i64::try_from(chance.below(12 * 86_400)).expect("small")).collect();
        seconds.sort_unstable();
        in_world(&world, |case, condition, start, _| {
            let instants = case.instants(condition, start, start.plus(Span::days(12)));
            let mut known = instants.iter().peekable();
            let (mut since, mut truth) = (start, case.truth(condition, start));
            for at in seconds.iter().map(|second| start.plus(Span(*second))) {
                while let Some(instant) = known.next_if(|instant| **instant <= at) {
                    (since, truth) = (*instant, case.truth(condition, *instant));
                }
                let now = case.truth(condition, at);
                assert_eq!(now, truth, "{condition:?} at {}, known since {}: {world:?}", at.rfc3339(), since.rfc3339());
            }
        });
    }
}

/// What a condition is made of, in words.
fn labels(condition: &Condition) -> Vec<String> {
    let Condition::Happened(happened) = condition else {
        let shown = format!("{condition:?}");
        return vec![shown.split(['(', ' ']).next().unwrap_or_default().to_owned()];
    };
    let window = format!("window {:?}", happened.window);
    let counted = format!("counted {:?}", happened.counted);
    let mut labels: Vec<String> =
        [window, counted].iter().map(|shown| shown.split(['(', ' ']).take(2).collect::<Vec<_>>().join(" ")).collect();
    match &happened.what {
        Phrase::One(rule) => {
            labels.push(format!("one {:?}", rule.verb).split(['(', ' ']).take(2).collect::<Vec<_>>().join(" "))
        }
        Phrase::Sequence(sequence) => {
            labels.push(format!("steps {}", sequence.steps.iter().filter(|step| !step.not).count()));
            let (last, middle) = sequence.steps.split_last().expect("a step");
            labels.extend(last.not.then(|| "last not".to_owned()));
            labels.extend(middle.iter().any(|step| step.not).then(|| "middle not".to_owned()));
            let mut steps = sequence.steps.iter();
            labels.extend(steps.any(|step| step.same.is_some()).then(|| "same".to_owned()));
            let to_it = |step: &Then| step.event.target.as_ref().is_some_and(|to| to.message == MessageTest::It);
            labels.extend(sequence.steps.iter().any(to_it).then(|| "to it".to_owned()));
        }
    }
    labels
}

/// A kind of condition that is never seen true, or never false, is not tested.
#[test]
fn everything_is_seen_true_and_false() {
    let seen: RefCell<BTreeMap<String, BTreeSet<bool>>> = RefCell::default();
    for world in (1..=WORLDS).map(|seed| world(seed, &Feature::ALL)) {
        in_world(&world, |case, condition, start, end| {
            for at in case.instants(condition, start, end).into_iter().step_by(5) {
                let truth = case.truth(condition, at);
                labels(condition).into_iter().for_each(|label| {
                    seen.borrow_mut().entry(label).or_default().insert(truth);
                });
            }
        });
    }
    let seen = seen.into_inner();
    let one_sided: Vec<&String> = seen.iter().filter(|(_, truths)| truths.len() < 2).map(|(label, _)| label).collect();
    assert_eq!(one_sided, ["Everyone"], "{seen:?}");
    for label in ["HeldFor", "InCampaign", "InSample", "ServiceWindow", "steps 3", "window Yesterday", "one Changed"] {
        assert!(seen.contains_key(label), "{label} is not made: {seen:?}");
    }
}

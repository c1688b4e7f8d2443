//! Audits of one person, without a database.

use std::collections::BTreeSet;

use antiphon::engine::{AUDITED_EVENTS_MAX, Audited, History, Input, Stored, Subject, Versions, audit, mend, step};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::EventKey;
use antiphon::model::rule::{Condition, Counted, Happened, Match, Phrase, RuleSet, Segment, SegmentKind, Verb, Window};
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Properties;

use super::oracle::{compile, somebody};

const START: Second = Second(1_790_000_000);

fn seen(number: usize) -> Event {
    Event {
        key: EventKey((number as u128).to_be_bytes()),
        seq: 0,
        at: START,
        arrived: START,
        precedes: None,
        kind: Kind::Custom("seen".to_owned()),
        properties: Properties::new(),
        message: None,
        reason: None,
    }
}

/// Somebody who did `count` things, under rules with a window.
fn lived(count: usize) -> (Versions, Stored, Vec<Event>) {
    let condition = Condition::Happened(Box::new(Happened {
        what: Phrase::One(Box::new(Match::any(Verb::Performed("seen".to_owned())))),
        counted: Counted::ONCE,
        window: Window::Last(Span(100).into()),
    }));
    let mut segment: Segment = super::life::manual("s0");
    segment.kind = SegmentKind::Data(condition);
    let rules = RuleSet { segments: vec![segment], ..RuleSet::default() };
    let versions = Versions::new(compile(&rules, 1), START);
    let mut subject = Subject::new(somebody(&Properties::new(), START));
    let (mut events, mut members) = (Vec::new(), BTreeSet::new());
    let mut note = |step: antiphon::engine::Step| {
        events.extend(step.events);
        members.extend(step.transitions.iter().filter(|t| t.entered).map(|t| t.segment));
    };
    note(step(&versions, &mut subject, Input::Born, None, START));
    for number in 1..=count {
        note(step(&versions, &mut subject, Input::Event(seen(number)), None, START));
    }
    (versions, Stored { subject, members }, events)
}

#[test]
fn a_history_may_have_its_limit_and_not_an_event_more() {
    for (count, is_looked_at) in [(AUDITED_EVENTS_MAX, true), (AUDITED_EVENTS_MAX + 1, false)] {
        let (versions, stored, events) = lived(count);
        let audited = audit(&versions, stored, History { events: &events, moves: &[] }, START);
        assert_eq!(audited, if is_looked_at { Audited::Looked(Vec::new()) } else { Audited::TooLong });
    }
}

#[test]
fn whoever_is_put_right_goes_on_as_if_nothing_had_been() {
    let (versions, stored, events) = lived(3);
    let history = History { events: &events, moves: &[] };
    let mut lost = Subject::new(stored.subject.person.clone());
    let mended = mend(&versions, &mut lost, BTreeSet::new(), history, START);
    assert_eq!(mended.transitions.len(), 1);
    assert_eq!((lost.wake, mended.wake), (stored.subject.wake, stored.subject.wake));
    let clean = Stored { subject: lost, members: stored.members };
    assert_eq!(audit(&versions, clean, history, START), Audited::Looked(Vec::new()));
}

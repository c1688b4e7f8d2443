//! What depends on the order of the past: where an event lies in it, who the person was at the time,
//! and how far a sequence had got.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::atom::Atom;
use super::compiled::{Engine, Versions};
use super::matching::{Matcher, Observed};
use super::memory::Trail;
use crate::model::event::{Event, Kind, Order};
use crate::model::id::Seq;
use crate::model::journey::Journey;
use crate::model::person::Person;
use crate::model::time::Second;

/// The rule sets whose atoms are kept up for a person: the one in force, and those of their journeys.
pub fn engines<'a>(
    versions: &'a Versions,
    in_force: &'a Engine,
    journeys: &[Journey],
) -> impl Iterator<Item = &'a Engine> + use<'a> {
    let mut others: Vec<_> = journeys.iter().map(|journey| journey.rules).collect();
    others.retain(|version| *version != in_force.version);
    others.sort_unstable();
    others.dedup();
    std::iter::once(in_force).chain(others.into_iter().filter_map(|version| versions.get(version)))
}

/// When `event` happened, as far as truth is concerned: no reply comes before what it answers, and
/// nothing after its arrival.
#[must_use]
pub fn stamp(event: &Event, arrived: Second) -> Second {
    let answered = event.message.as_ref().filter(|_| can_answer(&event.kind)).map(|message| message.at);
    answered.map_or(event.at, |sent| event.at.max(sent)).min(arrived)
}

/// Gives `event` its number, its final stamps, and the property `answers` if it is one that can answer.
pub fn settle(event: &mut Event, seq: Seq, now: Second) {
    event.seq = seq;
    event.arrived = now;
    event.at = stamp(event, now);
    if can_answer(&event.kind) {
        match &event.message {
            Some(message) => {
                event.properties.insert("answers".to_owned(), Json::String(message.id.0.to_string()));
            }
            None => {
                event.properties.remove("answers");
            }
        }
    }
}

fn can_answer(kind: &Kind) -> bool {
    matches!(kind, Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved)
}

/// The names in the late write `event` that no later write among `past` has taken up: the others stay.
pub fn unwritten<'a>(event: &'a Event, past: &[&Event]) -> Vec<&'a str> {
    let order = event.order();
    let later = |name: &str| {
        let writes = past.iter().filter(|past| past.kind == Kind::AttributesSet && past.order() > order);
        writes.into_iter().any(|past| past.properties.contains_key(name))
    };
    event.properties.keys().map(String::as_str).filter(|name| !later(name)).collect()
}

/// Who the person was when each event arrived: told event by event, in the order of arrival.
pub struct Biography {
    pub person: Person,
    /// Where the newest write of each name lies.
    written: BTreeMap<String, Order>,
}

impl Biography {
    /// The person before `past`: what was never written since is what it was at first.
    pub fn before<'e>(now: &Person, past: impl Iterator<Item = &'e Event>) -> Self {
        let mut person = now.clone();
        for event in past.filter(|event| event.kind == Kind::AttributesSet) {
            for name in event.properties.keys() {
                person.set(name, &Json::Null);
            }
        }
        Self { person, written: BTreeMap::new() }
    }

    /// Goes on by one event.
    pub fn tell(&mut self, event: &Event) {
        if event.kind != Kind::AttributesSet {
            return;
        }
        let order = event.order();
        for (name, value) in &event.properties {
            if self.written.get(name).is_none_or(|written| *written < order) {
                self.person.set(name, value);
                self.written.insert(name.clone(), order);
            }
        }
    }
}

/// How far a sequence got after a late event, and what the late event completed.
#[derive(Debug, Default)]
pub struct Retold<'a> {
    pub trail: Trail,
    /// The newest event that completes the sequence and would not without the late one.
    pub completing: Option<&'a Event>,
}

/// One event that can stand in a sequence.
struct Mark<'a> {
    order: Order,
    event: &'a Event,
    is_first: bool,
    is_then: bool,
}

/// Walks a sequence through the whole past, the late event `late` among it.
pub fn retell<'a>(engine: &Engine, atom: &Atom, past: &[&'a Event], late: &'a Event, person: &Person) -> Retold<'a> {
    let matcher = |number: u32| engine.matchers.get(number as usize);
    let (Some(first), Some(then)) = (matcher(atom.first), atom.then.and_then(matcher)) else {
        return Retold::default();
    };
    let mut marks = marks(first, then, past, late, person);
    marks.sort_unstable_by_key(|mark| mark.order);
    let (mut with, mut without) = (Trail::default(), Trail::default());
    let mut completing = None;
    for mark in &marks {
        let completes = with.walk(atom, mark.event.at, mark.is_first, mark.is_then);
        let did = mark.event.seq != late.seq && without.walk(atom, mark.event.at, mark.is_first, mark.is_then);
        if completes && !did {
            completing = Some(mark.event);
        }
    }
    Retold { trail: with, completing }
}

fn marks<'a>(first: &Matcher, then: &Matcher, past: &[&'a Event], late: &'a Event, person: &Person) -> Vec<Mark<'a>> {
    let asks = first.reads_person() || then.reads_person();
    let mut biography = asks.then(|| Biography::before(person, past.iter().copied()));
    let mut marks = Vec::new();
    for event in past.iter().copied().chain([late]) {
        if let Some(biography) = &mut biography {
            biography.tell(event);
        }
        let person = biography.as_ref().map_or(person, |biography| &biography.person);
        let observed = Observed::new(event);
        let (is_first, is_then) = (first.matches(&observed, person), then.matches(&observed, person));
        if is_first || is_then {
            marks.push(Mark { order: event.order(), event, is_first, is_then });
        }
    }
    marks
}

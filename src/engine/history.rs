//! The past of a person: where an event lies in it, and who they were at the time.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::compiled::{Engine, Versions, Watch};
use super::held::Holder;
use super::scoped::Scoped;
use crate::model::event::{Event, Kind, Order};
use crate::model::id::Seq;
use crate::model::journey::Journey;
use crate::model::person::Person;
use crate::model::time::Second;

/// What happened to a person so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct History<'a> {
    /// Their log, by number.
    pub events: &'a [Event],
    /// What decisions of the engine meant, in the order of the decisions: [`Kind::Moved`], never in the log.
    pub moves: &'a [Event],
}

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

/// What is followed for journeys: for conditions of rule sets that are not in force any more, and for conditions
/// that only a journey can tell.
pub fn followed_for_journeys<'a>(
    versions: &'a Versions,
    in_force: &'a Engine,
    journeys: &[Journey],
    scoped: &BTreeMap<usize, Scoped>,
) -> Vec<Holder<'a>> {
    let mut holders = Vec::new();
    for engine in engines(versions, in_force, journeys).skip(1) {
        holders.extend(followed(engine));
    }
    for place in scoped.keys() {
        let Some(journey) = journeys.get(*place).filter(|journey| journey.ended.is_none()) else { continue };
        let campaign = versions.get(journey.rules).and_then(|engine| engine.campaign_named(&journey.campaign));
        let held = campaign.into_iter().flat_map(|(campaign, _)| &campaign.scoped.held);
        holders.extend(held.map(|(atom, condition)| Holder { condition, atom: *atom, journey: Some(*place) }));
    }
    holders
}

/// All that a rule set follows for `for at least`, inner conditions first.
pub fn followed(engine: &Engine) -> impl Iterator<Item = Holder<'_>> {
    let watched = engine.held.iter().filter_map(|place| engine.watched.get(*place as usize));
    watched.filter_map(|watched| match watched.what {
        Watch::Held(atom) => Some(Holder { condition: &watched.condition, atom, journey: None }),
        Watch::Segment(_) | Watch::Becomes(..) => None,
    })
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

/// The person as they were made, before any event: what the definition begins with. `log` is all of theirs.
#[must_use]
pub fn as_made(now: &Person, log: &[Event]) -> Person {
    Biography::before(now, log.iter()).person
}

/// Who the person was when each event arrived: told event by event, in the order of arrival.
pub struct Biography {
    pub person: Person,
    /// Where the newest write of each name lies.
    written: BTreeMap<String, Order>,
}

impl Biography {
    /// The person when they were made: what was never written since is what it was at first.
    pub fn before<'e>(now: &Person, past: impl Iterator<Item = &'e Event>) -> Self {
        let mut person = now.clone();
        let mut first = None;
        for event in past.filter(|event| event.kind == Kind::AttributesSet) {
            for name in event.properties.keys() {
                person.set(name, &Json::Null);
            }
            if event.seq == 1 && event.at <= now.known_since {
                first = Some(event);
            }
        }
        // The first event, if it is a write of that second, repeats what they were made with.
        for (name, value) in first.into_iter().flat_map(|event| &event.properties) {
            person.set(name, value);
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

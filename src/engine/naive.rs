//! The definition: what conditions mean, computed from a person's whole history, with nothing kept and
//! nothing clever. Tests and audits hold the engine against it, so it shares nothing with the engine.

use serde_json::Value as Json;

use crate::model::calendar::{Calendar, Now};
use crate::model::compare::pattern_found;
use crate::model::event::{Event, Kind, MessageRef};
use crate::model::norm::{exact, normalise};
use crate::model::person::Person;
use crate::model::rule::{
    Condition, Counted, Happened, Match, MessageTest, Phrase, RuleSet, SegmentKind, Sequence, Target, Test, TextTest,
    Then, Verb, Via, Window,
};
use crate::model::time::{Length, Second};

/// Whether `condition` is true at `t` of `person`, as they were made, after `events`, which have been
/// taken in so far, in any order.
#[must_use]
pub fn truth(rules: &RuleSet, condition: &Condition, person: &Person, events: &[Event], t: Second) -> bool {
    let mut known: Vec<&Event> = events.iter().filter(|event| event.at <= t).collect();
    known.sort_by_key(|event| event.order());
    History { rules, first: person, taken_in: events, known, t }.truth(condition)
}

/// Whether `person` is in the segment named `segment` at `t`. Nobody is in one that does not exist.
#[must_use]
pub fn is_member(rules: &RuleSet, segment: &str, person: &Person, events: &[Event], t: Second) -> bool {
    truth(rules, &Condition::InSegment(segment.to_owned()), person, events, t)
}

struct History<'a> {
    rules: &'a RuleSet,
    /// The person before any event.
    first: &'a Person,
    taken_in: &'a [Event],
    /// Events up to `t`, in order.
    known: Vec<&'a Event>,
    t: Second,
}

impl History<'_> {
    fn truth(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Everyone => true,
            Condition::Not(part) => !self.truth(part),
            Condition::All(parts) => parts.iter().all(|part| self.truth(part)),
            Condition::Any(parts) => parts.iter().any(|part| self.truth(part)),
            Condition::Attribute(test) => {
                test.holds_of(self.person_after(u32::MAX).value(&test.name).as_deref(), utc(self.t))
            }
            Condition::InSegment(name) => self.in_segment(name),
            Condition::KnownFor(span) => self.t >= self.first.known_since.plus(*span),
            Condition::Happened(happened) => self.happened(happened),
            _ => false,
        }
    }

    fn in_segment(&self, name: &str) -> bool {
        let Some(segment) = self.rules.segments.iter().find(|segment| segment.name == name) else { return false };
        match &segment.kind {
            SegmentKind::Data(condition) => self.truth(condition),
            SegmentKind::Manual => {
                let mut moves = self.known.iter().filter_map(|event| match &event.kind {
                    Kind::SegmentJoined(moved) if moved == name => Some(true),
                    Kind::SegmentLeft(moved) if moved == name => Some(false),
                    _ => None,
                });
                moves.next_back().unwrap_or(false)
            }
        }
    }

    /// The person as all events up to number `seq` made them.
    fn person_after(&self, seq: u32) -> Person {
        let mut person = self.first.clone();
        let mut writes: Vec<&Event> = self.taken_in.iter().filter(|event| event.kind == Kind::AttributesSet).collect();
        writes.retain(|event| event.seq <= seq && event.at <= self.t);
        writes.sort_by_key(|event| event.order());
        for (name, value) in writes.iter().flat_map(|event| &event.properties) {
            person.set(name, value);
        }
        person
    }

    fn happened(&self, happened: &Happened) -> bool {
        let inside = |at: &Second| match happened.window {
            Window::Ever => true,
            Window::Last(Length::Elapsed(span)) => self.t.minus(span) < *at && *at <= self.t,
            _ => false,
        };
        let count = match &happened.what {
            Phrase::One(rule) => self.matching(rule).map(|event| event.at).filter(inside).count(),
            Phrase::Sequence(two) => usize::from(self.completions(two).iter().any(inside)),
        };
        let Counted::Times(times) = &happened.counted else { return false };
        times.holds(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn completions(&self, two: &Sequence) -> Vec<Second> {
        let Some(Then { not: false, event: rule, same: None, within: Some(Length::Elapsed(within)) }) =
            two.steps.first()
        else {
            return Vec::new();
        };
        let firsts: Vec<&Event> = self.matching(&two.first).collect();
        let in_time = |then: &&Event| {
            let before = |first: &&Event| first.order() < then.order() && then.at <= first.at.plus(*within);
            firsts.iter().any(before)
        };
        self.matching(rule).filter(in_time).map(|event| event.at).collect()
    }

    fn matching<'s>(&'s self, rule: &'s Match) -> impl Iterator<Item = &'s Event> {
        self.known.iter().copied().filter(move |event| self.matches(rule, event))
    }

    fn matches(&self, rule: &Match, event: &Event) -> bool {
        is_verb(&rule.verb, event)
            && rule.text.as_ref().is_none_or(|test| says(test, event))
            && rule.target.as_ref().is_none_or(|target| answers(target, event))
            && rule.via.is_none_or(|via| came_by(via, event))
            && rule.in_time.is_none_or(|span| {
                event.message.as_ref().is_some_and(|m| event.at <= Calendar::default().deadline(m.at, span))
            })
            && rule.filter.as_ref().is_none_or(|test| self.passes(test, event))
    }

    fn passes(&self, test: &Test, event: &Event) -> bool {
        match test {
            Test::Not(part) => !self.passes(part, event),
            Test::All(parts) => parts.iter().all(|part| self.passes(part, event)),
            Test::Any(parts) => parts.iter().any(|part| self.passes(part, event)),
            Test::Property(comparison) => comparison.holds(&event.properties, utc(event.arrived)),
            Test::Person(comparison) => {
                comparison.holds_of(self.person_after(event.seq).value(&comparison.name).as_deref(), utc(event.arrived))
            }
        }
    }
}

fn is_verb(verb: &Verb, event: &Event) -> bool {
    match verb {
        Verb::Replied => event.kind == Kind::Inbound,
        Verb::Tapped => event.kind == Kind::Inbound && (came_by(Via::Button, event) || came_by(Via::List, event)),
        Verb::Reacted => event.kind == Kind::Reaction,
        Verb::RemovedReaction => event.kind == Kind::ReactionRemoved,
        Verb::WasSent => event.kind == Kind::Sent,
        Verb::Received => event.kind == Kind::Received,
        Verb::Read => event.kind == Kind::Read,
        Verb::FailedToReceive => event.kind == Kind::Failed,
        Verb::Performed(name) => event.kind == Kind::Custom(name.clone()),
        Verb::Moved(_) | Verb::Changed(_) => false,
    }
}

fn came_by(via: Via, event: &Event) -> bool {
    event.properties.get("via") == Some(&Json::from(via.as_str()))
}

/// A message without a text says nothing, and a keyword without a token is said by nothing.
fn says(test: &TextTest, event: &Event) -> bool {
    if let TextTest::ButtonId(id) = test {
        return event.properties.get("button_id") == Some(&Json::from(id.as_str()));
    }
    let Some(Json::String(body)) = event.properties.get("body") else { return false };
    let said = normalise(body);
    let mut words = match test {
        TextTest::AnyOf(words) | TextTest::Containing(words) | TextTest::StartingWith(words) => words.as_slice(),
        _ => &[],
    }
    .iter()
    .map(|word| normalise(word));
    match test {
        TextTest::AnyOf(_) => words.any(|word| !word.is_empty() && said == word),
        TextTest::Containing(_) => words.any(|word| said.contains(&word)),
        TextTest::StartingWith(_) => words.any(|word| said.starts_with(&word)),
        TextTest::Exactly(text) => exact(body) == exact(text),
        TextTest::Matching(pattern) => pattern_found(pattern, body),
        TextTest::ButtonId(_) => false,
    }
}

fn answers(target: &Target, event: &Event) -> bool {
    let Some(message) = &event.message else { return false };
    is_meant(&target.message, message) && (!target.directly || event.reason.is_some_and(|reason| reason.is_direct()))
}

fn is_meant(test: &MessageTest, message: &MessageRef) -> bool {
    match test {
        MessageTest::Any => true,
        MessageTest::Campaign { campaign, step } => {
            message.campaign.as_ref() == Some(campaign)
                && step.as_ref().is_none_or(|s| message.step.as_ref() == Some(s))
        }
        MessageTest::Template(name) => message.template.as_ref() == Some(name),
        MessageTest::It | MessageTest::Step(_) => false,
    }
}

fn utc(at: Second) -> Now {
    Now { at, calendar: Calendar::default() }
}

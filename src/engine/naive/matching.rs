//! Whether one event is what an event test means.

use serde_json::Value as Json;

use super::Case;
use crate::model::calendar::{Calendar, Now};
use crate::model::compare::pattern_found;
use crate::model::event::{Event, Kind};
use crate::model::id::EffectId;
use crate::model::norm::{exact, normalise};
use crate::model::person::Person;
use crate::model::rule::{Change, Match, MessageTest, Target, Test, TextTest, Verb, Via};
use crate::model::time::Second;
use crate::model::value::Value;

impl<'a> Case<'a> {
    /// The events up to `t` that `rule` means, in order.
    pub(super) fn matching(&self, rule: &Match, t: Second) -> Vec<&'a Event> {
        let days = self.calendar(t);
        self.known(t).iter().copied().filter(|event| self.matches(rule, event, None, days)).collect()
    }

    /// Whether `rule` means `event`. Where it says `to it`, that is message `it`; deadlines are cut by `days`.
    pub(super) fn matches(&self, rule: &Match, event: &Event, it: Option<EffectId>, days: Calendar) -> bool {
        self.is_verb(&rule.verb, event)
            && rule.text.as_ref().is_none_or(|test| says(test, event))
            && rule.target.as_ref().is_none_or(|target| self.is_about(target, event, it))
            && rule.via.is_none_or(|via| came_by(via, event))
            && rule.in_time.is_none_or(|length| {
                event.message.as_ref().is_some_and(|message| event.at <= days.deadline(message.at, length))
            })
            && rule.filter.as_ref().is_none_or(|test| self.passes(test, event))
    }

    /// What `most recently` looks at: events of the same verb, `to` and `via`, whatever else is tested.
    ///
    /// Of deliveries the message is a test. Decided: the names of events, segments, campaigns and attributes
    /// belong to the verb; the values of `changed … from … to …` are tests.
    pub(super) fn newest(&self, rule: &Match, t: Second) -> Option<&'a Event> {
        let is_delivery = is_delivery(&rule.verb);
        let verb = match &rule.verb {
            Verb::Changed(change) => Verb::Changed(Box::new(Change { from: None, to: None, ..(**change).clone() })),
            verb => verb.clone(),
        };
        let target = rule.target.clone().filter(|_| !is_delivery);
        let of_its_kind = Match { target, via: rule.via, ..Match::any(verb) };
        self.matching(&of_its_kind, t).pop()
    }

    fn is_verb(&self, verb: &Verb, event: &Event) -> bool {
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
            Verb::Moved(moved) => event.kind == Kind::Moved(moved.clone()),
            Verb::Changed(change) => event.kind == Kind::AttributesSet && self.is_change(change, event),
        }
    }

    /// Whether the write `event` gives the attribute another value than it had just before it in order. A late
    /// write can so make, or unmake, a change of a later one.
    ///
    /// Decided: a value where there was none is a change, and so is its removal; the values of creation are
    /// none, and what is stamped before somebody is known changes nothing of theirs.
    fn is_change(&self, change: &Change, event: &Event) -> bool {
        let Change { name, ty, from, to } = change;
        let ty = ty.or_else(|| from.as_ref().or(to.as_ref()).map(Value::natural_type));
        let value = |person: Person| {
            let stored = person.value(name)?;
            match ty {
                Some(ty) => Value::read(&stored, ty),
                None => Value::natural(&stored),
            }
        };
        let place = self.events.iter().position(|other| std::ptr::eq(*other, event)).unwrap_or_default();
        let before = value(self.person_after(self.events.iter().copied().take(place)));
        let after = value(self.person_after(self.events.iter().copied().take(place + 1)));
        event.at >= self.first.known_since
            && before != after
            && from.as_ref().is_none_or(|from| before.as_ref() == Some(from))
            && to.as_ref().is_none_or(|to| after.as_ref() == Some(to))
    }

    fn is_about(&self, target: &Target, event: &Event, it: Option<EffectId>) -> bool {
        let Some(message) = &event.message else { return false };
        let is_meant = match &target.message {
            MessageTest::Any => true,
            MessageTest::Campaign { campaign, step } => {
                message.campaign.as_ref() == Some(campaign)
                    && step.as_ref().is_none_or(|step| message.step.as_ref() == Some(step))
            }
            MessageTest::Template(name) => message.template.as_ref() == Some(name),
            MessageTest::It => it == Some(message.id),
            MessageTest::Step(step) => {
                let journey = self.journey.map(|(id, _)| id);
                journey.is_some() && message.journey == journey && message.step.as_ref() == Some(step)
            }
        };
        is_meant && (!target.directly || event.reason.is_some_and(|reason| reason.is_direct()))
    }

    /// What is compared with now is compared with the event's arrival, and never changes again; the person is
    /// who they were known to be then.
    fn passes(&self, test: &Test, event: &Event) -> bool {
        let now = || Now { at: event.arrived, calendar: self.calendar_on_arrival(event) };
        match test {
            Test::Not(part) => !self.passes(part, event),
            Test::All(parts) => parts.iter().all(|part| self.passes(part, event)),
            Test::Any(parts) => parts.iter().any(|part| self.passes(part, event)),
            Test::Property(comparison) => comparison.holds(&event.properties, now()),
            Test::Person(comparison) => {
                comparison.holds_of(self.person_on_arrival(event).value(&comparison.name).as_deref(), now())
            }
        }
    }
}

/// The verbs of what becomes of our messages.
pub(super) fn is_delivery(verb: &Verb) -> bool {
    matches!(verb, Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive)
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

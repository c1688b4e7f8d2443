//! Whether one event is what a rule's event test means. The test is compiled once; the text of an
//! event is normalised once, however many tests look at it.

use std::cell::OnceCell;

use regex::Regex;

use crate::model::calendar::{Calendar, Now};
use crate::model::compare;
use crate::model::event::{Event, Kind};
use crate::model::id::JourneyId;
use crate::model::norm::{Normal, exact, normalise};
use crate::model::person::Person;
use crate::model::rule::{Change, Match, MessageTest, Target, Test, TextTest, Verb, Via};
use crate::model::time::Length;
use crate::model::value::Value;

/// An event with what tests ask of it over and over.
pub struct Observed<'a> {
    pub event: &'a Event,
    /// Who the person was before a write of attributes, and behind it.
    write: Option<(&'a Person, &'a Person)>,
    normal: OnceCell<Normal>,
}

/// For whom and when a test is made.
#[derive(Clone, Copy)]
pub struct Witness<'a> {
    /// Who they were when the event arrived, and how their days lay.
    pub person: &'a Person,
    pub then: Calendar,
    /// How their days lie now: deadlines are cut by that.
    pub today: Calendar,
    /// The journey that asks.
    pub journey: Option<JourneyId>,
}

/// A text test, ready.
#[derive(Debug)]
enum Text {
    /// Sorted.
    AnyOf(Vec<Normal>),
    Containing(Vec<Normal>),
    StartingWith(Vec<Normal>),
    /// In NFC.
    Exactly(String),
    Matching(Regex),
    ButtonId(String),
}

/// An event test, ready.
#[derive(Debug)]
pub struct Matcher {
    rule: Match,
    text: Option<Text>,
}

impl<'a> Observed<'a> {
    #[must_use]
    pub fn new(event: &'a Event) -> Self {
        Self { event, write: None, normal: OnceCell::new() }
    }

    /// A write of attributes, with who the person was before and behind it.
    #[must_use]
    pub fn write(event: &'a Event, before: &'a Person, behind: &'a Person) -> Self {
        Self { write: Some((before, behind)), ..Self::new(event) }
    }

    /// The text that keywords are compared with, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&'a str> {
        self.property("body")
    }

    /// The text after norm/1; without tokens where there is none.
    pub fn normal(&self) -> &Normal {
        self.normal.get_or_init(|| self.body().map(normalise).unwrap_or_default())
    }

    /// A property that is a text.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&'a str> {
        self.event.properties.get(name)?.as_str()
    }

    /// Whether the event came by a button or a list.
    #[must_use]
    pub fn is_tap(&self) -> bool {
        let by = |via: Via| self.property("via") == Some(via.as_str());
        self.event.kind == Kind::Inbound && (by(Via::Button) || by(Via::List))
    }

    fn is(&self, verb: &Verb) -> bool {
        match (verb, &self.event.kind) {
            (Verb::Replied, Kind::Inbound)
            | (Verb::Reacted, Kind::Reaction)
            | (Verb::RemovedReaction, Kind::ReactionRemoved)
            | (Verb::WasSent, Kind::Sent)
            | (Verb::Received, Kind::Received)
            | (Verb::Read, Kind::Read)
            | (Verb::FailedToReceive, Kind::Failed) => true,
            (Verb::Tapped, _) => self.is_tap(),
            (Verb::Performed(name), Kind::Custom(custom)) => name == custom,
            (Verb::Moved(meant), Kind::Moved(moved)) => meant == moved,
            (Verb::Changed(change), Kind::AttributesSet) => self.write.is_some_and(|(before, behind)| {
                // What happened before somebody was known changes nothing of theirs.
                self.event.at >= behind.known_since && is_change(change, before, behind)
            }),
            _ => false,
        }
    }
}

impl Matcher {
    /// Compiles an event test.
    ///
    /// # Errors
    /// A pattern that does not compile within its bounds.
    pub fn compile(rule: &Match) -> Result<Self, regex::Error> {
        let normals = |words: &[String]| {
            let mut normals: Vec<Normal> = words.iter().map(|word| normalise(word)).collect();
            normals.retain(|normal| !normal.is_empty());
            normals.sort_unstable();
            normals.dedup();
            normals
        };
        let text = match &rule.text {
            None => None,
            Some(TextTest::AnyOf(words)) => Some(Text::AnyOf(normals(words))),
            Some(TextTest::Containing(words)) => Some(Text::Containing(normals(words))),
            Some(TextTest::StartingWith(words)) => Some(Text::StartingWith(normals(words))),
            Some(TextTest::Exactly(text)) => Some(Text::Exactly(exact(text).into_owned())),
            Some(TextTest::Matching(pattern)) => Some(Text::Matching(compare::compile(pattern)?)),
            Some(TextTest::ButtonId(id)) => Some(Text::ButtonId(id.clone())),
        };
        Ok(Self { rule: rule.clone(), text })
    }

    /// The test as written.
    #[must_use]
    pub fn rule(&self) -> &Match {
        &self.rule
    }

    /// Whether the test depends on how the person's days lie now.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.rule.in_time, Some(Length::Calendar { .. }))
    }

    /// Whether only a journey can tell.
    #[must_use]
    pub fn is_scoped(&self) -> bool {
        self.rule.target.as_ref().is_some_and(|target| matches!(target.message, MessageTest::Step(_)))
    }

    /// Whether `observed` passes.
    #[must_use]
    pub fn matches(&self, observed: &Observed<'_>, witness: Witness<'_>) -> bool {
        let (rule, event) = (&self.rule, observed.event);
        observed.is(&rule.verb)
            && rule.via.is_none_or(|via| observed.property("via") == Some(via.as_str()))
            && rule.target.as_ref().is_none_or(|target| is_about(target, event, witness.journey))
            && rule.in_time.is_none_or(|span| {
                event.message.as_ref().is_some_and(|m| event.at <= witness.today.deadline(m.at, span))
            })
            && self.text.as_ref().is_none_or(|text| text.matches(observed))
            && rule.filter.as_ref().is_none_or(|test| holds(test, event, witness))
    }
}

/// Whether the value became another one, as meant: what reads as the same value is the same.
fn is_change(change: &Change, before: &Person, behind: &Person) -> bool {
    let Change { name, ty, from, to } = change;
    let ty = ty.or_else(|| from.as_ref().or(to.as_ref()).map(Value::natural_type));
    let value = |person: &Person| {
        let stored = person.value(name)?;
        ty.map_or_else(|| Value::natural(&stored), |ty| Value::read(&stored, ty))
    };
    let (old, new) = (value(before), value(behind));
    let is = |value: &Option<Value>, meant: &Option<Value>| meant.is_none() || value == meant;
    old != new && is(&old, from) && is(&new, to)
}

impl Text {
    fn matches(&self, observed: &Observed<'_>) -> bool {
        match self {
            Self::AnyOf(words) => words.binary_search(observed.normal()).is_ok(),
            Self::Containing(words) => words.iter().any(|word| observed.normal().contains(word)),
            Self::StartingWith(words) => words.iter().any(|word| observed.normal().starts_with(word)),
            Self::Exactly(text) => observed.body().is_some_and(|body| exact(body) == text.as_str()),
            Self::Matching(regex) => observed.body().is_some_and(|body| regex.is_match(body)),
            Self::ButtonId(id) => observed.property("button_id") == Some(id.as_str()),
        }
    }
}

fn is_about(target: &Target, event: &Event, journey: Option<JourneyId>) -> bool {
    let Some(message) = &event.message else { return false };
    let named = match &target.message {
        MessageTest::Any => true,
        MessageTest::Campaign { campaign, step } => {
            message.campaign.as_ref() == Some(campaign) && (step.is_none() || message.step == *step)
        }
        MessageTest::Template(template) => message.template.as_ref() == Some(template),
        // Which one it is, the sequence compares.
        MessageTest::It => true,
        MessageTest::Step(step) => {
            journey.is_some() && message.journey == journey && message.step.as_ref() == Some(step)
        }
    };
    named && (!target.directly || event.reason.is_some_and(|reason| reason.is_direct()))
}

fn holds(test: &Test, event: &Event, witness: Witness<'_>) -> bool {
    // A test against now is one against the event's arrival: it never changes again.
    let now = Now { at: event.arrived, calendar: witness.then };
    match test {
        Test::Not(test) => !holds(test, event, witness),
        Test::All(tests) => tests.iter().all(|test| holds(test, event, witness)),
        Test::Any(tests) => tests.iter().any(|test| holds(test, event, witness)),
        Test::Property(comparison) => comparison.holds(&event.properties, now),
        Test::Person(comparison) => comparison.holds_of(witness.person.value(&comparison.name).as_deref(), now),
    }
}

//! A sequence, ready: its steps, what each compares with the one before, and what of a step has to be
//! remembered for the steps behind it.

use serde::Serialize;

use super::atom::AtomKey;
use super::tally::Hash;
use crate::model::calendar::Calendar;
use crate::model::compare::reach;
use crate::model::event::Event;
use crate::model::rule::{Match, MessageTest, Sequence, Then, Verb};
use crate::model::time::{Length, Second, Span};
use crate::model::value::Value;

/// A sequence of steps without `not`, each possibly with a `not` before it, and a last `not` or none.
#[derive(Debug)]
pub struct Chain {
    /// The test of the first step, by its number.
    pub first: u32,
    pub links: Vec<Link>,
    pub absent: Option<Absent>,
    /// By step: what is remembered of an event that completed the sequence so far.
    pub stages: Vec<Stage>,
}

/// A step behind the first.
#[derive(Debug)]
pub struct Link {
    pub event: Linked,
    pub within: Option<Length>,
    /// What may not lie between the step before and this one.
    pub unless: Option<Linked>,
}

/// An event test that can compare with the step before.
#[derive(Clone, Debug)]
pub struct Linked {
    pub test: u32,
    /// It answers the message that the sequence is about.
    pub to_it: bool,
    /// The property that both have, with the same value.
    pub same: Option<String>,
}

/// A last `not`.
#[derive(Debug)]
pub struct Absent {
    pub event: Linked,
    pub deadline: Deadline,
}

/// When an absence is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Deadline {
    pub within: Length,
    pub grace: Span,
}

/// What is kept of an event: the message that the sequence is about, then properties.
#[derive(Debug, Default)]
pub struct Stage {
    /// The event is about a message, which is `it` from here on.
    pub is_message: bool,
    /// A later step asks for `it`.
    pub keeps_it: bool,
    /// The properties that the next steps compare with.
    pub properties: Vec<String>,
}

impl Deadline {
    /// The last second of what can still come in time for an event at `at`.
    #[must_use]
    pub fn last(self, at: Second, calendar: Calendar) -> Second {
        calendar.deadline(at, self.within)
    }

    /// The second at which it is decided that nothing came.
    #[must_use]
    pub fn verdict(self, at: Second, calendar: Calendar) -> Second {
        self.last(at, calendar).next().plus(self.grace)
    }
}

impl Chain {
    /// Makes a sequence ready. `number` gives the number of an event test.
    ///
    /// # Errors
    /// Those of `number`.
    pub fn compile<E>(rule: &Sequence, mut number: impl FnMut(&Match) -> Result<u32, E>) -> Result<Self, E> {
        let mut linked = |step: &Then| {
            let to_it = step.event.target.as_ref().is_some_and(|target| target.message == MessageTest::It);
            Ok(Linked { test: number(&step.event)?, to_it, same: step.same.clone() })
        };
        let (mut links, mut unless, mut absent) = (Vec::new(), None, None);
        for (step, is_last) in rule.steps.iter().zip((1..).map(|n| n == rule.steps.len())) {
            match (step.not, step.within) {
                (true, Some(within)) if is_last => {
                    absent = Some(Absent { event: linked(step)?, deadline: Deadline { within, grace: rule.grace } });
                }
                (true, _) => unless = Some(linked(step)?),
                (false, within) => links.push(Link { event: linked(step)?, within, unless: unless.take() }),
            }
        }
        let first = number(&rule.first)?;
        let verbs = std::iter::once(&rule.first).chain(rule.steps.iter().filter(|s| !s.not).map(|s| &s.event));
        let stages = stages(verbs, &links, absent.as_ref());
        Ok(Self { first, links, absent, stages })
    }

    /// The numbers of all its tests.
    pub fn tests(&self) -> impl Iterator<Item = u32> {
        let links = self.links.iter().flat_map(|link| link.unless.iter().chain([&link.event]));
        let linked = links.chain(self.absent.iter().map(|absent| &absent.event));
        std::iter::once(self.first).chain(linked.map(|linked| linked.test))
    }

    /// Whether deadlines end with local days.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let calendar = |length: Length| matches!(length, Length::Calendar { .. });
        let within = self.links.iter().filter_map(|link| link.within);
        within.chain(self.absent.iter().map(|absent| absent.deadline.within)).any(calendar)
    }
}

fn stages<'r>(steps: impl Iterator<Item = &'r Match>, links: &[Link], absent: Option<&Absent>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = steps
        .map(|step| {
            let verb = &step.verb;
            let is_message = matches!(verb, Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive);
            Stage { is_message, ..Stage::default() }
        })
        .collect();
    // The tests that compare with step n stand in the link behind it, or in the last `not`.
    let behind = |n: usize| {
        let next = links.get(n).into_iter().flat_map(|link| link.unless.iter().chain([&link.event]));
        next.chain(absent.filter(|_| n == links.len()).map(|absent| &absent.event))
    };
    for n in 0..stages.len() {
        let mut properties: Vec<String> = behind(n).filter_map(|linked| linked.same.clone()).collect();
        properties.dedup();
        if let Some(stage) = stages.get_mut(n) {
            stage.properties = properties;
        }
        if behind(n).any(|linked| linked.to_it) {
            // From the nearest step that is about a message up to here.
            for stage in stages.iter_mut().take(n + 1).rev() {
                stage.keeps_it = true;
                if stage.is_message {
                    break;
                }
            }
        }
    }
    stages
}

/// A hash of the value of `property`, if it is present.
#[must_use]
pub fn value_hash(event: &Event, property: &str) -> Option<Hash> {
    let value = Value::natural(reach(&event.properties, property)?)?;
    Some(AtomKey::of(&plain(value)).bytes())
}

/// Equal numbers are written in one way.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(number.normalize()),
        Value::List(items) => Value::List(items.into_iter().map(plain).collect()),
        other => other,
    }
}

/// A hash of the message that `event` answers or is about.
#[must_use]
pub fn message_hash(event: &Event) -> Option<Hash> {
    event.message.as_ref().map(|message| AtomKey::of(&message.id).bytes())
}

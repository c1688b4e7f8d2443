//! What outcomes and goals wait for, and which events count for them: those become `answer`, and can come
//! just in time, or too late.

use super::compile::CompileError;
use super::condition::{Condition, Scene};
use super::matching::{Matcher, Observed, Witness};
use crate::model::event::Kind;
use crate::model::rule::{self, Counted, Happened, Match, MessageTest, Phrase, Target, Times, Verb};
use crate::model::time::Second;

/// A condition that is waited for.
#[derive(Debug)]
pub struct Awaited {
    pub condition: Condition,
    /// The event tests by which it becomes true; none where it asks about no event.
    evidence: Vec<Evidence>,
}

/// Why a condition that is waited for is asked past its deadline.
#[derive(Clone, Copy)]
pub enum Occasion<'a> {
    /// Of this event.
    Event(&'a Observed<'a>, Witness<'a>),
    /// Time has passed, and nothing has happened since the deadline.
    Time,
}

impl Awaited {
    /// What `rule` waits for, once `condition` is made of it.
    ///
    /// # Errors
    /// A pattern that does not compile.
    pub fn compile(rule: &rule::Condition, condition: Condition, campaign: &str) -> Result<Self, CompileError> {
        let mut tests = Vec::new();
        collect(rule, true, &mut tests);
        let pattern =
            |error: regex::Error| CompileError::Pattern { rule: campaign.to_owned(), problem: error.to_string() };
        let evidence = tests.into_iter().filter_map(Evidence::compile).collect::<Result<_, _>>().map_err(pattern)?;
        Ok(Self { condition, evidence })
    }

    /// Whether the event is what is waited for.
    #[must_use]
    pub fn is_met_by(&self, observed: &Observed<'_>, witness: Witness<'_>) -> bool {
        self.evidence.iter().any(|test| test.is_met_by(observed, witness))
    }

    /// Whether the condition held by `deadline`, as far as can be told at `now`, which is later: only what had
    /// happened by then counts.
    #[must_use]
    pub fn held_by(&self, scene: Scene<'_>, deadline: Second, now: Second, occasion: Occasion<'_>) -> bool {
        let held = || self.condition.truth(scene, deadline);
        match occasion {
            Occasion::Time => held(),
            Occasion::Event(observed, _) if observed.event.at > deadline => false,
            Occasion::Event(observed, _) if self.evidence.is_empty() || is_change(&observed.event.kind) => held(),
            // Something that came too late may be all that is remembered, and the window of now is as good.
            Occasion::Event(observed, witness) => {
                self.is_met_by(observed, witness) && (held() || self.condition.truth(scene, now))
            }
        }
    }
}

/// Whether what such an event changes is looked at, rather than the event.
fn is_change(kind: &Kind) -> bool {
    matches!(kind, Kind::AttributesSet | Kind::SegmentJoined(_) | Kind::SegmentLeft(_) | Kind::Moved(_))
}

/// An event test of a condition, on its own.
#[derive(Debug)]
enum Evidence {
    Test(Box<Matcher>),
    /// A write of this attribute. Whether it changed what was asked for, the condition knows.
    Write(String),
}

impl Evidence {
    fn compile(test: &Match) -> Option<Result<Self, regex::Error>> {
        match &test.verb {
            // What decisions mean comes with some other event, and says nothing.
            Verb::Moved(_) => None,
            Verb::Changed(change) => Some(Ok(Self::Write(change.name.clone()))),
            _ => {
                let mut test = test.clone();
                if let Some(Target { message: message @ MessageTest::It, .. }) = &mut test.target {
                    // Which one it is, the condition knows.
                    *message = MessageTest::Any;
                }
                Some(Matcher::compile(&test).map(|matcher| Self::Test(Box::new(matcher))))
            }
        }
    }

    fn is_met_by(&self, observed: &Observed<'_>, witness: Witness<'_>) -> bool {
        match self {
            Self::Test(matcher) => matcher.matches(observed, witness),
            Self::Write(name) => {
                let event = observed.event;
                // Of a nested value the outermost one is written.
                let is_part = |written: &String| name == written || name.starts_with(&format!("{written}."));
                event.kind == Kind::AttributesSet && event.properties.keys().any(is_part)
            }
        }
    }
}

/// The tests whose passing makes `condition` true, or false where it is not `affirmed`.
fn collect<'r>(condition: &'r rule::Condition, affirmed: bool, tests: &mut Vec<&'r Match>) {
    match condition {
        rule::Condition::Not(part) => collect(part, !affirmed, tests),
        rule::Condition::All(parts) | rule::Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, affirmed, tests))
        }
        rule::Condition::Happened(happened) if affirmed == wants_events(happened) => tests.extend(last(&happened.what)),
        _ => {}
    }
}

/// Whether one more event can only help.
fn wants_events(happened: &Happened) -> bool {
    match &happened.counted {
        Counted::Times(times) | Counted::Distinct { times, .. } => match times {
            Times::AtLeast(_) => true,
            Times::Exactly(count) => *count > 0,
            Times::AtMost(_) => false,
        },
        Counted::Newest => true,
    }
}

/// The test of the event that completes the phrase, if an event does.
fn last(phrase: &Phrase) -> Option<&Match> {
    match phrase {
        Phrase::One(test) => Some(test),
        Phrase::Sequence(sequence) => sequence.steps.last().filter(|step| !step.not).map(|step| &step.event),
    }
}

//! Which events are what an outcome waits for: they become `answer`, and can come too late.

use super::compile::CompileError;
use super::matching::{Matcher, Observed, Witness};
use crate::model::id::JourneyId;
use crate::model::rule::{Condition, Counted, Happened, Match, MessageTest, Phrase, Target, Times};

/// An event test of a condition, on its own.
#[derive(Debug)]
pub struct Evidence {
    matcher: Matcher,
    /// The message must be one of the journey's own.
    is_own: bool,
}

impl Evidence {
    /// The event tests by which `condition` becomes true; none where it asks about no event.
    ///
    /// # Errors
    /// A pattern that does not compile.
    pub fn of(condition: &Condition, campaign: &str) -> Result<Vec<Self>, CompileError> {
        let mut tests = Vec::new();
        collect(condition, true, &mut tests);
        tests.into_iter().map(|test| Self::compile(test, campaign)).collect()
    }

    fn compile(test: &Match, campaign: &str) -> Result<Self, CompileError> {
        let mut test = test.clone();
        let mut is_own = false;
        if let Some(Target { message, .. }) = &mut test.target {
            match message {
                MessageTest::Step(step) => {
                    is_own = true;
                    *message = MessageTest::Campaign { campaign: campaign.to_owned(), step: Some(step.clone()) };
                }
                // Which one it is, the condition knows.
                MessageTest::It => *message = MessageTest::Any,
                MessageTest::Any | MessageTest::Campaign { .. } | MessageTest::Template(_) => {}
            }
        }
        let pattern =
            |error: regex::Error| CompileError::Pattern { rule: campaign.to_owned(), problem: error.to_string() };
        Ok(Self { matcher: Matcher::compile(&test).map_err(pattern)?, is_own })
    }

    /// Whether the event passes the test, for `journey`.
    #[must_use]
    pub fn is_met_by(&self, observed: &Observed<'_>, witness: Witness<'_>, journey: JourneyId) -> bool {
        let is_own = || observed.event.message.as_ref().is_some_and(|message| message.journey == Some(journey));
        (!self.is_own || is_own()) && self.matcher.matches(observed, witness)
    }
}

/// The tests whose passing makes `condition` true, or false where it is not `affirmed`.
fn collect<'r>(condition: &'r Condition, affirmed: bool, tests: &mut Vec<&'r Match>) {
    match condition {
        Condition::Not(part) => collect(part, !affirmed, tests),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, affirmed, tests)),
        Condition::Happened(happened) if affirmed == wants_events(happened) => tests.extend(last(&happened.what)),
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

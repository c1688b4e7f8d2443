//! What a rule set says of one segment and one person, for whoever compares rule sets: who is in, until when if
//! nothing happens, and by what they did.

use super::atom::AtomKey;
use super::compiled::{Engine, Watch};
use super::condition::{Condition, Found, Scene};
use super::matching::{Matcher, Observed, Witness};
use super::step::Subject;
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind};
use crate::model::id::SegmentId;
use crate::model::rule::{self, Match, MessageTest, Phrase, RuleSet, SegmentKind, Target, Verb};
use crate::model::time::Second;

/// A segment of a rule set.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'e> {
    engine: &'e Engine,
    pub id: SegmentId,
    /// None: its members come from outside.
    condition: Option<&'e Condition>,
}

impl Engine {
    /// The segment of this name.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<Standing<'_>> {
        let watched = self.watched.iter().find(|watched| match watched.what {
            Watch::Segment(id) => self.segment_names.get(&id).is_some_and(|found| found == name),
            Watch::Becomes(..) | Watch::Held(_) => false,
        });
        match watched.map(|watched| (watched.what, &watched.condition)) {
            Some((Watch::Segment(id), condition)) => Some(Standing { engine: self, id, condition: Some(condition) }),
            _ => Some(Standing { engine: self, id: self.manual_segment(name)?, condition: None }),
        }
    }

    /// A name for what a segment means, segments that it names included: the same in rule sets in which it means
    /// the same.
    #[must_use]
    pub fn meaning(&self, segment: &str) -> Option<AtomKey> {
        self.meanings.get(segment).copied()
    }

    /// Whether everybody's state under `other` is their state under this rule set: then nobody is folded again.
    #[must_use]
    pub fn keeps_states_of(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl<'e> Standing<'e> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'e str {
        self.engine.segment_names.get(&self.id).map_or("", String::as_str)
    }

    /// The rule set that it is part of.
    #[must_use]
    pub fn rules(&self) -> &'e RuleSet {
        &self.engine.rules
    }

    /// Whether the person is in it.
    #[must_use]
    pub fn holds(&self, subject: &Subject) -> bool {
        subject.state.is_in(self.id)
    }

    /// The first second after `now` at which time alone puts the person in or takes them out.
    #[must_use]
    pub fn next_flip(&self, subject: &Subject, now: Second) -> Option<Second> {
        let calendar = Calendar::of(&self.engine.rules.schema, &subject.person);
        let found = Found::default();
        let (person, state) = (&subject.person, &subject.state);
        let scene = Scene { person, state, scoped: None, recorded: true, calendar, found: &found };
        self.condition?.next_flip(scene, now, self.holds(subject))
    }

    /// The newest of `events` that passes an event test of the segment, or of one that it names.
    #[must_use]
    pub fn newest_match<'h>(&self, subject: &Subject, events: &'h [Event]) -> Option<&'h Event> {
        let mut tests = Vec::new();
        of_segment(self.rules(), self.name(), &mut tests);
        let calendar = Calendar::of(&self.engine.rules.schema, &subject.person);
        let witness = Witness { person: &subject.person, then: calendar, today: calendar, journey: None };
        let tests: Vec<Test> = tests.into_iter().filter_map(Test::compile).collect();
        let passes = |event: &&Event| tests.iter().any(|test| test.passes(event, witness));
        events.iter().filter(passes).max_by_key(|event| event.order())
    }
}

/// An event test, on its own.
enum Test {
    Match(Box<Matcher>),
    Write(String),
}

impl Test {
    fn compile(test: &Match) -> Option<Self> {
        match &test.verb {
            // Decisions are not among what somebody did.
            Verb::Moved(_) => None,
            Verb::Changed(change) => Some(Self::Write(change.name.clone())),
            _ => {
                let mut test = test.clone();
                if let Some(Target { message: message @ MessageTest::It, .. }) = &mut test.target {
                    // Which one it is, only the sequence knows.
                    *message = MessageTest::Any;
                }
                Matcher::compile(&test).ok().map(|matcher| Self::Match(Box::new(matcher)))
            }
        }
    }

    fn passes(&self, event: &Event, witness: Witness<'_>) -> bool {
        match self {
            Self::Match(matcher) => matcher.matches(&Observed::new(event), witness),
            Self::Write(name) => event.kind == Kind::AttributesSet && event.properties.contains_key(name),
        }
    }
}

/// Segments name each other in no circle.
fn of_segment<'r>(rules: &'r RuleSet, name: &str, tests: &mut Vec<&'r Match>) {
    let found = rules.segments.iter().find(|segment| segment.name == name);
    if let Some(SegmentKind::Data(condition)) = found.map(|segment| &segment.kind) {
        of_condition(rules, condition, tests);
    }
}

fn of_condition<'r>(rules: &'r RuleSet, condition: &'r rule::Condition, tests: &mut Vec<&'r Match>) {
    match condition {
        rule::Condition::Not(part) | rule::Condition::HeldFor { condition: part, .. } => {
            of_condition(rules, part, tests);
        }
        rule::Condition::All(parts) | rule::Condition::Any(parts) => {
            parts.iter().for_each(|part| of_condition(rules, part, tests));
        }
        rule::Condition::InSegment(name) => of_segment(rules, name, tests),
        rule::Condition::Happened(happened) => match &happened.what {
            Phrase::One(test) => tests.push(test),
            Phrase::Sequence(sequence) => {
                tests.push(&sequence.first);
                tests.extend(sequence.steps.iter().map(|step| &step.event));
            }
        },
        _ => {}
    }
}

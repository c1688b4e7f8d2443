//! What is known of a person up to an instant, and which of it can matter to a condition.

use crate::dsl::walk;
use crate::engine::naive::Case;
use crate::model::event::{Event, Kind};
use crate::model::person::Person;
use crate::model::rule::{Change, Condition, Counted, Match, MessageTest, Move, Phrase, RuleSet, SegmentKind, Verb};
use crate::model::time::Second;

/// The past of one person.
#[derive(Clone)]
pub struct Past<'a> {
    pub rules: &'a RuleSet,
    /// The person as they were made.
    pub first: &'a Person,
    /// What was taken in, and between it what was decided: all of it stamped up to the instant that is explained.
    pub events: Vec<Event>,
}

impl<'a> Past<'a> {
    /// What is stamped up to `at`, as it is known now: also what arrived later.
    pub fn up_to(at: Second, rules: &'a RuleSet, first: &'a Person, log: &[Event], moves: &[Event]) -> Self {
        let events = log.iter().chain(moves).filter(|event| event.at <= at).cloned().collect();
        Self { rules, first, events }
    }

    /// The definition over this past.
    pub fn case(&self) -> Case<'_> {
        Case::new(self.rules, self.first, &self.events)
    }

    /// The part of it that can matter to `condition`, and how many events one look at its truth looks at, about.
    /// Truth over the part is the same at every instant, and costs as much as there is evidence, not as much as
    /// there are events.
    pub fn about(&self, condition: &Condition) -> (Self, usize) {
        let mut needs = Needs::default();
        needs.collect(condition, self.rules);
        let case = self.case();
        let mut keep: Vec<bool> = self.events.iter().map(|event| needs.kept(&event.kind)).collect();
        let mut begun = 0_usize;
        for tests in &needs.tests {
            let Some((first, rest)) = tests.split_first() else { continue };
            let firsts = self.places(&case, first);
            // Nothing goes on from what has not begun.
            let Some(begins) = firsts.iter().filter_map(|place| self.events.get(*place)).map(Event::order).min() else {
                continue;
            };
            if !rest.is_empty() {
                begun = begun.saturating_add(firsts.len());
            }
            let rest = rest.iter().flat_map(|test| self.places(&case, test));
            let later = rest.filter(|place| self.events.get(*place).is_some_and(|event| event.order() > begins));
            for place in firsts.iter().copied().chain(later) {
                if let Some(kept) = keep.get_mut(place) {
                    *kept = true;
                }
            }
        }
        let kept = self.events.iter().zip(keep).filter(|(_, keep)| *keep);
        let part = Self { events: kept.map(|(event, _)| event.clone()).collect(), ..*self };
        let events = part.events.len() + 1;
        let deep = if needs.runs { events } else { begun + 1 };
        let work = events.saturating_mul(deep);
        (part, work)
    }

    /// Where the events stand that `test` means.
    fn places(&self, case: &Case<'_>, test: &Match) -> Vec<usize> {
        let found = case.completions(&Phrase::One(Box::new(test.clone())), Second(i64::MAX));
        let mut found =
            found.into_iter().map(|one| std::ptr::from_ref(one.event)).collect::<std::collections::HashSet<_>>();
        let places = self.events.iter().enumerate();
        places.filter(|(_, event)| found.remove(&std::ptr::from_ref(*event))).map(|(place, _)| place).collect()
    }
}

/// What conditions look at.
#[derive(Default)]
struct Needs {
    /// Of a sequence all of its steps, else one.
    tests: Vec<Vec<Match>>,
    /// Runs of seconds are looked at one by one.
    runs: bool,
    messages: bool,
    manual: Vec<String>,
    campaigns: Vec<String>,
}

impl Needs {
    fn collect(&mut self, condition: &Condition, rules: &RuleSet) {
        match condition {
            Condition::Not(part) => self.collect(part, rules),
            Condition::HeldFor { condition: part, .. } => {
                self.runs = true;
                self.collect(part, rules);
            }
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.collect(part, rules)),
            Condition::InSegment(name) => {
                let segment = rules.segments.iter().find(|segment| segment.name == *name);
                match segment.map(|segment| &segment.kind) {
                    // Segments name each other in no circle.
                    Some(SegmentKind::Data(condition)) => self.collect(condition, rules),
                    Some(SegmentKind::Manual) => self.manual.push(name.clone()),
                    None => {}
                }
            }
            Condition::InCampaign(name) => self.campaigns.push(name.clone()),
            Condition::ServiceWindow => self.messages = true,
            Condition::Happened(happened) => match (&happened.what, &happened.counted) {
                (Phrase::One(test), Counted::Newest) => self.tests.push(vec![of_its_kind(test)]),
                (what, _) => self.tests.push(walk::events(what).into_iter().map(loosened).collect()),
            },
            Condition::Everyone
            | Condition::Attribute(_)
            | Condition::InSample { .. }
            | Condition::LocalTime { .. }
            | Condition::LocalDay(_)
            | Condition::KnownFor(_) => {}
        }
    }

    /// Whether an event of this kind is kept whatever it says.
    fn kept(&self, kind: &Kind) -> bool {
        match kind {
            // They say who the person was.
            Kind::AttributesSet => true,
            Kind::Inbound => self.messages,
            Kind::SegmentJoined(name) | Kind::SegmentLeft(name) => self.manual.contains(name),
            Kind::Moved(Move::EnteredCampaign(name) | Move::LeftCampaign(name)) => self.campaigns.contains(name),
            _ => false,
        }
    }
}

/// The test without what depends on where it stands and when it is asked.
pub fn loosened(test: &Match) -> Match {
    let target = test.target.clone();
    let target = target.filter(|target| !matches!(target.message, MessageTest::It | MessageTest::Step(_)));
    Match { target, in_time: None, ..test.clone() }
}

/// What the newest is looked for among, or more.
fn of_its_kind(test: &Match) -> Match {
    Match { via: test.via, ..Match::any(bare(&test.verb)) }
}

/// The verb without values that are tested.
pub fn bare(verb: &Verb) -> Verb {
    match verb {
        Verb::Changed(change) => Verb::Changed(Box::new(Change { from: None, to: None, ..(**change).clone() })),
        verb => verb.clone(),
    }
}

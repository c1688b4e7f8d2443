//! What an occurrence of a schedule means to one person, and how the people of a schedule are found without
//! looking at everybody.

use super::compile::CompileError;
use super::compiled::Engine;
use super::condition::Condition;
use super::run::Run;
use super::trigger::Start;
use crate::model::compare::Comparison;
use crate::model::id::JourneyId;
use crate::model::lookup::{Lookup, ValueKey};
use crate::model::person::Person;
use crate::model::rule::{self, Task, Trigger};
use crate::model::sample;
use crate::model::time::{Second, Span};
use crate::model::transition::Cause;
use crate::model::value::{Type, Value};

/// A schedule with `for_each`, ready.
#[derive(Debug)]
pub struct Schedule {
    pub for_each: Condition,
    /// The campaigns that name it, by place.
    pub campaigns: Vec<u32>,
    pub spread: Span,
    /// Everybody the condition can be true of is found by one of these.
    pub lookups: Vec<Lookup>,
}

impl super::compile::Builder<'_> {
    /// Compiles `schedule`, if it starts anything.
    pub(super) fn schedule(
        &mut self,
        schedule: &rule::Schedule,
        campaigns: &[rule::Campaign],
    ) -> Result<Option<Schedule>, CompileError> {
        let Task::ForEach(rule) = &schedule.task else { return Ok(None) };
        let named =
            |campaign: &rule::Campaign| matches!(&campaign.trigger, Trigger::Schedule(name) if *name == schedule.name);
        let campaigns: Vec<u32> =
            (0..).zip(campaigns).filter(|(_, campaign)| named(campaign)).map(|(place, _)| place).collect();
        if campaigns.is_empty() {
            return Ok(None);
        }
        let for_each = self.condition(rule)?;
        let lookups = lookups(&for_each).unwrap_or_default();
        Ok(Some(Schedule { for_each, campaigns, spread: schedule.spread, lookups }))
    }
}

/// The shortest list of ways that leads to everybody of whom `condition` is true; none where it names nothing to
/// look up.
fn lookups(condition: &Condition) -> Option<Vec<Lookup>> {
    match condition {
        Condition::Member(segment, _) => Some(vec![Lookup::Members(*segment)]),
        Condition::Attribute(test) => {
            let (ty, values) = indexed(test)?;
            Some(values.iter().map(|value| Lookup::Holders(ValueKey::of(&test.name, ty, value))).collect())
        }
        Condition::All(parts) => parts.iter().filter_map(lookups).min_by_key(Vec::len),
        Condition::Any(parts) => {
            let all: Option<Vec<Vec<Lookup>>> = parts.iter().map(lookups).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// A test that picks out some values of a declared attribute.
fn indexed(test: &Comparison) -> Option<(Type, &[Value])> {
    test.ty.filter(|ty| *ty != Type::Boolean).and_then(|_| test.equals())
}

/// The attributes that schedules look people up by.
pub fn indexed_names(condition: &Condition, names: &mut Vec<(String, Type)>) {
    match condition {
        Condition::Attribute(test) => {
            if let Some((ty, _)) = indexed(test).filter(|(ty, _)| !names.contains(&(test.name.clone(), *ty))) {
                names.push((test.name.clone(), ty));
            }
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| indexed_names(part, names)),
        _ => {}
    }
}

impl Engine {
    /// Where the people of a schedule are found. None: it starts nothing.
    #[must_use]
    pub fn lookups(&self, schedule: &str) -> Option<&[Lookup]> {
        self.schedules.get(schedule).map(|schedule| schedule.lookups.as_slice())
    }

    /// The journeys that an occurrence of a schedule can begin for somebody: each at most once.
    pub fn journeys_of(&self, schedule: &str, person: &Person, instant: Second) -> Vec<JourneyId> {
        let campaigns = self.schedules.get(schedule).map(|schedule| schedule.campaigns.as_slice());
        let rules = campaigns.unwrap_or_default().iter().filter_map(|place| self.campaign(*place));
        rules.map(|(_, rule)| JourneyId::of_occurrence(&rule.name, person.cio_id, instant)).collect()
    }

    /// The values of somebody by which schedules look people up.
    #[must_use]
    pub fn value_keys(&self, person: &Person) -> Vec<ValueKey> {
        let key = |(name, ty): &(String, Type)| {
            let stored = person.value(name)?;
            Value::read(&stored, *ty).map(|value| ValueKey::of(name, *ty, &value))
        };
        self.indexed.iter().filter_map(key).collect()
    }

    /// Whether schedules look people up by values.
    #[must_use]
    pub fn has_value_keys(&self) -> bool {
        !self.indexed.is_empty()
    }
}

impl Run<'_> {
    /// How far behind an occurrence the person's own place lies: always the same within a spread.
    fn place_within(&self, name: &str, spread: Span) -> Span {
        let place = u128::from(sample::place(name, self.subject.person.cio_id));
        let length = u128::try_from(spread.0).unwrap_or(0);
        Span(i64::try_from((place * length) >> 64).unwrap_or(0))
    }

    /// Lets `schedule` come round for the person: its occurrence is that of `instant`, and evaluated now.
    pub fn occur(&mut self, schedule: &str, instant: Second) {
        let engine = self.engine;
        let Some(found) = engine.schedules.get(schedule) else { return };
        if !found.for_each.truth(self.scene_now(), self.at) {
            return;
        }
        let cause = Cause::Occurrence(instant);
        let begins = instant.plus(self.place_within(schedule, found.spread));
        let starts: Vec<Start> =
            found.campaigns.iter().map(|place| Start { begins, ..Start::new(*place, cause) }).collect();
        self.start_all(&starts, None, 0);
        self.go_on();
        self.arm(false);
    }
}

//! What an occurrence of a schedule means to one person, and how the people of a schedule are found without
//! looking at everybody. Publication is an occurrence too, for campaigns that start who matches already.

use sha2::{Digest, Sha256};

use super::compile::CompileError;
use super::compiled::Engine;
use super::condition::Condition;
use super::run::Run;
use super::trigger::Start;
use crate::model::compare::Comparison;
use crate::model::id::JourneyId;
use crate::model::lookup::{Lookup, ValueKey};
use crate::model::person::Person;
use crate::model::rule::{self, CampaignState, OnDeploy, Task, Trigger};
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
    /// How many people a campaign starts for who match already when it is published, if any.
    #[must_use]
    pub fn starts_matching(&self, campaign: &str) -> Option<u32> {
        let (_, rule) = self.campaign_named(campaign)?;
        match (&rule.trigger, rule.on_deploy, rule.state) {
            (Trigger::Becomes(_), OnDeploy::Matching { at_most }, CampaignState::Live) => Some(at_most),
            _ => None,
        }
    }

    /// The campaigns that start for who matches already, each with a text that changes with who that is.
    pub fn deployments(&self) -> impl Iterator<Item = (&str, String)> {
        let rules = self.rules.campaigns.iter().filter(|rule| self.starts_matching(&rule.name).is_some());
        rules.map(|rule| {
            let bytes =
                postcard::to_stdvec(&(&rule.trigger, &rule.filter)).expect("rules are plain data of known length");
            let digest = Sha256::digest(&bytes).iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
            (rule.name.as_str(), format!("{digest:016x}"))
        })
    }

    /// Where the people of a schedule are found. None: it starts nothing.
    #[must_use]
    pub fn lookups(&self, schedule: &str) -> Option<&[Lookup]> {
        self.schedules.get(schedule).map(|schedule| schedule.lookups.as_slice())
    }

    /// The campaigns that a schedule starts.
    pub fn started_by(&self, schedule: &str) -> impl Iterator<Item = &str> {
        let campaigns = self.schedules.get(schedule).map(|schedule| schedule.campaigns.as_slice());
        let rules = campaigns.unwrap_or_default().iter().filter_map(|place| self.campaign(*place));
        rules.map(|(_, rule)| rule.name.as_str())
    }

    /// The journeys that an occurrence of a schedule can begin for somebody: each at most once.
    pub fn journeys_of(&self, schedule: &str, person: &Person, instant: Second) -> Vec<JourneyId> {
        self.started_by(schedule).map(|name| JourneyId::of_occurrence(name, person.cio_id, instant)).collect()
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

    /// Starts `campaign` for the person, if they match already.
    pub fn deploy(&mut self, campaign: &str) {
        let engine = self.engine;
        let Some(place) = engine.campaign_by_name.get(campaign).copied() else { return };
        let id = engine.campaign(place).map(|(campaign, _)| campaign.id);
        if id.is_some_and(|id| self.subject.state.is_risen(id)) {
            let since = self.versions.since;
            let journey = Some(JourneyId::of_occurrence(campaign, self.subject.person.cio_id, since));
            self.start_all(&[Start { journey, ..Start::new(place, Cause::Rules) }], None, 0);
            self.go_on();
            self.arm(false);
        }
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
        let cio_id = self.subject.person.cio_id;
        let starts = found.campaigns.iter().filter_map(|place| {
            let (_, rule) = engine.campaign(*place)?;
            let journey = Some(JourneyId::of_occurrence(&rule.name, cio_id, instant));
            Some(Start { begins, journey, ..Start::new(*place, cause) })
        });
        let starts: Vec<Start> = starts.collect();
        self.start_all(&starts, None, 0);
        self.go_on();
        self.arm(false);
    }
}

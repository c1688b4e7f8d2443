//! What all tests of a rule set are played with: the engine, and the numbers of the rules' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::environment;
use crate::engine::{Catalogue, CompileError, Engine, Versions};
use crate::model::cadence::Cadence;
use crate::model::calendar::Calendar;
use crate::model::id::{CampaignId, InstallationKey, RulesVersion, SegmentId};
use crate::model::person::Person;
use crate::model::phone::Region;
use crate::model::rule::{CampaignState, RuleSet, Schedule, ScheduleZone, Task};
use crate::model::time::{Second, Span};
use crate::resolve::consent::Words;

/// Keys of events in tests are nobody's secret.
pub(super) const KEY: InstallationKey = InstallationKey([0; 32]);

/// A rule set, ready for tests. Drafts act as if they were live.
#[derive(Debug)]
pub struct Stage {
    pub(super) versions: Versions,
    pub(super) words: Words,
    pub(super) region: Region,
    segments: BTreeMap<String, SegmentId>,
    /// The schedules that start something, by name.
    schedules: Vec<Timetable>,
}

/// When a schedule comes round.
#[derive(Debug)]
struct Timetable {
    name: String,
    cadence: Cadence,
    zone: ScheduleZone,
}

impl Stage {
    /// Makes `rules` ready.
    ///
    /// # Errors
    /// What stands in the way of running them. Rules that passed the checker have nothing of the kind.
    pub fn new(rules: &RuleSet) -> Result<Self, CompileError> {
        let mut rules = rules.clone();
        for campaign in &mut rules.campaigns {
            if campaign.state == CampaignState::Draft {
                campaign.state = CampaignState::Live;
            }
        }
        let names = |names: Vec<&String>| names.into_iter().cloned().zip(1..).collect::<Vec<(String, u32)>>();
        let segments = names(rules.segments.iter().map(|segment| &segment.name).collect());
        let campaigns = names(rules.campaigns.iter().map(|campaign| &campaign.name).collect());
        let segments: BTreeMap<_, _> = segments.into_iter().map(|(name, n)| (name, SegmentId(n))).collect();
        let catalogue = Catalogue {
            segments: segments.clone(),
            campaigns: campaigns.into_iter().map(|(name, n)| (name, CampaignId(n))).collect(),
            env: environment(&rules),
        };
        let words = Words::of(&rules.schema);
        let region = Region::read(&rules.schema.phone_region).unwrap_or_default();
        let schedules = rules.schedules.iter().filter_map(Timetable::of).collect();
        let engine = Engine::compile(Arc::new(rules), RulesVersion(1), &catalogue)?;
        Ok(Self { versions: Versions::new(Arc::new(engine), Second(0)), words, region, segments, schedules })
    }

    /// The rules, drafts as live ones.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        self.versions.active.rules()
    }

    /// The number of a segment.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<SegmentId> {
        self.segments.get(name).copied()
    }

    /// The occurrence that comes next for somebody: the first behind `last`, which is the second and the number of
    /// the schedule that came round before. Several of one second come in the order of their names.
    pub(super) fn next_occurrence(&self, person: &Person, last: (Second, usize)) -> Option<(Second, usize)> {
        let own = Calendar::of(&self.rules().schema, person).zone;
        let next = self.schedules.iter().enumerate().filter_map(|(number, schedule)| {
            // Those behind the last one can come round in the same second.
            let after = if number > last.1 { last.0.minus(Span(1)) } else { last.0 };
            let zone = match schedule.zone {
                ScheduleZone::Person => own,
                ScheduleZone::Fixed(zone) => zone,
            };
            Some((schedule.cadence.next(after, zone)?, number))
        });
        next.min()
    }

    /// The name of a schedule, by its number.
    pub(super) fn schedule(&self, number: usize) -> &str {
        self.schedules.get(number).map_or("", |schedule| schedule.name.as_str())
    }

    /// Every segment with its number, by name.
    pub(super) fn segments(&self) -> impl Iterator<Item = (&str, SegmentId)> {
        self.segments.iter().map(|(name, id)| (name.as_str(), *id))
    }
}

impl Timetable {
    fn of(schedule: &Schedule) -> Option<Self> {
        let Task::ForEach(_) = schedule.task else { return None };
        // What is no cadence has been complained of where it was read.
        let cadence = Cadence::parse(&schedule.cron).ok()?;
        Some(Self { name: schedule.name.clone(), cadence, zone: schedule.time_zone })
    }
}

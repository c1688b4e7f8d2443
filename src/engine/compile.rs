//! From rules to an engine: names become numbers, event phrases atoms, conditions come into dependency
//! order. All or nothing.

pub(super) mod atoms;
mod filing;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::atom::{Atom, AtomKey};
use super::attribute::AttributeRoutes;
use super::compiled::{Campaign, Engine, ScopedAtoms, Uses, Watch, Watched};
use super::condition::{Condition, Found, Scene};
use super::evidence::Awaited;
use super::expression::Value;
use super::matching::Matcher;
use super::program::Program;
use super::route::Router;
use super::schedule::{Schedule, indexed_names};
use super::state::State;
use crate::model::calendar::Calendar;
use crate::model::id::{CampaignId, RulesVersion, SegmentId};
use crate::model::person::Person;
use crate::model::rule::{self, Condition as Rule, Phrase, RuleSet, Schema, Segment, SegmentKind, Trigger};
use crate::model::time::{Second, Span};
use crate::model::value::Properties;

/// What rules mean outside of themselves: the stable numbers of their names, and values of the settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    pub segments: BTreeMap<String, SegmentId>,
    pub campaigns: BTreeMap<String, CampaignId>,
    /// What rules reach as `env.…`.
    pub env: Properties,
}

/// Why a rule set cannot run. A rule set that passed the checker gives none of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// A name without a number.
    Unnumbered { name: String },
    /// A segment that does not exist, or stands behind the rule that names it.
    UnknownSegment { rule: String, segment: String },
    /// A sequence of which more is asked than whether it happened.
    CountedSequence { rule: String },
    /// A pattern that does not compile.
    Pattern { rule: String, problem: String },
    /// A step whose text or path cannot be read.
    Step { campaign: String, step: String, problem: String },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnumbered { name } => write!(f, "`{name}` has no number"),
            Self::UnknownSegment { rule, segment } => {
                write!(f, "`{rule}` names segment `{segment}`, which is not there")
            }
            Self::CountedSequence { rule } => write!(f, "`{rule}` counts a sequence"),
            Self::Pattern { rule, problem } => write!(f, "a pattern of `{rule}` does not compile: {problem}"),
            Self::Step { campaign, step, problem } => write!(f, "step `{step}` of campaign `{campaign}`: {problem}"),
        }
    }
}

impl std::error::Error for CompileError {}

impl Engine {
    /// Makes `rules` ready to run as version `version`.
    ///
    /// # Errors
    /// The first thing that stands in the way. Nothing of the rule set runs then.
    pub fn compile(rules: Arc<RuleSet>, version: RulesVersion, catalogue: &Catalogue) -> Result<Self, CompileError> {
        let mut builder = Builder::new(catalogue, &rules.schema);
        for segment in &rules.segments {
            builder.segment(segment)?;
        }
        for (place, campaign) in (0..).zip(&rules.campaigns) {
            builder.campaign(place, campaign)?;
        }
        for schedule in &rules.schedules {
            builder.rule.clone_from(&schedule.name);
            if let Some(compiled) = builder.schedule(schedule, &rules.campaigns)? {
                builder.schedules.insert(schedule.name.clone(), compiled);
            }
        }
        builder.finish(rules, version)
    }
}

pub(super) struct Builder<'a> {
    catalogue: &'a Catalogue,
    /// The rule being read, for errors.
    rule: String,
    atoms: Vec<Atom>,
    atom_by_key: FxHashMap<AtomKey, u32>,
    matchers: Vec<Matcher>,
    matcher_by_key: FxHashMap<AtomKey, u32>,
    uses: Vec<Uses>,
    router: Router,
    watched: Vec<Watched>,
    dependents: FxHashMap<SegmentId, Vec<u32>>,
    attributes: AttributeRoutes,
    known_for: Vec<(Span, u32)>,
    segments: BTreeMap<String, SegmentId>,
    manual: BTreeMap<String, SegmentId>,
    /// The conditions of the segments read so far.
    meanings: FxHashMap<SegmentId, Arc<Condition>>,
    /// By segment: a hash of what it means.
    digests: FxHashMap<String, AtomKey>,
    lists: Lists,
    campaigns: Vec<Campaign>,
    schedules: FxHashMap<String, Schedule>,
    /// What the journeys of the campaign being read remember by themselves.
    scoped: ScopedAtoms,
    /// How days lie for whom nothing else is known: part of the name of what depends on it.
    zone: (String, Option<String>, u32),
}

/// Watched conditions by what can change them, where the atoms do not say it.
#[derive(Default)]
struct Lists {
    sampled: Vec<u32>,
    clocks: Vec<u32>,
    service_window: Vec<u32>,
    running: FxHashMap<String, Vec<u32>>,
    local: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn new(catalogue: &'a Catalogue, schema: &Schema) -> Self {
        Self {
            catalogue,
            rule: String::new(),
            atoms: Vec::new(),
            atom_by_key: FxHashMap::default(),
            matchers: Vec::new(),
            matcher_by_key: FxHashMap::default(),
            uses: Vec::new(),
            router: Router::default(),
            watched: Vec::new(),
            dependents: FxHashMap::default(),
            attributes: AttributeRoutes::default(),
            known_for: Vec::new(),
            segments: BTreeMap::new(),
            manual: BTreeMap::new(),
            meanings: FxHashMap::default(),
            digests: FxHashMap::default(),
            lists: Lists::default(),
            campaigns: Vec::new(),
            schedules: FxHashMap::default(),
            scoped: ScopedAtoms::default(),
            zone: (
                schema.time_zone.clone(),
                schema.person_time_zone.clone(),
                schema.week_starts.num_days_from_monday(),
            ),
        }
    }

    fn segment(&mut self, segment: &Segment) -> Result<(), CompileError> {
        self.rule.clone_from(&segment.name);
        let id = number(&self.catalogue.segments, &segment.name)?;
        if let SegmentKind::Data(rule) = &segment.kind {
            let condition = Arc::new(self.condition(rule)?);
            let meaning = self.digest(rule);
            self.digests.insert(segment.name.clone(), meaning);
            self.meanings.insert(id, Arc::clone(&condition));
            self.watch(condition, Watch::Segment(id), meaning);
        }
        if segment.kind == SegmentKind::Manual {
            self.manual.insert(segment.name.clone(), id);
            self.digests.insert(segment.name.clone(), AtomKey::of(&("manual", &segment.name)));
        }
        // Only now: a segment cannot name itself.
        self.segments.insert(segment.name.clone(), id);
        Ok(())
    }

    fn campaign(&mut self, place: u32, campaign: &rule::Campaign) -> Result<(), CompileError> {
        self.rule.clone_from(&campaign.name);
        self.scoped = ScopedAtoms::default();
        let id = number(&self.catalogue.campaigns, &campaign.name)?;
        self.trigger(place, id, &campaign.trigger)?;
        let filter = campaign.filter.as_ref().map(|rule| self.condition(rule)).transpose()?;
        let key = campaign.key.clone().map(rule::Expression::Path);
        let key = key.as_ref().map(Value::compile).transpose();
        let key = key.map_err(|problem| CompileError::Step {
            campaign: campaign.name.clone(),
            step: "key".to_owned(),
            problem,
        })?;
        let exit = campaign.exit.as_ref().map(|rule| self.condition(rule)).transpose()?;
        let mut goal = None;
        if let Some(rule) = &campaign.goal {
            let condition = self.condition(&rule.condition)?;
            goal = Some(Awaited::compile(&rule.condition, condition, &campaign.name)?);
        }
        let program = Program::compile(campaign, &mut |rule| self.condition(rule))?;
        let scoped = std::mem::take(&mut self.scoped);
        self.campaigns.push(Campaign { id, filter, key, exit, goal, program, scoped });
        Ok(())
    }

    fn trigger(&mut self, place: u32, id: CampaignId, trigger: &Trigger) -> Result<(), CompileError> {
        match trigger {
            Trigger::Event(Phrase::One(rule)) => {
                let matcher = self.matcher(rule)?;
                self.uses_of(matcher).triggers.push(place);
            }
            Trigger::Event(phrase @ Phrase::Sequence(_)) => {
                let atom = self.sequence(phrase, true)?;
                self.atom_mut(atom).triggers.push(place);
            }
            Trigger::Becomes(rule) => {
                let condition = Arc::new(self.condition(rule)?);
                let meaning = self.digest(rule);
                self.watch(condition, Watch::Becomes(place, id), meaning);
            }
            // Nothing that happens to the person starts these.
            Trigger::Schedule(_) | Trigger::Api => {}
        }
        Ok(())
    }

    /// Resolves the names and atoms of a condition.
    pub(super) fn condition(&mut self, rule: &Rule) -> Result<Condition, CompileError> {
        Ok(match rule {
            Rule::Everyone => Condition::Everyone,
            Rule::Not(part) => Condition::Not(Box::new(self.condition(part)?)),
            Rule::All(parts) => Condition::All(self.conditions(parts)?),
            Rule::Any(parts) => Condition::Any(self.conditions(parts)?),
            Rule::Attribute(test) => Condition::Attribute(test.clone()),
            Rule::InSegment(name) => {
                let id = *self
                    .segments
                    .get(name)
                    .ok_or_else(|| CompileError::UnknownSegment { rule: self.rule.clone(), segment: name.clone() })?;
                Condition::Member(id, self.meanings.get(&id).cloned())
            }
            Rule::InCampaign(name) => Condition::Running(name.clone()),
            Rule::InSample { name, share } => Condition::Sample { name: name.clone(), share: *share },
            Rule::ServiceWindow => Condition::ServiceWindow,
            Rule::LocalTime { from, to } => Condition::LocalTime { from: *from, to: *to },
            Rule::LocalDay(days) => Condition::LocalDay(days.clone()),
            Rule::KnownFor(span) => Condition::KnownFor(*span),
            Rule::HeldFor { condition, span } => {
                let (atom, condition) = self.held(condition)?;
                Condition::HeldFor { atom, condition, span: *span }
            }
            Rule::Happened(happened) => self.happened(happened)?,
        })
    }

    fn conditions(&mut self, parts: &[Rule]) -> Result<Vec<Condition>, CompileError> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn finish(mut self, rules: Arc<RuleSet>, version: RulesVersion) -> Result<Engine, CompileError> {
        self.router.finish().map_err(|problem| CompileError::Pattern { rule: "the rule set".to_owned(), problem })?;
        self.births();
        self.known_for.sort_unstable_by_key(|(span, place)| (std::cmp::Reverse(*span), *place));
        let fingerprint = self.fingerprint(&rules);
        let watched = || (0..).zip(&self.watched);
        let born = watched().filter(|(_, watched)| watched.at_birth).map(|(place, _)| place).collect();
        let held = watched().filter(|(_, watched)| matches!(watched.what, Watch::Held(_)));
        let held = held.map(|(place, _)| place).collect();
        let mut indexed = Vec::new();
        self.schedules.values().for_each(|schedule| indexed_names(&schedule.for_each, &mut indexed));
        let campaign_by_name = rules.campaigns.iter().map(|rule| rule.name.clone()).zip(0..).collect();
        let absences = (0..).zip(&self.atoms).filter(|(_, atom)| atom.chain().is_some_and(|c| c.absent.is_some()));
        let absences = absences.map(|(place, _)| place).collect();
        let Lists { sampled, clocks, service_window, running, local } = self.lists;
        Ok(Engine {
            version,
            fingerprint,
            rules,
            env: self.catalogue.env.clone(),
            atoms: self.atoms,
            atom_by_key: self.atom_by_key,
            matchers: self.matchers,
            uses: self.uses,
            router: self.router,
            watched: self.watched,
            born,
            dependents: self.dependents,
            attributes: self.attributes,
            known_for: self.known_for,
            sampled,
            clocks,
            service_window,
            running,
            local,
            held,
            absences,
            segments: self.segments.values().copied().collect(),
            meanings: self
                .digests
                .iter()
                .map(|(name, digest)| (name.clone(), AtomKey::of(&(digest, &self.zone))))
                .collect(),
            segment_names: self.segments.into_iter().map(|(name, id)| (id, name)).collect(),
            manual: self.manual,
            campaigns: self.campaigns,
            campaign_by_name,
            zone: AtomKey::of(&self.zone),
            amendments: Mutex::default(),
            indexed,
            schedules: self.schedules,
        })
    }

    /// What holds of somebody new, so that a birth looks at nothing else.
    fn births(&mut self) {
        let (nobody, mut state) = (Person::nobody(), State::default());
        for watched in &mut self.watched {
            let scene = Scene {
                person: &nobody,
                state: &state,
                scoped: None,
                recorded: true,
                found: &Found::default(),
                calendar: Calendar::default(),
            };
            watched.at_birth = watched.condition.truth(scene, Second(0));
            if let Watch::Segment(segment) = watched.what {
                state.set_member(segment, watched.at_birth, Second(0));
            }
        }
    }

    /// A hash of everything that a state depends on: not of titles, texts and steps.
    fn fingerprint(&self, rules: &RuleSet) -> u64 {
        let segments: Vec<_> = rules.segments.iter().map(|segment| (&segment.name, &segment.kind)).collect();
        let becomes = rules.campaigns.iter().zip(&self.campaigns).filter_map(|(rule, campaign)| match &rule.trigger {
            Trigger::Becomes(condition) => Some((campaign.id, condition)),
            Trigger::Event(_) | Trigger::Schedule(_) | Trigger::Api => None,
        });
        // What journeys remember by themselves is theirs.
        let atoms = self.atoms.iter().filter(|atom| !atom.scoped);
        let mut atoms: Vec<_> = atoms.map(|atom| (atom.key, atom.keep, atom.keep_all, atom.back)).collect();
        atoms.sort_unstable();
        let what = (&self.segments, segments, becomes.collect::<Vec<_>>(), atoms, &self.zone);
        let bytes = postcard::to_stdvec(&what).expect("rules are plain data of known length");
        Sha256::digest(&bytes).iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
    }
}

fn number<T: Copy>(numbers: &BTreeMap<String, T>, name: &str) -> Result<T, CompileError> {
    numbers.get(name).copied().ok_or_else(|| CompileError::Unnumbered { name: name.to_owned() })
}

fn next<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("the bounds on rule files keep their parts far below four billion")
}

/// Conditions are filed in order, so one that is there already is the last.
fn push_once(list: &mut Vec<u32>, place: u32) {
    if list.last() != Some(&place) {
        list.push(place);
    }
}

//! From rules to an engine: names become numbers, event phrases atoms, conditions come into dependency
//! order. All or nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::atom::{self, Atom, AtomKey, Form};
use super::attribute::AttributeRoutes;
use super::compiled::{Campaign, Engine, Uses, Watch, Watched};
use super::condition::{Condition, Scene};
use super::expression::Value;
use super::matching::Matcher;
use super::program::Program;
use super::route::Router;
use super::state::State;
use crate::model::id::{CampaignId, RulesVersion, SegmentId};
use crate::model::person::Person;
use crate::model::rule::{
    self, CampaignState, Condition as Rule, Counted, Happened, Match, Phrase, RuleSet, Segment, SegmentKind, Then,
    Trigger, Window,
};
use crate::model::time::{Length, Second, Span};
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
    /// Something that this version does not run.
    NotYet { rule: String },
    /// A sequence counted beyond once.
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
            Self::NotYet { rule } => write!(f, "this version does not run `{rule}`"),
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
        let mut builder = Builder::new(catalogue);
        for segment in &rules.segments {
            builder.segment(segment)?;
        }
        for (place, campaign) in (0..).zip(&rules.campaigns) {
            builder.campaign(place, campaign)?;
        }
        builder.finish(rules, version)
    }
}

struct Builder<'a> {
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
    campaigns: Vec<Campaign>,
}

impl<'a> Builder<'a> {
    fn new(catalogue: &'a Catalogue) -> Self {
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
            campaigns: Vec::new(),
        }
    }

    fn segment(&mut self, segment: &Segment) -> Result<(), CompileError> {
        self.rule.clone_from(&segment.name);
        let id = number(&self.catalogue.segments, &segment.name)?;
        if let SegmentKind::Data(rule) = &segment.kind {
            let condition = Arc::new(self.condition(rule)?);
            self.meanings.insert(id, Arc::clone(&condition));
            self.watch(condition, Watch::Segment(id));
        }
        if segment.kind == SegmentKind::Manual {
            self.manual.insert(segment.name.clone(), id);
        }
        // Only now: a segment cannot name itself.
        self.segments.insert(segment.name.clone(), id);
        Ok(())
    }

    fn campaign(&mut self, place: u32, campaign: &rule::Campaign) -> Result<(), CompileError> {
        self.rule.clone_from(&campaign.name);
        let id = number(&self.catalogue.campaigns, &campaign.name)?;
        match self.trigger(place, id, &campaign.trigger) {
            // A draft may be started by what this version does not run, and then by nothing.
            Err(CompileError::NotYet { .. }) if campaign.state == CampaignState::Draft => {}
            started => started?,
        }
        let filter = campaign.filter.as_ref().map(|rule| self.condition(rule)).transpose()?;
        let key = campaign.key.clone().map(rule::Expression::Path);
        let key = key.as_ref().map(Value::compile).transpose();
        let key = key.map_err(|problem| CompileError::Step {
            campaign: campaign.name.clone(),
            step: "key".to_owned(),
            problem,
        })?;
        let exit = campaign.exit.as_ref().map(|rule| self.condition(rule)).transpose()?;
        let goal = campaign.goal.as_ref().map(|goal| self.condition(&goal.condition)).transpose()?;
        let program = Program::compile(campaign, &mut |rule| self.condition(rule))?;
        self.campaigns.push(Campaign { id, filter, key, exit, goal, program });
        Ok(())
    }

    fn trigger(&mut self, place: u32, id: CampaignId, trigger: &Trigger) -> Result<(), CompileError> {
        match trigger {
            Trigger::Event(Phrase::One(rule)) => {
                let matcher = self.matcher(rule)?;
                self.uses_of(matcher).triggers.push(place);
            }
            Trigger::Event(phrase @ Phrase::Sequence(_)) => {
                let key = self.atom(phrase, Form::Follows, 1)?;
                self.atom_mut(key).triggers.push(place);
            }
            Trigger::Becomes(rule) => {
                let condition = Arc::new(self.condition(rule)?);
                self.watch(condition, Watch::Becomes(place, id));
            }
            Trigger::Schedule(_) | Trigger::Api => return Err(self.not_yet()),
        }
        Ok(())
    }

    /// Resolves the names and atoms of a condition.
    fn condition(&mut self, rule: &Rule) -> Result<Condition, CompileError> {
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
            Rule::KnownFor(span) => Condition::KnownFor(*span),
            Rule::Happened(happened) => self.happened(happened)?,
            _ => return Err(self.not_yet()),
        })
    }

    fn not_yet(&self) -> CompileError {
        CompileError::NotYet { rule: self.rule.clone() }
    }

    fn conditions(&mut self, parts: &[Rule]) -> Result<Vec<Condition>, CompileError> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn happened(&mut self, happened: &Happened) -> Result<Condition, CompileError> {
        let Happened { what, counted: Counted::Times(times), window } = happened else { return Err(self.not_yet()) };
        if !matches!(window, Window::Ever | Window::Last(Length::Elapsed(_))) {
            return Err(self.not_yet());
        }
        if matches!(what, Phrase::Sequence(_)) && times.enough() > 1 {
            return Err(CompileError::CountedSequence { rule: self.rule.clone() });
        }
        let atom = self.atom(what, atom::form(what, *times, *window), times.enough().max(1))?;
        Ok(Condition::Happened { atom, times: *times, window: *window })
    }

    fn atom(&mut self, what: &Phrase, form: Form, keep: u32) -> Result<AtomKey, CompileError> {
        let key = atom::key(what, form);
        if self.atom_by_key.contains_key(&key) {
            let atom = self.atom_mut(key);
            atom.keep = atom.keep.max(keep);
            return Ok(key);
        }
        let (first, then, within) = match what {
            Phrase::One(rule) => (self.matcher(rule)?, None, Span(0)),
            Phrase::Sequence(two) => match two.steps.as_slice() {
                [Then { not: false, event, same: None, within: Some(Length::Elapsed(within)) }] => {
                    (self.matcher(&two.first)?, Some(self.matcher(event)?), *within)
                }
                _ => return Err(self.not_yet()),
            },
        };
        let place = next(&self.atoms);
        for matcher in [Some(first), then].into_iter().flatten() {
            let uses = self.uses_of(matcher);
            if uses.atoms.last() != Some(&place) {
                uses.atoms.push(place);
            }
        }
        let (conditions, timed, triggers) = (Vec::new(), Vec::new(), Vec::new());
        self.atoms.push(Atom { key, form, keep, within, first, then, conditions, timed, triggers });
        self.atom_by_key.insert(key, place);
        Ok(key)
    }

    fn atom_mut(&mut self, key: AtomKey) -> &mut Atom {
        let place = self.atom_by_key.get(&key).map(|place| *place as usize);
        place.and_then(|place| self.atoms.get_mut(place)).expect("an atom's key is given out when it is pushed")
    }

    /// The number of an event test; equal tests share one.
    fn matcher(&mut self, rule: &Match) -> Result<u32, CompileError> {
        let key = atom::key(&Phrase::One(Box::new(rule.clone())), Form::Times);
        if let Some(number) = self.matcher_by_key.get(&key) {
            return Ok(*number);
        }
        let number = next(&self.matchers);
        let matcher = Matcher::compile(rule)
            .map_err(|error| CompileError::Pattern { rule: self.rule.clone(), problem: error.to_string() })?;
        self.matchers.push(matcher);
        self.uses.push(Uses::default());
        self.router.add(number, rule);
        self.matcher_by_key.insert(key, number);
        Ok(number)
    }

    fn uses_of(&mut self, matcher: u32) -> &mut Uses {
        self.uses.get_mut(matcher as usize).expect("every matcher is pushed together with its uses")
    }

    /// Files a condition whose truth is kept up under everything that can change it.
    fn watch(&mut self, condition: Arc<Condition>, what: Watch) {
        let place = next(&self.watched);
        let mut longest = None;
        self.file(&condition, place, &mut longest);
        self.known_for.extend(longest.map(|span| (span, place)));
        self.watched.push(Watched { condition, what, at_birth: false });
    }

    fn file(&mut self, condition: &Condition, place: u32, longest: &mut Option<Span>) {
        match condition {
            Condition::Everyone => {}
            Condition::Not(part) => self.file(part, place, longest),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.file(part, place, longest));
            }
            Condition::Attribute(test) => self.attributes.add(place, test),
            Condition::Member(segment, _) => push_once(self.dependents.entry(*segment).or_default(), place),
            Condition::KnownFor(span) => *longest = (*longest).max(Some(*span)),
            Condition::Happened { atom, window, .. } => {
                let atom = self.atom_mut(*atom);
                push_once(&mut atom.conditions, place);
                if matches!(window, Window::Last(_)) {
                    push_once(&mut atom.timed, place);
                }
            }
        }
    }

    fn finish(mut self, rules: Arc<RuleSet>, version: RulesVersion) -> Result<Engine, CompileError> {
        self.router.finish().map_err(|problem| CompileError::Pattern { rule: "the rule set".to_owned(), problem })?;
        self.births();
        self.known_for.sort_unstable_by_key(|(span, place)| (std::cmp::Reverse(*span), *place));
        let fingerprint = self.fingerprint(&rules);
        let born = (0..).zip(&self.watched).filter(|(_, watched)| watched.at_birth).map(|(place, _)| place).collect();
        let campaign_by_name = rules.campaigns.iter().map(|rule| rule.name.clone()).zip(0..).collect();
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
            segments: self.segments.values().copied().collect(),
            manual: self.manual,
            campaigns: self.campaigns,
            campaign_by_name,
        })
    }

    /// What holds of somebody new, so that a birth looks at nothing else.
    fn births(&mut self) {
        let (nobody, mut state) = (Person::nobody(), State::default());
        for watched in &mut self.watched {
            let scene = Scene { person: &nobody, state: &state, recorded: true };
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
        let mut atoms: Vec<(AtomKey, u32)> = self.atoms.iter().map(|atom| (atom.key, atom.keep)).collect();
        atoms.sort_unstable();
        let what = (&self.segments, segments, becomes.collect::<Vec<_>>(), atoms);
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

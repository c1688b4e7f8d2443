//! From rules to an engine: names become numbers, event phrases atoms, conditions come into dependency
//! order. All or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::atom::{Atom, AtomKey, Form, Kind, What, normal, normal_match};
use super::attribute::AttributeRoutes;
use super::chain::Chain;
use super::compiled::{Campaign, Engine, ScopedAtoms, Uses, Watch, Watched};
use super::condition::{Condition, Members, Scene};
use super::evidence::Awaited;
use super::expression::Value;
use super::matching::Matcher;
use super::program::Program;
use super::route::Router;
use super::state::State;
use super::window::{self, Part};
use crate::model::calendar::Calendar;
use crate::model::compare::Op;
use crate::model::id::{CampaignId, RulesVersion, SegmentId};
use crate::model::person::Person;
use crate::model::rule::{
    self, Change, Condition as Rule, Counted, Happened, Match, MessageTest, Phrase, RuleSet, Schema, Segment,
    SegmentKind, Sequence, Trigger, Verb, Window,
};
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
    /// By segment: a hash of what it means.
    digests: FxHashMap<String, AtomKey>,
    lists: Lists,
    campaigns: Vec<Campaign>,
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
            self.digests.insert(segment.name.clone(), self.digest(rule));
            self.meanings.insert(id, Arc::clone(&condition));
            self.watch(condition, Watch::Segment(id));
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
                self.watch(condition, Watch::Becomes(place, id));
            }
            // Nothing that happens to the person starts these.
            Trigger::Schedule(_) | Trigger::Api => {}
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

    fn happened(&mut self, happened: &Happened) -> Result<Condition, CompileError> {
        let window = happened.window;
        let times = match (&happened.what, &happened.counted) {
            (Phrase::Sequence(_), Counted::Times(times)) if times.enough() <= 1 => *times,
            (Phrase::Sequence(_), _) => return Err(CompileError::CountedSequence { rule: self.rule.clone() }),
            (Phrase::One(_), Counted::Times(times) | Counted::Distinct { times, .. }) => *times,
            (Phrase::One(_), Counted::Newest) => rule::Times::AtLeast(1),
        };
        let atom = self.atom(happened, times.enough().max(1))?;
        let deadline = self.atom_mut(atom).chain().and_then(|chain| chain.absent.as_ref()).map(|last| last.deadline);
        Ok(Condition::Happened { atom, times, window, deadline })
    }

    /// The person's own memory of a sequence, whatever it is looked at for.
    fn sequence(&mut self, what: &Phrase, keep_all: bool) -> Result<AtomKey, CompileError> {
        let happened = Happened { what: what.clone(), counted: Counted::ONCE, window: Window::Ever };
        let atom = self.unscoped(&happened, 1, false)?;
        self.atom_mut(atom).keep_all |= keep_all;
        Ok(atom)
    }

    /// The memory that answers `happened`: the person's, or one of the journey's own.
    fn atom(&mut self, happened: &Happened, keep: u32) -> Result<AtomKey, CompileError> {
        if happened.window != Window::SinceEntry && !tests(&happened.what).any(is_scoped) {
            return self.unscoped(happened, keep, false);
        }
        let twin = match &happened.what {
            Phrase::Sequence(_) => Some(self.sequence(&happened.what, true)?),
            Phrase::One(_) => None,
        };
        let key = self.unscoped(happened, keep, true)?;
        if let Some(place) = self.atom_by_key.get(&key).copied()
            && !self.scoped.atoms.iter().any(|(known, _)| *known == place)
        {
            self.scoped.atoms.push((place, twin));
        }
        Ok(key)
    }

    fn unscoped(&mut self, happened: &Happened, keep: u32, scoped: bool) -> Result<AtomKey, CompileError> {
        let kind = Kind::of(happened);
        let part = Part::of(happened.window);
        let what = self.what(&happened.what, &kind)?;
        let numbers = numbers(&what);
        let local = part.is_local()
            || matches!(kind, Kind::Tally(Form::Days) | Kind::Values { by_day: true, .. })
            || matches!(&what, What::Sequence { chain, .. } if chain.is_local())
            || numbers.iter().any(|number| self.matchers.get(*number as usize).is_some_and(Matcher::is_local));
        let zone = local.then_some(&self.zone);
        let key = AtomKey::of(&(&kind, normal(&happened.what), part, scoped, zone));
        let keep_all = happened.window != Window::Ever;
        if self.atom_by_key.contains_key(&key) {
            let atom = self.atom_mut(key);
            atom.keep = atom.keep.max(keep);
            atom.keep_all |= keep_all;
            return Ok(key);
        }
        let place = next(&self.atoms);
        for number in numbers {
            push_once(&mut self.uses_of(number).atoms, place);
        }
        let moves = tests(&happened.what).any(|rule| matches!(rule.verb, Verb::Moved(_)));
        let changes = tests(&happened.what).any(|rule| matches!(rule.verb, Verb::Changed(_)));
        let (conditions, timed, triggers) = (Vec::new(), Vec::new(), Vec::new());
        let atom = Atom { key, what, part, keep, keep_all, scoped, local, moves, changes, conditions, timed, triggers };
        self.atoms.push(atom);
        self.atom_by_key.insert(key, place);
        Ok(key)
    }

    fn what(&mut self, phrase: &Phrase, kind: &Kind) -> Result<What, CompileError> {
        Ok(match (phrase, kind) {
            (Phrase::Sequence(sequence), Kind::Tally(form)) => {
                What::Sequence { chain: self.chain(sequence)?, form: *form }
            }
            // Nothing else is asked of sequences.
            (Phrase::Sequence(sequence), _) => What::Sequence { chain: self.chain(sequence)?, form: Form::Times },
            (Phrase::One(rule), Kind::Tally(form)) => What::Tally { test: self.matcher(rule)?, form: *form },
            (Phrase::One(rule), Kind::Values { property, by_day }) => {
                What::Values { test: self.matcher(rule)?, property: property.clone(), by_day: *by_day }
            }
            (Phrase::One(rule), Kind::Newest) => {
                What::Newest { test: self.matcher(rule)?, among: self.matcher(&among(rule))? }
            }
        })
    }

    fn chain(&mut self, sequence: &Sequence) -> Result<Chain, CompileError> {
        Chain::compile(sequence, |rule| self.matcher(rule))
    }

    /// The memory of how long `rule` has held. It is followed from now on.
    fn held(&mut self, rule: &Rule) -> Result<(AtomKey, Arc<Condition>), CompileError> {
        let own = std::mem::take(&mut self.scoped);
        let condition = Arc::new(self.condition(rule)?);
        let inner = std::mem::replace(&mut self.scoped, own);
        let scoped = !inner.is_empty();
        for atom in inner.atoms {
            if !self.scoped.atoms.contains(&atom) {
                self.scoped.atoms.push(atom);
            }
        }
        self.scoped.held.extend(inner.held);
        let key = AtomKey::of(&("held", self.digest(rule), scoped, &self.zone));
        if !self.atom_by_key.contains_key(&key) {
            let (conditions, timed, triggers) = (Vec::new(), Vec::new(), Vec::new());
            self.atom_by_key.insert(key, next(&self.atoms));
            self.atoms.push(Atom {
                key,
                what: What::Held,
                part: Part::All,
                keep: 1,
                keep_all: false,
                scoped,
                local: false,
                moves: false,
                changes: false,
                conditions,
                timed,
                triggers,
            });
            if !scoped {
                self.watch(Arc::clone(&condition), Watch::Held(key));
            }
        }
        if scoped && !self.scoped.held.iter().any(|(known, _)| *known == key) {
            self.scoped.held.push((key, Arc::clone(&condition)));
        }
        Ok((key, condition))
    }

    /// A hash of what `rule` means, with the segments that it names.
    fn digest(&self, rule: &Rule) -> AtomKey {
        let mut names = Vec::new();
        segments_in(rule, &mut names);
        let named: Vec<Option<AtomKey>> = names.iter().map(|name| self.digests.get(*name).copied()).collect();
        AtomKey::of(&(rule, named))
    }

    fn atom_mut(&mut self, key: AtomKey) -> &mut Atom {
        let place = self.atom_by_key.get(&key).map(|place| *place as usize);
        place.and_then(|place| self.atoms.get_mut(place)).expect("an atom's key is given out when it is pushed")
    }

    /// The number of an event test; equal tests share one.
    fn matcher(&mut self, rule: &Match) -> Result<u32, CompileError> {
        let key = AtomKey::of(&normal_match(rule));
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
        let mut filing = Filing { place, longest: None, followed: matches!(what, Watch::Held(_)).then(BTreeSet::new) };
        self.file(&condition, &mut filing);
        self.known_for.extend(filing.longest.map(|span| (span, place)));
        self.watched.push(Watched { condition, what, at_birth: false });
    }

    fn file(&mut self, condition: &Condition, filing: &mut Filing) {
        let place = filing.place;
        match condition {
            Condition::Everyone => {}
            Condition::Not(part) => self.file(part, filing),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.file(part, filing)),
            Condition::Attribute(test) => {
                self.attributes.add(place, test);
                if matches!(test.op, Op::Time(_)) {
                    push_once(&mut self.lists.local, place);
                }
            }
            Condition::Member(segment, meaning) => match (meaning, &mut filing.followed) {
                // What is followed does not look at what is recorded.
                (Some(meaning), Some(seen)) => {
                    if seen.insert(*segment) {
                        self.file(&Arc::clone(meaning), filing);
                    }
                }
                _ => push_once(self.dependents.entry(*segment).or_default(), place),
            },
            Condition::Running(campaign) => {
                push_once(self.lists.running.entry(campaign.clone()).or_default(), place);
            }
            Condition::Sample { .. } => push_once(&mut self.lists.sampled, place),
            Condition::ServiceWindow => push_once(&mut self.lists.service_window, place),
            Condition::LocalTime { .. } | Condition::LocalDay(_) => {
                push_once(&mut self.lists.clocks, place);
                push_once(&mut self.lists.local, place);
            }
            Condition::KnownFor(span) => filing.longest = filing.longest.max(Some(*span)),
            Condition::HeldFor { atom, .. } => {
                let atom = self.atom_mut(*atom);
                push_once(&mut atom.conditions, place);
                push_once(&mut atom.timed, place);
            }
            Condition::Happened { atom, window, deadline, .. } => {
                let atom = self.atom_mut(*atom);
                push_once(&mut atom.conditions, place);
                if window::is_sliding(*window) || deadline.is_some() {
                    push_once(&mut atom.timed, place);
                }
                if atom.local || window::is_local(*window) {
                    push_once(&mut self.lists.local, place);
                }
            }
        }
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
            segment_names: self.segments.into_iter().map(|(name, id)| (id, name)).collect(),
            manual: self.manual,
            campaigns: self.campaigns,
            campaign_by_name,
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
                members: Members::Recorded,
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
        let mut atoms: Vec<_> = atoms.map(|atom| (atom.key, atom.keep, atom.keep_all)).collect();
        atoms.sort_unstable();
        let what = (&self.segments, segments, becomes.collect::<Vec<_>>(), atoms, &self.zone);
        let bytes = postcard::to_stdvec(&what).expect("rules are plain data of known length");
        Sha256::digest(&bytes).iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
    }
}

/// A condition being filed.
struct Filing {
    place: u32,
    /// The longest `known for` in it.
    longest: Option<Span>,
    /// It is followed: the segments whose conditions were filed with it.
    followed: Option<BTreeSet<SegmentId>>,
}

/// The event tests of a phrase.
fn tests(what: &Phrase) -> impl Iterator<Item = &Match> {
    let (first, steps) = match what {
        Phrase::One(rule) => (rule.as_ref(), [].as_slice()),
        Phrase::Sequence(sequence) => (&sequence.first, sequence.steps.as_slice()),
    };
    std::iter::once(first).chain(steps.iter().map(|step| &step.event))
}

/// Whether only a journey can tell.
fn is_scoped(rule: &Match) -> bool {
    rule.target.as_ref().is_some_and(|target| matches!(target.message, MessageTest::Step(_)))
}

/// The numbers of the event tests that `what` looks at.
fn numbers(what: &What) -> Vec<u32> {
    match what {
        What::Tally { test, .. } | What::Values { test, .. } => vec![*test],
        What::Newest { test, among } => vec![*test, *among],
        What::Sequence { chain, .. } => chain.tests().collect(),
        What::Held => Vec::new(),
    }
}

/// The events of which `most recently` takes the newest: those with the same verb, `to` and `via`. The name
/// belongs to the verb; of deliveries the message, and of a change the values, are tests on the newest.
fn among(rule: &Match) -> Match {
    let verb = match &rule.verb {
        Verb::Changed(change) => Verb::Changed(Box::new(Change { from: None, to: None, ..change.as_ref().clone() })),
        verb => verb.clone(),
    };
    let is_delivery = matches!(verb, Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive);
    let target = rule.target.clone().filter(|_| !is_delivery);
    Match { target, via: rule.via, ..Match::any(verb) }
}

/// The segments that `rule` names.
fn segments_in<'r>(rule: &'r Rule, names: &mut Vec<&'r str>) {
    match rule {
        Rule::InSegment(name) => names.push(name),
        Rule::Not(part) | Rule::HeldFor { condition: part, .. } => segments_in(part, names),
        Rule::All(parts) | Rule::Any(parts) => parts.iter().for_each(|part| segments_in(part, names)),
        _ => {}
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

//! A rule set, ready to run: atoms, routes, conditions in dependency order, campaigns. It is built by
//! `compile` and only read afterwards, by any number of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::amendment::Amendment;
use super::atom::{Atom, AtomKey};
use super::attribute::AttributeRoutes;
use super::condition::Condition;
use super::evidence::Awaited;
use super::expression::Value;
use super::matching::Matcher;
use super::program::Program;
use super::route::Router;
use super::schedule::Schedule;
use crate::model::id::{CampaignId, RulesVersion, SegmentId};
use crate::model::journey::Journey;
use crate::model::rule::{CampaignState, RuleSet};
use crate::model::time::{Second, Span};
use crate::model::value::{Properties, Type};

/// A rule set, ready.
#[derive(Debug)]
pub struct Engine {
    pub(super) version: RulesVersion,
    /// Equal for rule sets under which every state is the same: then a person's state goes over as it is.
    pub(super) fingerprint: u64,
    pub(super) rules: Arc<RuleSet>,
    /// What rules may know of the settings.
    pub(super) env: Properties,
    pub(super) atoms: Vec<Atom>,
    pub(super) atom_by_key: FxHashMap<AtomKey, u32>,
    pub(super) matchers: Vec<Matcher>,
    /// By matcher: what a match concerns.
    pub(super) uses: Vec<Uses>,
    pub(super) router: Router,
    /// Segments in dependency order, then the conditions that campaigns wait for.
    pub(super) watched: Vec<Watched>,
    /// Those that hold of somebody new.
    pub(super) born: Vec<u32>,
    /// By segment: the watched conditions that name it.
    pub(super) dependents: FxHashMap<SegmentId, Vec<u32>>,
    pub(super) attributes: AttributeRoutes,
    /// Conditions with `known for`, by the longest span in each, longest first.
    pub(super) known_for: Vec<(Span, u32)>,
    /// Watched conditions that are true of some people from the start.
    pub(super) sampled: Vec<u32>,
    /// Those that clocks on walls change, for everybody.
    pub(super) clocks: Vec<u32>,
    /// Those that look at the service window.
    pub(super) service_window: Vec<u32>,
    /// By campaign: those that ask whether a journey of it is running.
    pub(super) running: FxHashMap<String, Vec<u32>>,
    /// Those that depend on how the person's days lie.
    pub(super) local: Vec<u32>,
    /// Those that are followed for `for at least`, inner ones first.
    pub(super) held: Vec<u32>,
    /// Sequences that end with an absence.
    pub(super) absences: Vec<u32>,
    pub(super) segments: BTreeSet<SegmentId>,
    pub(super) segment_names: FxHashMap<SegmentId, String>,
    /// By segment: a hash of all that it means.
    pub(super) meanings: BTreeMap<String, AtomKey>,
    /// Those whose members come from outside.
    pub(super) manual: BTreeMap<String, SegmentId>,
    /// In the order of the rule set, which is that of their names.
    pub(super) campaigns: Vec<Campaign>,
    pub(super) campaign_by_name: FxHashMap<String, u32>,
    /// How days lie for whom nothing else is known, as a hash.
    pub(super) zone: AtomKey,
    /// What is different from older rule sets, found once for each.
    pub(super) amendments: Mutex<FxHashMap<RulesVersion, Arc<Amendment>>>,
    /// By name: those that start something.
    pub(super) schedules: FxHashMap<String, Schedule>,
    /// The attributes that schedules look people up by.
    pub(super) indexed: Vec<(String, Type)>,
}

/// What is concerned when an event passes a test.
#[derive(Debug, Default)]
pub struct Uses {
    /// Atoms that remember it, alone or among others.
    pub atoms: Vec<u32>,
    /// Campaigns that it starts.
    pub triggers: Vec<u32>,
}

/// A condition whose truth is kept up at every second.
#[derive(Debug)]
pub struct Watched {
    pub condition: Arc<Condition>,
    pub what: Watch,
    /// A hash of what its rule means, with the segments that it names.
    pub meaning: AtomKey,
    /// Whether it holds of somebody new without attributes.
    pub at_birth: bool,
}

/// What hangs on a watched condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    Segment(SegmentId),
    /// A campaign, by its place among the engine's.
    Becomes(u32, CampaignId),
    /// The run of seconds in which the condition holds.
    Held(AtomKey),
}

/// A campaign, ready. What is not here is read from the rule.
#[derive(Debug)]
pub struct Campaign {
    pub id: CampaignId,
    pub filter: Option<Condition>,
    pub key: Option<Value>,
    pub exit: Option<Condition>,
    pub goal: Option<Awaited>,
    pub program: Program,
    pub scoped: ScopedAtoms,
}

/// What a campaign's journeys remember by themselves.
#[derive(Debug, Default)]
pub struct ScopedAtoms {
    /// By place among the engine's atoms; of a sequence, the person's own atom that it begins from.
    pub atoms: Vec<(u32, Option<AtomKey>)>,
    /// Conditions that are followed for `for at least`, inner ones first.
    pub held: Vec<(AtomKey, Arc<Condition>)>,
}

impl ScopedAtoms {
    pub fn is_empty(&self) -> bool {
        self.atoms.is_empty() && self.held.is_empty()
    }
}

/// The rule sets in force: journeys run on the one they started with.
#[derive(Clone, Debug)]
pub struct Versions {
    pub active: Arc<Engine>,
    /// When `active` became so. People are caught up as of then, whenever that is done.
    pub since: Second,
    /// Those that running journeys still need.
    pub older: BTreeMap<RulesVersion, Arc<Engine>>,
}

impl Versions {
    /// A first rule set, in force since `since`.
    #[must_use]
    pub fn new(active: Arc<Engine>, since: Second) -> Self {
        Self { active, since, older: BTreeMap::new() }
    }

    /// The rule set of `version`, if it is at hand.
    #[must_use]
    pub fn get(&self, version: RulesVersion) -> Option<&Engine> {
        if self.active.version == version { Some(&self.active) } else { self.older.get(&version).map(Arc::as_ref) }
    }

    /// What is different in the active rule set for people whose state was written under version `from`; none if
    /// that is not at hand, so that nothing of such a state can be used.
    #[must_use]
    pub fn amendment(&self, from: RulesVersion) -> Option<Arc<Amendment>> {
        // By that number go states that cannot be used.
        let old = self.older.get(&from).filter(|_| from != RulesVersion(0))?;
        let mut known = self.active.amendments.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.entry(from).or_insert_with(|| Arc::new(Amendment::between(old, &self.active)));
        Some(Arc::clone(found))
    }

    /// Whether `journey` stands still because its campaign is paused in the active rule set.
    pub(super) fn is_paused(&self, journey: &Journey) -> bool {
        let found = self.active.campaign_named(&journey.campaign);
        found.is_some_and(|(_, rule)| rule.state == CampaignState::Paused)
    }
}

impl Engine {
    /// The rule set's number.
    #[must_use]
    pub fn version(&self) -> RulesVersion {
        self.version
    }

    /// The rule set as written.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The number of a manual segment.
    #[must_use]
    pub fn manual_segment(&self, name: &str) -> Option<SegmentId> {
        self.manual.get(name).copied()
    }

    /// Whether the condition at `place` is followed for `for at least`.
    pub(super) fn is_held(&self, place: u32) -> bool {
        self.held.binary_search(&place).is_ok()
    }

    /// Whether what is remembered depends on how the person's days lie.
    pub(super) fn remembers_days(&self) -> bool {
        !self.held.is_empty() || self.atoms.iter().any(|atom| atom.local)
    }

    pub(super) fn atom(&self, key: AtomKey) -> Option<&Atom> {
        self.atoms.get(*self.atom_by_key.get(&key)? as usize)
    }

    /// A campaign with its rule, by its place.
    pub(super) fn campaign(&self, place: u32) -> Option<(&Campaign, &crate::model::rule::Campaign)> {
        let place = place as usize;
        Some((self.campaigns.get(place)?, self.rules.campaigns.get(place)?))
    }

    /// The same, by its name.
    pub(super) fn campaign_named(&self, name: &str) -> Option<(&Campaign, &crate::model::rule::Campaign)> {
        self.campaign(*self.campaign_by_name.get(name)?)
    }
}

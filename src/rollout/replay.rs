//! Folds every person's log again, and lives every life once more: what is stored, and the effects that were asked
//! for, must come out the same. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use ulid::Ulid;

use super::audit::{Life, read};
use super::publish::{PublishError, all_in_force, versions};
use crate::clock::Clock;
use crate::engine::{self, Doubt, Drift, InForce, Versions};
use crate::model::event::Event;
use crate::model::id::{EffectId, JourneyId, PersonId, RulesVersion, Seq};
use crate::model::time::Second;
use crate::model::transition::Cause;
use crate::model::value::Properties;
use crate::store::{Reader, Store, StoreError, journeys, memberships, outbox, people};

/// People who are read together.
const SLICE: u32 = 50;
/// Whose log has more events is left out, and counted.
const EVENTS_MAX: usize = 100_000;
/// Differences that are kept to be shown. The others are counted.
pub const DIFFERENCES_SHOWN_MAX: usize = 20;

/// What came of a replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    pub people: u64,
    /// Memberships that are stored.
    pub memberships: u64,
    /// Effects that are stored and came out again.
    pub effects: u64,
    pub differences: u64,
    /// The first of them.
    pub shown: Vec<(Ulid, Difference)>,
    /// People whose effects cannot be known from their log, by why.
    pub doubts: BTreeMap<Doubt, u64>,
    /// Effects that a schedule or a deployment asked for, which is no part of a log.
    pub unlogged: u64,
    /// Effects for people whom nobody knows: there is no log of theirs.
    pub anonymous: u64,
    pub too_long: u64,
    /// People to whom something happened while they were read: somebody is writing.
    pub busy: u64,
}

/// Something that did not come out as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    Stored(Drift),
    /// The log asks for this effect, and it was never recorded.
    Missing(EffectId),
    /// This effect was recorded, and the log does not ask for it.
    Extra(EffectId),
    /// Campaigns would have caused something else than this event.
    Parted(Seq),
    /// It cannot be played: it ends in a panic.
    Panicked,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stored(drift) => match &drift.rule {
                Some(rule) => write!(f, "{rule}: {}", drift.wrong),
                None => drift.wrong.fmt(f),
            },
            Self::Missing(effect) => write!(f, "effect {} is asked for by the log and was never recorded", effect.0),
            Self::Extra(effect) => write!(f, "effect {} was recorded and is not asked for by the log", effect.0),
            Self::Parted(seq) => write!(f, "played again, event {seq} of the log does not come out as it is"),
            Self::Panicked => f.write_str("the log cannot be played: it ends in a panic, which is a fault of ours"),
        }
    }
}

/// What playing somebody's log may look at.
struct Stage<'a> {
    versions: &'a Versions,
    sets: &'a [InForce],
    now: Second,
}

/// What is stored of somebody besides their life.
struct Beside {
    effects: BTreeMap<EffectId, JourneyId>,
    /// Journeys that no log can tell of.
    unlogged: BTreeSet<JourneyId>,
    mended: bool,
}

/// Replays everybody. `progress` is told how many people are done.
///
/// # Errors
/// The database does not answer, or the active rule set does not load.
pub async fn replay(
    store: &Store,
    clock: &Clock,
    env: &Properties,
    progress: impl Fn(u64),
) -> Result<Replayed, PublishError> {
    let mut replayed = Replayed::default();
    let Some(versions) = versions(store, env).await? else { return Ok(replayed) };
    let sets = all_in_force(store, env).await?;
    let reader = store.read();
    replayed.anonymous = outbox::count_of_nobody(&reader).await?;
    let mut after = PersonId(0);
    loop {
        let ids = people::page(&reader, after, SLICE).await?;
        let Some(last) = ids.last() else { return Ok(replayed) };
        after = *last;
        let lives = read(&reader, &ids, EVENTS_MAX).await?;
        replayed.too_long += lives.too_long.len() as u64;
        replayed.busy += lives.busy.len() as u64;
        let mut beside = read_beside(&reader, &lives.read).await?;
        let stage = Stage { versions: &versions, sets: &sets, now: clock.second() };
        for life in lives.read {
            let id = life.stored.subject.person.id;
            if let Some(beside) = beside.remove(&id) {
                replayed.add(&stage, &life, &beside);
            }
        }
        progress(replayed.people);
    }
}

async fn read_beside(reader: &Reader, lives: &[Life]) -> Result<BTreeMap<PersonId, Beside>, StoreError> {
    let ids: Vec<PersonId> = lives.iter().map(|life| life.stored.subject.person.id).collect();
    let mut effects = outbox::of_people(reader, &ids).await?;
    let mended = memberships::mended(reader, &ids).await?;
    let mut beside = BTreeMap::new();
    for id in ids {
        let effects = effects.remove(&id).unwrap_or_default();
        let mut unlogged = BTreeSet::new();
        for journey in effects.values().copied().collect::<BTreeSet<_>>() {
            let row = journeys::get(reader, journey).await?;
            let is_logged = |cause: Cause| matches!(cause, Cause::Event { .. } | Cause::Born | Cause::Wake);
            if row.is_some_and(|row| !is_logged(row.journey.cause)) {
                unlogged.insert(journey);
            }
        }
        beside.insert(id, Beside { effects, unlogged, mended: mended.contains(&id) });
    }
    Ok(beside)
}

impl Replayed {
    fn add(&mut self, stage: &Stage<'_>, life: &Life, beside: &Beside) {
        let person = life.stored.subject.person.cio_id;
        self.people += 1;
        self.memberships += life.stored.members.len() as u64;
        let stored = life.stored.clone();
        let folded =
            catch_unwind(AssertUnwindSafe(|| engine::replay(stage.versions, stored, life.history(), stage.now)));
        match folded {
            Ok(drifts) => drifts.into_iter().for_each(|drift| self.differs(person, Difference::Stored(drift))),
            Err(_) => self.differs(person, Difference::Panicked),
        }
        match catch_unwind(AssertUnwindSafe(|| relived(stage, life, beside))) {
            Ok(Ok(relived)) => self.add_effects(person, beside, &relived),
            Ok(Err(doubt)) => *self.doubts.entry(doubt).or_default() += 1,
            Err(_) => self.differs(person, Difference::Panicked),
        }
    }

    fn add_effects(&mut self, person: Ulid, beside: &Beside, relived: &engine::Relived) {
        let mut differences: Vec<Difference> = relived.parted.map(Difference::Parted).into_iter().collect();
        if relived.parted.is_none() {
            let missing = relived.effects.iter().filter(|effect| !beside.effects.contains_key(effect));
            differences.extend(missing.map(|effect| Difference::Missing(*effect)));
            let logged = beside.effects.iter().filter(|(_, journey)| !beside.unlogged.contains(journey));
            let extra = logged.filter(|(effect, _)| !relived.effects.contains(effect));
            differences.extend(extra.map(|(effect, _)| Difference::Extra(*effect)));
        }
        if relived.assumed && !differences.is_empty() {
            *self.doubts.entry(Doubt::RulesBetween).or_default() += 1;
            return;
        }
        self.unlogged += beside.effects.values().filter(|journey| beside.unlogged.contains(journey)).count() as u64;
        self.effects += relived.effects.iter().filter(|effect| beside.effects.contains_key(effect)).count() as u64;
        differences.into_iter().for_each(|difference| self.differs(person, difference));
    }

    fn differs(&mut self, person: Ulid, difference: Difference) {
        self.differences += 1;
        if self.shown.len() < DIFFERENCES_SHOWN_MAX {
            self.shown.push((person, difference));
        }
    }
}

/// A life once more, as far as it was lived.
fn relived(stage: &Stage<'_>, life: &Life, beside: &Beside) -> Result<engine::Relived, Doubt> {
    if beside.mended {
        return Err(Doubt::Mended);
    }
    let subject = &life.stored.subject;
    // What is due later than the wake that is set was not played yet.
    let until = subject.wake.unwrap_or(stage.now);
    let rules = match subject.state.rules {
        RulesVersion(0) => stage.versions.active.version(),
        rules => rules,
    };
    let log: Vec<(RulesVersion, Event)> = life.rules.iter().copied().zip(life.events.iter().cloned()).collect();
    engine::relive(stage.sets, &subject.person, &log, rules, until)
}

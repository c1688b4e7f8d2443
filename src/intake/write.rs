//! The writer: a batch becomes one transaction, and is tried again, halved or refused when that fails.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::gather::{BUDGET, Played, Signals};
use super::item::{Body, Receipt, Refusal};
use super::loaded::Loaded;
use super::pass::{self, Context, Pass, Spot};
use super::rules::Rules;
use super::slice::{Brought, Known, Slice};
use super::{load, save};
use crate::chance;
use crate::clock::Clock;
use crate::engine::Versions;
use crate::model::id::{InstallationKey, PersonId, RulesVersion};
use crate::model::journey::Entry;
use crate::model::time::{Second, Span};
use crate::resolve::consent::Words;
use crate::store::{Store, StoreError, Tx, people};

/// A transaction that met somebody else's is begun again this often.
const TRIES_MAX: u32 = 3;
/// Between two tries, so that the other one can finish.
const PAUSE: Duration = Duration::from_millis(40);

/// Somebody for whom time cannot be played is tried again this much later.
const ASIDE: Span = Span::hours(1);

/// Puts in force what the database says is active. A function: where rules come from is not the intake's.
pub type NewerRules = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Writes batches. On SQLite there is one, on PostgreSQL there may be several.
pub struct Writer {
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
    pub(super) key: InstallationKey,
    pub(super) rules: Rules,
    newer_rules: Option<NewerRules>,
    pub(super) signals: Signals,
    /// The earliest wake that the scheduler knows of.
    armed: Option<Second>,
    /// A rule set that everybody was found at.
    pub(super) built: Option<RulesVersion>,
}

/// Why a try failed.
pub(super) enum Failed {
    Store(StoreError),
    /// What had been read is not so any more, now that it is locked: begin again.
    Moved,
    /// Somebody's state was written under rules that are newer than those in force here.
    Newer(RulesVersion),
    /// The pass panics whatever is left out.
    Panicked,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Moved => f.write_str("somebody else was faster, each time"),
            Self::Newer(version) => {
                write!(f, "somebody is at version {} of the rules, which is not in force here", version.0)
            }
            Self::Panicked => f.write_str("it panics whatever is left out"),
        }
    }
}

impl Failed {
    fn may_be_tried_again(&self) -> bool {
        match self {
            Self::Moved | Self::Newer(_) => true,
            Self::Panicked => false,
            Self::Store(error) => error.is_retryable() || error.is_conflict(),
        }
    }

    fn is_data(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_data())
    }
}

impl Writer {
    /// A writer on `store`, whose provider ids are hashed under `key`.
    #[must_use]
    pub fn new(store: Arc<Store>, clock: Clock, key: InstallationKey, rules: Rules, signals: Signals) -> Self {
        Self { store, clock, key, rules, newer_rules: None, signals, armed: None, built: None }
    }

    /// The same, and it gets newer rules by itself when it meets somebody who is at them already: versions never go
    /// back for one person.
    #[must_use]
    pub fn with_newer_rules(self, newer_rules: NewerRules) -> Self {
        Self { newer_rules: Some(newer_rules), ..self }
    }

    /// Takes bodies in, together if that is possible. One answer for each.
    pub(super) async fn take_in(&mut self, bodies: &[Body]) -> Vec<Result<Receipt, Refusal>> {
        let all: Vec<&Body> = bodies.iter().collect();
        let taken = tokio::time::timeout(BUDGET, self.take_in_some(&all)).await;
        let taken = taken.unwrap_or_else(|_| vec![Err(Refusal::Unavailable); bodies.len()]);
        if taken.iter().any(Result::is_err) {
            // A commit that failed may have happened all the same: whoever waits for it looks once more.
            self.armed = None;
            self.signals.effects.notify_one();
            self.signals.wakes.notify_one();
        }
        taken
    }

    /// A batch that the database refuses for its data is halved until the guilty body is alone.
    async fn take_in_some(&mut self, bodies: &[&Body]) -> Vec<Result<Receipt, Refusal>> {
        match self.commit(bodies, &BTreeSet::new()).await {
            Ok(receipts) => receipts.into_iter().map(Ok).collect(),
            Err(failed) if failed.is_data() => match bodies {
                [] => Vec::new(),
                [body] => vec![self.without_poison(body).await],
                _ => {
                    let (first, second) = bodies.split_at(bodies.len() / 2);
                    let mut receipts = Box::pin(self.take_in_some(first)).await;
                    receipts.extend(Box::pin(self.take_in_some(second)).await);
                    receipts
                }
            },
            Err(failed) => {
                tracing::error!(%failed, bodies = bodies.len(), "a batch was not taken");
                vec![Err(Refusal::Unavailable); bodies.len()]
            }
        }
    }

    /// Finds the items that the database refuses, one after the other, and takes in the rest.
    async fn without_poison(&mut self, body: &Body) -> Result<Receipt, Refusal> {
        let mut poison = BTreeSet::new();
        for _ in 0..=body.items.len() {
            match self.commit(&[body], &poison).await {
                Ok(receipts) => return receipts.into_iter().next().ok_or(Refusal::Unavailable),
                Err(failed) if failed.is_data() => {}
                Err(_) => return Err(Refusal::Unavailable),
            }
            // The guilty item is the last one of the shortest beginning that fails.
            let (mut good, mut bad) = (0, body.items.len());
            while good + 1 < bad {
                let middle = good.midpoint(bad);
                let rest = (middle..body.items.len()).map(|item| (0, item));
                let without: BTreeSet<Spot> = poison.iter().copied().chain(rest).collect();
                match self.rehearse(body, &without).await {
                    Ok(true) => good = middle,
                    Ok(false) => bad = middle,
                    // What fails for another reason says nothing about the items.
                    Err(_) => return Err(Refusal::Unavailable),
                }
            }
            poison.insert((0, bad.saturating_sub(1)));
        }
        Err(Refusal::Unavailable)
    }

    /// Whether the database would take the body without these items.
    async fn rehearse(&mut self, body: &Body, without: &BTreeSet<Spot>) -> Result<bool, Failed> {
        let tx = self.store.write().await?;
        let done = self.fill(&tx, &[body], without).await;
        tx.rollback().await?;
        match done {
            Ok(_) => Ok(true),
            Err(failed) if failed.is_data() => Ok(false),
            Err(failed) => Err(failed),
        }
    }

    async fn commit(&mut self, bodies: &[&Body], poison: &BTreeSet<Spot>) -> Result<Vec<Receipt>, Failed> {
        let mut tries = 1;
        loop {
            match self.try_commit(bodies, poison).await {
                Err(failed) if tries < TRIES_MAX && failed.may_be_tried_again() => {
                    tries += 1;
                    self.ready(&failed).await;
                }
                ended => return ended,
            }
        }
    }

    /// Sees to it that the next try can go better.
    pub(super) async fn ready(&self, failed: &Failed) {
        match (failed, &self.newer_rules) {
            (Failed::Newer(_), Some(newer_rules)) => newer_rules().await,
            _ => self.clock.pause(PAUSE).await,
        }
    }

    async fn try_commit(&mut self, bodies: &[&Body], poison: &BTreeSet<Spot>) -> Result<Vec<Receipt>, Failed> {
        let tx = self.store.write().await?;
        let (receipts, news) = self.fill(&tx, bodies, poison).await?;
        tx.commit().await?;
        self.announce(&news);
        Ok(receipts)
    }

    /// Reads, decides and writes; the transaction stays open.
    async fn fill(&self, tx: &Tx, bodies: &[&Body], poison: &BTreeSet<Spot>) -> Result<(Vec<Receipt>, News), Failed> {
        let versions = self.rules.now();
        let (now_ms, now) = (self.clock.millis(), self.clock.second());
        let question = load::Question { key: &self.key, now, schema: &versions.active.rules().schema };
        let mut loaded = load::batch(tx, &question, bodies, self.store.is_shared()).await?;
        refuse_newer(&loaded, &versions)?;
        let fresh: Vec<_> = loaded.free_ids.iter().map(|_| chance::ulid(now)).collect();
        let words = Words::of(&versions.active.rules().schema);
        let context = Context { versions: &versions, key: &self.key, now, words, fresh: &fresh };
        let mut poison = poison.clone();
        loop {
            match attempt(&context, &loaded, bodies, &poison) {
                Attempt::Done(pass, receipts) => {
                    let news = save::all(tx, *pass, &loaded, versions.active.version(), now_ms).await?;
                    return Ok((receipts, news));
                }
                Attempt::Wants(people) => load::histories(tx, &mut loaded, &people).await?,
                Attempt::Panicked(spot) => {
                    tracing::error!(item = spot.1, "an item panicked and goes to quarantine");
                    if !poison.insert(spot) {
                        // It panics even without the item: nothing here can help.
                        return Err(Failed::Panicked);
                    }
                }
            }
        }
    }

    /// Plays the due wakes of at most `limit` people, in due order.
    pub(super) async fn play_due(&mut self, limit: u32) -> Result<Played, Refusal> {
        let played = match self.due(limit).await {
            Err(failed @ Failed::Newer(_)) => {
                self.ready(&failed).await;
                self.due(limit).await
            }
            ended => ended,
        };
        let played = played.map_err(|failed| {
            tracing::error!(%failed, "due wakes could not be played");
            Refusal::Unavailable
        })?;
        self.armed = played.next;
        Ok(played)
    }

    async fn due(&mut self, limit: u32) -> Result<Played, Failed> {
        let tx = self.store.write().await?;
        let due = people::due(&tx, self.clock.second(), limit).await?;
        let Stepped { news, .. } = self.touch(&tx, &due, None).await?;
        let next = people::next_wake(&tx).await?;
        tx.commit().await?;
        self.announce(&news);
        Ok(Played { people: u32::try_from(due.len()).unwrap_or(u32::MAX), next })
    }

    /// Brings the people of a slice up to the active rule set.
    pub(super) async fn catch_up(&mut self, slice: &Slice) -> Result<Brought, Refusal> {
        let begun = self.clock.millis();
        let brought = match self.behind(slice).await {
            Err(failed @ Failed::Newer(_)) => {
                self.ready(&failed).await;
                self.behind(slice).await
            }
            ended => ended,
        };
        let millis = self.clock.millis().saturating_sub(begun);
        brought.map(|people| Brought { people, millis }).map_err(|failed| {
            tracing::error!(%failed, "people could not be brought up to the active rules");
            Refusal::Unavailable
        })
    }

    /// Returns how many came up.
    async fn behind(&mut self, slice: &Slice) -> Result<u64, Failed> {
        let tx = self.store.write().await?;
        let versions = self.rules.now();
        let version = versions.active.version();
        // What was found out for other rules is of no use.
        let known = slice.known.as_ref().filter(|known| known.to == version);
        let alone = match known {
            Some(known) if !known.everybody => {
                let named = [known.concerned.as_slice(), &known.members].concat();
                people::amended(&tx, slice.range, (known.from, version), versions.since, &named).await?
            }
            _ => people::stale(&tx, version, slice.range).await?,
        };
        let Stepped { news, aside, .. } = self.touch(&tx, &alone, known).await?;
        let mut done = alone.len().saturating_sub(aside.len()) as u64;
        if let Some(known) = known {
            // Those who were looked at and found unchanged are among them, if everybody was.
            let together = people::carry_over(&tx, slice.range, (known.from, version), &aside).await?;
            done = if known.everybody { done } else { done.saturating_add(together) };
        }
        tx.commit().await?;
        self.announce(&news);
        self.signals.metrics.people_caught_up.inc_by(done);
        Ok(done)
    }

    /// Lets time pass for these people: what is due is played, outdated states are brought up to the active rules.
    /// What is `known` of them spares reading pasts in vain, and writing what did not change.
    async fn touch(&self, tx: &Tx, ids: &[PersonId], known: Option<&Known>) -> Result<Stepped, Failed> {
        if ids.is_empty() {
            return Ok(Stepped::default());
        }
        let (versions, mut loaded) = (self.rules.now(), self.locked(tx, ids).await?);
        if let Some(known) = known {
            loaded.unconcerned = known.unconcerned(&versions, &loaded.subjects);
        }
        let rewrites = |from| versions.amendment(from).is_none_or(|amendment| amendment.rewrites_everybody());
        let from = known.map(|known| known.from).filter(|from| !rewrites(*from));
        let all: BTreeSet<PersonId> = ids.iter().copied().collect();
        self.step_each(tx, &mut loaded, &all, from, &|pass, id| pass.touch(id)).await
    }

    /// These people, locked.
    pub(super) async fn locked(&self, tx: &Tx, ids: &[PersonId]) -> Result<Loaded, Failed> {
        let mut loaded = Loaded::default();
        people::lock(tx, ids).await?;
        load::people(tx, &mut loaded, ids).await?;
        refuse_newer(&loaded, &self.rules.now())?;
        Ok(loaded)
    }

    /// Makes a `step` for each of these people and writes what comes of it. Who comes `from` an older rule set and is
    /// not changed by the way over is not written.
    pub(super) async fn step_each(
        &self,
        tx: &Tx,
        loaded: &mut Loaded,
        ids: &BTreeSet<PersonId>,
        from: Option<RulesVersion>,
        step: &(dyn Fn(&mut Pass<'_>, PersonId) + Sync),
    ) -> Result<Stepped, Failed> {
        let versions = self.rules.now();
        let (now_ms, now) = (self.clock.millis(), self.clock.second());
        let context = Context { versions: &versions, key: &self.key, now, words: Words::default(), fresh: &[] };
        let mut aside = BTreeSet::new();
        loop {
            let at = Cell::new(PersonId(0));
            // As with items: a panic costs the person at whom it happened, and nobody else.
            let passed = catch_unwind(AssertUnwindSafe(|| {
                let mut pass = Pass::new(&context, loaded);
                for id in ids.difference(&aside) {
                    at.set(*id);
                    step(&mut pass, *id);
                }
                pass
            }));
            match passed {
                Ok(mut pass) if pass.wanted.is_empty() => {
                    if let Some(from) = from {
                        pass.leave_unchanged(loaded, from);
                    }
                    let entries = pass.changes.entries.iter().map(|(_, entry)| entry.clone()).collect();
                    let news = save::all(tx, pass, loaded, versions.active.version(), now_ms).await?;
                    let later: Vec<_> = aside.iter().map(|id| (*id, Some(now.plus(ASIDE)))).collect();
                    people::set_wakes(tx, &later).await?;
                    return Ok(Stepped { news, entries, aside: aside.into_iter().collect() });
                }
                Ok(mut pass) => {
                    let wanted = std::mem::take(&mut pass.wanted);
                    drop(pass);
                    load::histories(tx, loaded, &wanted).await?;
                }
                Err(_) => {
                    tracing::error!(person = at.get().0, "time cannot pass for somebody; they are set aside");
                    aside.insert(at.get());
                }
            }
        }
    }

    pub(super) fn announce(&mut self, news: &News) {
        self.signals.commits.send_modify(|commits| *commits += 1);
        self.signals.touched.note(&news.touched);
        self.signals.metrics.events.inc_by(news.events);
        news.late_ms.iter().for_each(|late| self.signals.metrics.wake_played(*late));
        if news.effects {
            self.signals.effects.notify_one();
        }
        if let Some(wake) = news.wake.filter(|wake| self.armed.is_none_or(|armed| *wake < armed)) {
            self.armed = Some(wake);
            self.signals.wakes.notify_one();
        }
    }
}

/// For one person versions never go back: nobody is taken on under rules that are older than theirs.
pub(super) fn refuse_newer(loaded: &Loaded, versions: &Versions) -> Result<(), Failed> {
    let newest = loaded.newest_rules;
    if newest > versions.active.version() { Err(Failed::Newer(newest)) } else { Ok(()) }
}

/// What came of a step for each of some people.
#[derive(Default)]
pub(super) struct Stepped {
    pub news: News,
    /// The lines about campaigns.
    pub entries: Vec<Entry>,
    /// Those for whom time cannot pass.
    pub aside: Vec<PersonId>,
}

/// What a commit means to those who wait.
#[derive(Default)]
pub(super) struct News {
    pub effects: bool,
    /// The earliest wake that was written.
    pub wake: Option<Second>,
    /// Whose row has changed.
    pub touched: Vec<PersonId>,
    /// How many events went into the log.
    pub events: u64,
    /// Of each wake that was played: how long ago its second was over, in milliseconds.
    pub late_ms: Vec<i64>,
}

enum Attempt<'a> {
    Done(Box<Pass<'a>>, Vec<Receipt>),
    Wants(BTreeSet<PersonId>),
    Panicked(Spot),
}

/// One pass in memory. A panic costs the item at which it happened and nothing else.
fn attempt<'a>(context: &'a Context<'a>, loaded: &'a Loaded, bodies: &[&Body], poison: &BTreeSet<Spot>) -> Attempt<'a> {
    let at = Cell::new((0, 0));
    // A pass that panics is thrown away whole, so nothing half done can be seen.
    match catch_unwind(AssertUnwindSafe(|| pass::run(context, loaded, bodies, poison, &at))) {
        Ok((pass, receipts)) if pass.wanted.is_empty() => Attempt::Done(Box::new(pass), receipts),
        Ok((pass, _)) => Attempt::Wants(pass.wanted),
        Err(_) => Attempt::Panicked(at.get()),
    }
}

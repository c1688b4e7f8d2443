//! Occurrences of schedules, and publications that start who matches already, worked off in slices: the people of
//! one slice, and how far the occurrence has come, are one transaction. Whoever is killed in between goes on where the
//! cursor stands, on any node.

use std::collections::BTreeSet;

use super::item::Refusal;
use super::loaded::Loaded;
use super::pass::Pass;
use super::write::{Failed, News, Stepped, Writer};
use crate::engine::{Engine, Occurrence};
use crate::model::calendar::Calendar;
use crate::model::id::PersonId;
use crate::model::journey::{Entry, What};
use crate::model::lookup::Lookup;
use crate::model::rule::{Schedule, ScheduleZone};
use crate::model::transition::Cause;
use crate::store::people::In;
use crate::store::schedules::{Counts, Run, State, Task};
use crate::store::{Tx, journeys, people, schedules};

/// What a call of [`super::Intake::occur`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurred {
    /// No occurrence is open, or others are busy with it.
    Nothing,
    /// One is open and cannot go on yet: wakes of before are to be played first, or people to be brought up to
    /// the rules.
    NotYet,
    /// A slice of it is done.
    Slice,
}

impl Writer {
    /// Works off a slice, of at most `limit` people, of the open occurrence that is due first.
    pub(super) async fn occur(&mut self, limit: u32) -> Result<Occurred, Refusal> {
        self.slice(limit).await.map_err(|failed| {
            tracing::error!(%failed, "an occurrence of a schedule could not go on");
            Refusal::Unavailable
        })
    }

    async fn slice(&mut self, limit: u32) -> Result<Occurred, Failed> {
        match self.slice_of(Task::ForEach, limit).await? {
            Occurred::Nothing => self.slice_of(Task::OnDeploy, limit).await,
            occurred => Ok(occurred),
        }
    }

    async fn slice_of(&mut self, task: Task, limit: u32) -> Result<Occurred, Failed> {
        let versions = self.rules.now();
        let engine = &*versions.active;
        let tx = self.store.write().await?;
        let Some(run) = schedules::claim(&tx, task).await? else { return leave(tx, Occurred::Nothing).await };
        if run.rules > engine.version() || !self.is_ready(&tx, &run, engine).await? {
            return leave(tx, Occurred::NotYet).await;
        }
        let slice = match task {
            Task::OnDeploy => self.deploy(&tx, &run, engine, limit).await?,
            _ => self.for_each(&tx, &run, engine, limit).await?,
        };
        let now = self.clock.second();
        let Some(Slice { found, counts, is_last, news }) = slice else {
            schedules::finish(&tx, &run.key, State::Dropped, now).await?;
            tx.commit().await?;
            return Ok(Occurred::Slice);
        };
        let cursor = found.last().copied().unwrap_or(run.cursor);
        if !schedules::advance(&tx, &run.key, run.cursor, cursor, &counts).await? {
            return Err(Failed::Moved);
        }
        if is_last {
            schedules::finish(&tx, &run.key, State::Done, now).await?;
        }
        tx.commit().await?;
        self.announce(&news);
        Ok(Occurred::Slice)
    }

    /// Lets a schedule come round for the next of its people. None: no rule asks for it any more.
    async fn for_each(&self, tx: &Tx, run: &Run, engine: &Engine, limit: u32) -> Result<Option<Slice>, Failed> {
        let rule = engine.rules().schedules.iter().find(|rule| rule.name == run.key.schedule);
        let (Some(rule), Some(lookups)) = (rule, engine.lookups(&run.key.schedule)) else { return Ok(None) };
        let found = found(tx, lookups, whose(rule, run, engine), run.cursor, limit).await?;
        let mut loaded = self.locked(tx, &found).await?;
        let people = startable(tx, &loaded, rule, run, engine).await?;
        let occurrence = Occurrence { schedule: run.key.schedule.clone(), at: run.key.occurrence };
        let step = |pass: &mut Pass<'_>, id| pass.occur(id, &occurrence);
        let Stepped { news, entries, .. } = self.step_each(tx, &mut loaded, &people, None, &step).await?;
        let is_last = found.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let campaigns: Vec<&str> = engine.started_by(&run.key.schedule).collect();
        let counts = counts(people.len(), &entries, run, &campaigns);
        Ok(Some(Slice { found, counts, is_last, news }))
    }

    /// Starts a campaign for the next of those who match already, until so many have started as it says.
    async fn deploy(&self, tx: &Tx, run: &Run, engine: &Engine, limit: u32) -> Result<Option<Slice>, Failed> {
        let campaign = run.key.schedule.as_str();
        let Some(at_most) = engine.starts_matching(campaign) else { return Ok(None) };
        let left = u64::from(at_most).saturating_sub(run.counts.started);
        let found = if left == 0 { Vec::new() } else { people::page(tx, run.cursor, limit).await? };
        let mut loaded = self.locked(tx, &found).await?;
        let all: BTreeSet<PersonId> = found.iter().copied().collect();
        let Stepped { news, entries, .. } = self
            .step_each(tx, &mut loaded, &all, None, &|pass, id| {
                let entries = pass.changes.entries.iter().map(|(_, entry)| entry);
                let started = entries.filter(|entry| outcome(entry, run, &[campaign]) == Some(true)).count();
                if u64::try_from(started).is_ok_and(|started| started < left) {
                    pass.deploy(id, campaign);
                }
            })
            .await?;
        let is_last = found.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let counts = counts(found.len(), &entries, run, &[campaign]);
        Ok(Some(Slice { found, is_last: is_last || counts.started >= left, counts, news }))
    }

    /// Whether what storage says is how things were when `run` was due: wakes up to then are played, and nobody is
    /// behind the rules, who could be in a segment that is not known yet.
    async fn is_ready(&mut self, tx: &Tx, run: &Run, engine: &Engine) -> Result<bool, Failed> {
        let is_timed = run.task != Task::OnDeploy;
        if is_timed && people::next_wake(tx).await?.is_some_and(|wake| wake <= run.key.occurrence) {
            return Ok(false);
        }
        if self.built != Some(engine.version()) {
            if self.rules.building().is_some() || people::is_anybody_behind(tx, engine.version()).await? {
                return Ok(false);
            }
            self.built = Some(engine.version());
        }
        Ok(true)
    }
}

/// What a slice did, in the transaction that is open.
struct Slice {
    /// Everybody who was looked up, by id.
    found: Vec<PersonId>,
    counts: Counts,
    is_last: bool,
    news: News,
}

/// What became of one of these campaigns, as far as the run itself asked for it: `Some(true)` if it started.
fn outcome(entry: &Entry, run: &Run, campaigns: &[&str]) -> Option<bool> {
    let cause = match run.task {
        Task::OnDeploy => Cause::Rules,
        Task::ForEach | Task::Recheck => Cause::Occurrence(run.key.occurrence),
    };
    let is_own = entry.cause == cause && campaigns.contains(&entry.campaign.as_str());
    match entry.what {
        What::Started if is_own => Some(true),
        What::Refused(_) if is_own => Some(false),
        _ => None,
    }
}

fn counts(people: usize, entries: &[Entry], run: &Run, campaigns: &[&str]) -> Counts {
    let mut counts = Counts { considered: u64::try_from(people).unwrap_or(u64::MAX), ..Counts::default() };
    for entry in entries {
        match outcome(entry, run, campaigns) {
            Some(true) => counts.started += 1,
            Some(false) => counts.refused += 1,
            None => {}
        }
    }
    counts
}

async fn leave(tx: Tx, occurred: Occurred) -> Result<Occurred, Failed> {
    tx.rollback().await?;
    Ok(occurred)
}

/// Whose clocks have shown the time.
fn whose<'a>(rule: &Schedule, run: &'a Run, engine: &Engine) -> In<'a> {
    match rule.time_zone {
        ScheduleZone::Fixed(_) => In::Everywhere,
        ScheduleZone::Person => {
            let zone = run.key.zone.as_str();
            In::Zone { zone, otherwise: Calendar::zone_otherwise(&engine.rules().schema).name() == zone }
        }
    }
}

/// The first people behind `after` to whom any of these ways leads.
async fn found(
    tx: &Tx,
    lookups: &[Lookup],
    whose: In<'_>,
    after: PersonId,
    limit: u32,
) -> Result<Vec<PersonId>, Failed> {
    let mut all = BTreeSet::new();
    for lookup in lookups {
        // Of each the first: those of all are among them.
        all.extend(people::found_by(tx, *lookup, whose, after, limit).await?);
    }
    Ok(all.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// Those of the slice whom the occurrence is for, and for whom it has not begun anything: somebody who moved to
/// another zone meanwhile can be met twice.
async fn startable(
    tx: &Tx,
    loaded: &Loaded,
    rule: &Schedule,
    run: &Run,
    engine: &Engine,
) -> Result<BTreeSet<PersonId>, Failed> {
    let schema = &engine.rules().schema;
    let is_meant = |zone: &str| match rule.time_zone {
        ScheduleZone::Person => zone == run.key.zone,
        ScheduleZone::Fixed(_) => true,
    };
    let meant = loaded.subjects.values().map(|subject| &subject.person);
    let meant = meant.filter(|person| is_meant(Calendar::of(schema, person).zone.name()));
    let begun: Vec<_> =
        meant.map(|person| (person.id, engine.journeys_of(&run.key.schedule, person, run.key.occurrence))).collect();
    let ids: Vec<_> = begun.iter().flat_map(|(_, ids)| ids).copied().collect();
    let known = journeys::known(tx, &ids).await?;
    let fresh = begun.into_iter().filter(|(_, ids)| !ids.iter().any(|id| known.contains(id)));
    Ok(fresh.map(|(person, _)| person).collect())
}

//! Occurrences of schedules. The scheduler sleeps until the earliest one over all zones that people are in, writes
//! down what is due, once whoever does it, and has it worked off in slices beside live traffic.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::json;

use super::timetable::{Due, Timetable};
pub use super::timetable::{MISSED_COUNTED_MAX, ON_TIME};
use crate::clock::Clock;
use crate::intake::{Intake, Occurred, Rules};
use crate::model::id::RulesVersion;
use crate::model::time::{Second, Span};
use crate::store::notices::{self, Notice};
use crate::store::schedules::{self, Key, RUNS_KEPT, Run, State, ZoneRow};
use crate::store::{Store, StoreError, people};

/// People of one transaction.
pub const PEOPLE_PER_SLICE_MAX: u32 = 500;
/// Old runs that are taken away at once.
const PURGED_AT_ONCE_MAX: u32 = 1_000;
/// After a refusal by the database, or while something has to be done first, the next try comes this much later.
const PAUSE: Span = Span(1);
/// A zone that nobody was in before is noticed within this time.
const ZONES_LOOK: Span = Span(60);
/// Where other processes share the database, what they have left unfinished is looked for this often.
const SHARED_LOOK: Span = Span(10);

/// What the scheduler needs.
#[derive(Clone)]
pub struct Occurrences {
    pub store: Arc<Store>,
    pub intake: Intake,
    pub rules: Rules,
    pub clock: Clock,
}

/// Runs until it is dropped.
pub async fn run(occurrences: Occurrences) {
    let mut rules = occurrences.rules.watch();
    loop {
        let next = occurrences.turn().await;
        let next = async {
            match next {
                Some(second) => occurrences.clock.sleep_until(second.0.saturating_mul(1000)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Another rule set can come round earlier. When it is gone for good, so is this.
            changed = rules.changed() => if changed.is_err() { return },
            () = next => {}
        }
    }
}

impl Occurrences {
    /// Does what is due now. Returns when there is something to do again; never, if no schedule does anything.
    pub async fn turn(&self) -> Option<Second> {
        let pause = || Some(self.clock.second().plus(PAUSE));
        let mut next = match self.note_due().await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "schedules could not be looked at");
                return pause();
            }
        };
        loop {
            match self.intake.occur(PEOPLE_PER_SLICE_MAX).await {
                Ok(Occurred::Nothing) => break,
                Ok(Occurred::NotYet) | Err(_) => return next.into_iter().chain(pause()).min(),
                Ok(Occurred::Slice) => {}
            }
            // A long one does not keep others from being noticed in time.
            if next.is_some_and(|next| next <= self.clock.second()) {
                match self.note_due().await {
                    Ok(later) => next = later,
                    Err(_) => return pause(),
                }
            }
        }
        let look = self.store.is_shared().then(|| self.clock.second().plus(SHARED_LOOK));
        next.into_iter().chain(look).min()
    }

    /// Writes down what is due and what was missed. Returns when to look again.
    async fn note_due(&self) -> Result<Option<Second>, StoreError> {
        let versions = self.rules.now();
        let engine = &versions.active;
        let timetable = Timetable::of(engine.rules(), |name| engine.lookups(name).is_some());
        let (reader, now) = (self.store.read(), self.clock.second());
        let known = schedules::zones(&reader).await?;
        let used = if timetable.asks_for_zones() { people::zones_in_use(&reader).await? } else { Vec::new() };
        let due = timetable.look(&known, versions.since, &used, now);
        self.write(&due, &known, engine.version(), now).await?;
        // An occurrence is due when its second is over.
        let next = due.iter().filter_map(|due| due.next).map(Second::next).min();
        let look = timetable.asks_for_zones().then(|| now.plus(ZONES_LOOK));
        Ok(next.into_iter().chain(look).min())
    }

    async fn write(
        &self,
        due: &[Due],
        known: &[ZoneRow],
        version: RulesVersion,
        now: Second,
    ) -> Result<(), StoreError> {
        let moved: Vec<ZoneRow> = due.iter().map(|due| &due.zone).filter(|row| !known.contains(row)).cloned().collect();
        let is_gone =
            |row: &&ZoneRow| !due.iter().any(|due| (&due.zone.schedule, &due.zone.zone) == (&row.schedule, &row.zone));
        let gone: Vec<_> = known.iter().filter(is_gone).map(|row| (row.schedule.as_str(), row.zone.as_str())).collect();
        if moved.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let runs: Vec<Run> = due.iter().filter_map(|due| run_of(due, version, now)).collect();
        let tx = self.store.write().await?;
        let opened = schedules::open(&tx, &runs).await?;
        // Who noticed them first has told.
        let told = runs.iter().filter(|run| run.missed > 0 && opened.contains(&run.key)).map(|run| missed(run, now));
        notices::insert(&tx, &told.collect::<Vec<_>>()).await?;
        schedules::reach(&tx, &moved).await?;
        schedules::forget(&tx, &gone).await?;
        schedules::purge(&tx, now.minus(RUNS_KEPT), PURGED_AT_ONCE_MAX).await?;
        tx.commit().await
    }
}

/// The row of what is due.
fn run_of(due: &Due, version: RulesVersion, now: Second) -> Option<Run> {
    let (schedule, zone) = (due.zone.schedule.clone(), due.zone.zone.clone());
    let run = Run::new(Key { schedule, zone, occurrence: due.newest? }, due.task, version, now);
    let run = Run { missed: due.missed, ..run };
    Some(if due.runs { run } else { Run { state: State::Missed, ended: Some(now), ..run } })
}

/// The line that says so in the activity.
fn missed(run: &Run, now: Second) -> Notice {
    let data = json!({
        "schedule": run.key.schedule,
        "zone": run.key.zone,
        "missed": run.missed,
        "newest": run.key.occurrence.rfc3339(),
        "ran": run.state == State::Open,
    });
    Notice {
        at_ms: now.0.saturating_mul(1000),
        kind: Cow::Borrowed("schedule_missed"),
        person: None,
        key: None,
        data: data.as_object().cloned().unwrap_or_default(),
    }
}

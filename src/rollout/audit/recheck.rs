//! Rechecks that schedules ask for: everybody is recomputed, in slices beside live traffic, each slice written down
//! when it is done, so that a restart goes on where it was.
//!
//! Who may be in a segment and is not looks like anybody else, so everybody is looked at, whatever the segments.

use std::collections::BTreeSet;

use super::auditor::{AuditError, Auditor, Manner};
use crate::model::id::PersonId;
use crate::model::rule::Task;
use crate::store::schedules::{self, Counts, Run, State};
use crate::store::{StoreError, people};

/// How often it is looked whether a recheck is due.
const LOOK_MS: i64 = 5_000;
/// People of one slice.
const SLICE: u32 = 50;
/// Drifts of one slice that get a line in the activity each.
const DRIFTS_TOLD_MAX: u64 = 50;

/// Does the rechecks that come up. Runs until it is dropped.
pub async fn rechecks(auditor: Auditor) {
    loop {
        if let Err(error) = recheck_due(&auditor).await {
            tracing::warn!(%error, "a recheck could not go on; it is tried again");
        }
        auditor.clock.sleep_until(auditor.clock.millis() + LOOK_MS).await;
    }
}

/// Does all rechecks that are open, due first.
///
/// # Errors
/// The database did not answer, or did not take it: what was done is written down.
pub async fn recheck_due(auditor: &Auditor) -> Result<(), AuditError> {
    while let Some(run) = schedules::open_rechecks(&auditor.store.read(), 1).await?.pop() {
        recheck(auditor, run).await?;
    }
    Ok(())
}

/// Goes on with one.
async fn recheck(auditor: &Auditor, mut run: Run) -> Result<(), AuditError> {
    let Some((only, repair)) = task(auditor, &run) else {
        return finish(auditor, &run, State::Dropped).await;
    };
    loop {
        let ids = people::page(&auditor.store.read(), run.cursor, SLICE).await?;
        let Some(last) = ids.last().copied() else { return finish(auditor, &run, State::Done).await };
        let slice = auditor.slice(&ids, Manner { repair, only: only.as_ref(), tell: DRIFTS_TOLD_MAX }).await?;
        // A kill between the slice and this looks at it once more, and finds what was put right to be so.
        let counts = Counts {
            considered: ids.len() as u64,
            drifted: slice.tally.drifts,
            repaired: slice.tally.repaired,
            ..Counts::default()
        };
        if !advance(auditor, &run, last, &counts).await? {
            // Another process is at it.
            return Ok(());
        }
        run.cursor = last;
        auditor.rest().await;
    }
}

/// The segments of a recheck, all if there are none, and whether it puts right; none where no rule asks any more.
fn task(auditor: &Auditor, run: &Run) -> Option<(Option<BTreeSet<String>>, bool)> {
    let versions = auditor.rules.now();
    let schedule = versions.active.rules().schedules.iter().find(|schedule| schedule.name == run.key.schedule)?;
    match &schedule.task {
        Task::Recheck { segments, repair } => {
            Some((segments.as_ref().map(|names| names.iter().cloned().collect()), *repair))
        }
        Task::ForEach(_) => None,
    }
}

async fn advance(auditor: &Auditor, run: &Run, to: PersonId, counts: &Counts) -> Result<bool, StoreError> {
    let tx = auditor.store.write().await?;
    let advanced = schedules::advance(&tx, &run.key, run.cursor, to, counts).await?;
    tx.commit().await?;
    Ok(advanced)
}

async fn finish(auditor: &Auditor, run: &Run, state: State) -> Result<(), AuditError> {
    let tx = auditor.store.write().await?;
    schedules::finish(&tx, &run.key, state, auditor.clock.second()).await?;
    Ok(tx.commit().await?)
}

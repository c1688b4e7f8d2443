//! The loop: sleeps until something is due, claims it, and sees to it that each claim is attempted and settled.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::attempt::{Attempts, Outcome, Phase};
use super::claim::{self, Claim};
use crate::clock::Clock;
use crate::intake::{self, Body, Intake, Item, Refusal, Settle, Settlement};
use crate::store::outbox::{self, PutBack};
use crate::store::{Store, StoreError};

/// Effects that are waited for, attempted or settled at once. Each answer is bounded, so memory is too.
pub const UNDER_WAY_MAX: usize = 512;
/// Effects of one claim.
pub const CLAIM_MAX: u32 = 64;
/// Where other processes share the database, their effects are looked for this often.
const SHARED_LOOK_MILLIS: i64 = 1_000;
/// After a failure of the database the next look comes this much later.
const PAUSE_MILLIS: i64 = 1_000;
/// The pause before a settlement that was refused is handed in again; it doubles.
const SETTLE_PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause.
const SETTLE_PAUSE_MAX: Duration = Duration::from_secs(2);

/// What the loop and its attempts share.
pub(super) struct Desk {
    pub store: Arc<Store>,
    pub intake: Intake,
    pub clock: Clock,
    pub attempts: Attempts,
    pub lease_millis: i64,
}

/// How the work on one effect ended.
enum Ended {
    /// Written down; due again at this instant, in milliseconds, as far as this process decides that.
    Settled(Option<i64>),
    /// Not attempted: to be written down together with others.
    PutBack(PutBack),
}

/// Runs until the server is on its way down and nothing is under way any more.
pub(super) async fn run(desk: Arc<Desk>, mut phase: watch::Receiver<Phase>) {
    let recorded = Arc::clone(&desk.intake.signals().effects);
    let mut under_way = JoinSet::new();
    let mut back = Vec::new();
    let mut due = Some(desk.clock.millis());
    while *phase.borrow_and_update() == Phase::Running {
        due = sooner(due, desk.put_back(&mut back).await);
        let now = desk.clock.millis();
        if due.is_some_and(|due| due <= now) && under_way.len() < UNDER_WAY_MAX {
            due = turn(&desk, &mut under_way, now).await;
            continue;
        }
        let look = desk.store.is_shared().then(|| now.saturating_add(SHARED_LOOK_MILLIS));
        let next = due.into_iter().chain(look).min().filter(|_| under_way.len() < UNDER_WAY_MAX);
        tokio::select! {
            changed = phase.changed() => if changed.is_err() { break },
            Some(ended) = under_way.join_next() => due = sooner(due, hear(ended, &mut under_way, &mut back)),
            () = recorded.notified() => due = Some(now),
            () = until(&desk.clock, next) => due = sooner(due, next),
        }
    }
    while let Some(ended) = under_way.join_next().await {
        hear(ended, &mut under_way, &mut back);
    }
    // What cannot be given back now is due again when its lease is over.
    desk.put_back(&mut back).await;
}

/// Claims what is due and sends it on its way. Returns when to look again.
async fn turn(desk: &Arc<Desk>, under_way: &mut JoinSet<Ended>, now: i64) -> Option<i64> {
    let room = u32::try_from(UNDER_WAY_MAX - under_way.len()).unwrap_or(CLAIM_MAX).min(CLAIM_MAX);
    let claims = match claim::claim(&desk.store, now, desk.lease_millis, room).await {
        Ok(claims) => claims,
        Err(error) => return Some(later(&error, now)),
    };
    let count = claims.len();
    for claim in claims {
        let desk = Arc::clone(desk);
        under_way.spawn(async move { desk.see_to(claim).await });
    }
    if count == usize::try_from(room).unwrap_or(usize::MAX) {
        return Some(now);
    }
    match outbox::next_due(&desk.store.read()).await {
        // Somebody else is claiming it, or it is of a kind that only a newer release knows.
        Ok(Some(next)) if next <= now && count == 0 => Some(now.saturating_add(PAUSE_MILLIS)),
        Ok(next) => next,
        Err(error) => Some(later(&error, now)),
    }
}

fn later(error: &StoreError, now: i64) -> i64 {
    tracing::error!(%error, "the outbox cannot be reached; what is due waits");
    now.saturating_add(PAUSE_MILLIS)
}

fn sooner(due: Option<i64>, other: Option<i64>) -> Option<i64> {
    due.into_iter().chain(other).min()
}

async fn until(clock: &Clock, millis: Option<i64>) {
    match millis {
        Some(millis) => clock.sleep_until(millis).await,
        None => std::future::pending().await,
    }
}

/// Takes note of everything that has ended. Returns when the earliest of it is due again.
fn hear(first: Result<Ended, JoinError>, under_way: &mut JoinSet<Ended>, back: &mut Vec<PutBack>) -> Option<i64> {
    let mut due = None;
    let mut next = Some(first);
    while let Some(ended) = next {
        match ended {
            Ok(Ended::Settled(again)) => due = sooner(due, again),
            Ok(Ended::PutBack(effect)) => back.push(effect),
            // Its lease runs out, and the attempt is counted.
            Err(error) => tracing::error!(%error, "an attempt at an effect panicked"),
        }
        next = under_way.try_join_next();
    }
    due
}

impl Desk {
    /// Attempts and settles.
    async fn see_to(&self, claim: Claim) -> Ended {
        let settlement = match self.attempts.attempt(&claim.due).await {
            Outcome::Settled(settlement) => settlement,
            Outcome::PutBack { at_millis } => {
                return Ended::PutBack(PutBack { id: claim.due.effect.id, fence: claim.fence, due_ms: at_millis });
            }
        };
        let lease_until = claim.due.lease_until;
        let mut pause = SETTLE_PAUSE;
        loop {
            match self.settle(&claim, &settlement).await {
                Ok(due) => return Ended::Settled(due),
                Err(Refusal::Stopping) => return Ended::Settled(Some(lease_until)),
                Err(_) if self.clock.millis() >= lease_until => {
                    tracing::error!(effect = %claim.due.effect.id.0, "how an attempt ended could not be written down");
                    return Ended::Settled(Some(lease_until));
                }
                Err(_) => self.clock.pause(pause).await,
            }
            pause = (pause * 2).min(SETTLE_PAUSE_MAX);
        }
    }

    /// Writes down what was not attempted. Returns when to look again; what could not be written stays.
    async fn put_back(&self, back: &mut Vec<PutBack>) -> Option<i64> {
        if back.is_empty() {
            return None;
        }
        let written = async {
            let tx = self.store.write().await?;
            outbox::put_back(&tx, back).await?;
            tx.commit().await
        };
        match written.await {
            Ok(()) => back.drain(..).map(|effect| effect.due_ms).min(),
            Err(error) => Some(later(&error, self.clock.millis())),
        }
    }

    async fn settle(&self, claim: &Claim, settlement: &Settlement) -> Result<Option<i64>, Refusal> {
        let effect = claim.due.effect.id;
        let settle = Settle { effect, fence: claim.fence, outcome: settlement.clone() };
        let body = Body { items: vec![Item::Settle(settle)], ..Body::default() };
        let receipt = self.intake.submit(body).await?;
        if matches!(receipt.outcomes[..], [intake::Outcome::PassedOver(_)]) {
            tracing::warn!(effect = %effect.0, "the lease had gone to somebody else when the attempt ended");
        }
        Ok(match settlement {
            Settlement::Retry { at_millis, .. } => Some(*at_millis),
            Settlement::Unknown { .. } => {
                tracing::warn!(effect = %effect.0, "nobody knows whether a message was sent; it is held");
                None
            }
            Settlement::Accepted { .. } | Settlement::Delivered { .. } | Settlement::Failed { .. } => None,
        })
    }
}

//! Who waits for whom: so many at once to one host, one after the other to one person, the pace of a sender.
//! Per process; what cannot be done in good time is put back, so that nobody's slowness fills the house.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::Breaker;
use crate::clock::Clock;

/// Those that wait in one lane; the others go back to the outbox for a while.
pub const WAITING_MAX: u32 = 32;
/// The longest that a lane sends away for because it is full.
const AWAY_MILLIS_MAX: i64 = 60_000;
/// From so many lanes on, those are forgotten that nobody is in and that do not rest.
const LANES_KEPT_MAX: usize = 1_024;
/// Where nobody knows yet how long a turn takes.
const TURN_MILLIS: i64 = 100;

/// All lanes that somebody is in, or that are remembered for their failures.
#[derive(Debug, Default)]
pub struct Lanes(Mutex<BTreeMap<String, Lane>>);

#[derive(Debug)]
struct Lane {
    permits: Arc<Semaphore>,
    width: u32,
    /// Under way or waiting.
    inside: u32,
    breaker: Breaker,
    /// How long the last turn took.
    turn_millis: i64,
    /// Up to when those who were sent away fill the lane.
    filled_until: i64,
}

/// A turn in a lane, or the place of somebody who waits for one. It ends when it is dropped.
#[derive(Debug)]
pub struct Turn {
    lanes: Arc<Lanes>,
    lane: String,
    clock: Clock,
    stage: Stage,
    /// How it went has been said.
    is_told: bool,
}

#[derive(Debug)]
enum Stage {
    Waiting,
    Begun { at: i64, _permit: OwnedSemaphorePermit },
}

/// It is not to be done now, but at this instant, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow {
    pub at_millis: i64,
}

impl Lanes {
    /// Waits for a turn in `lane`, which takes `width` at once, until `latest` at most.
    ///
    /// # Errors
    /// [`NotNow`]: the lane is full, rests, or did not come free in time.
    pub async fn enter(self: &Arc<Self>, lane: String, width: u32, clock: &Clock, latest: i64) -> Result<Turn, NotNow> {
        let permits = self.queue(&lane, width, clock.millis())?;
        let mut turn =
            Turn { lanes: Arc::clone(self), lane, clock: clock.clone(), stage: Stage::Waiting, is_told: false };
        let permit = tokio::select! {
            biased;
            permit = permits.acquire_owned() => permit.expect("nobody closes a lane"),
            () = clock.sleep_until(latest) => return Err(NotNow { at_millis: clock.millis() }),
        };
        let at = clock.millis();
        self.with(&turn.lane, |lane| lane.breaker.ask(at))
            .unwrap_or(Ok(()))
            .map_err(|at_millis| NotNow { at_millis })?;
        turn.stage = Stage::Begun { at, _permit: permit };
        Ok(turn)
    }

    /// Takes a place in the lane, or says when there may be one.
    fn queue(&self, name: &str, width: u32, now: i64) -> Result<Arc<Semaphore>, NotNow> {
        let mut lanes = self.lock();
        if lanes.len() >= LANES_KEPT_MAX {
            lanes.retain(|_, lane| lane.inside > 0 || lane.breaker.is_resting());
        }
        let lane = lanes.entry(name.to_owned()).or_insert_with(|| Lane::new(width));
        if lane.inside >= lane.width.saturating_add(WAITING_MAX) {
            return Err(NotNow { at_millis: lane.send_away(now) });
        }
        lane.inside += 1;
        Ok(Arc::clone(&lane.permits))
    }

    fn leave(&self, name: &str) {
        let mut lanes = self.lock();
        if let Some(lane) = lanes.get_mut(name) {
            lane.inside = lane.inside.saturating_sub(1);
            if lane.inside == 0 && lane.breaker.is_blank() {
                lanes.remove(name);
            }
        }
    }

    fn with<T>(&self, name: &str, work: impl FnOnce(&mut Lane) -> T) -> Option<T> {
        self.lock().get_mut(name).map(work)
    }

    /// What is inside are counters: right after each single change, also if somebody panicked between two.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn new(width: u32) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(usize::try_from(width).unwrap_or(1).max(1))),
            width,
            inside: 0,
            breaker: Breaker::default(),
            turn_millis: TURN_MILLIS,
            filled_until: 0,
        }
    }

    /// Everybody who is sent away gets a time of their own to come back, as far as that is foreseeable.
    fn send_away(&mut self, now: i64) -> i64 {
        let behind = self.turn_millis.max(1) / i64::from(self.width.max(1)) + 1;
        let queue = behind.saturating_mul(i64::from(WAITING_MAX / 2));
        self.filled_until = self.filled_until.max(now.saturating_add(queue)).saturating_add(behind);
        if self.filled_until > now.saturating_add(AWAY_MILLIS_MAX) {
            self.filled_until = now.saturating_add(AWAY_MILLIS_MAX);
        }
        self.filled_until
    }
}

impl Turn {
    /// Ends the turn; `failed` if the host is in trouble.
    pub fn end(mut self, failed: bool) {
        self.is_told = true;
        let now = self.clock.millis();
        self.lanes.with(&self.lane, |lane| lane.breaker.hear(failed, now));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Stage::Begun { at, .. } = self.stage {
            let took = self.clock.millis().saturating_sub(at).max(0);
            self.lanes.with(&self.lane, |lane| {
                lane.turn_millis = took;
                if !self.is_told {
                    lane.breaker.give_up();
                }
            });
        }
        self.lanes.leave(&self.lane);
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaker::{FAILURES_MAX, REST_MILLIS};
    use super::*;
    use crate::model::time::Second;

    const LATEST: i64 = 40_000;

    async fn enter(lanes: &Arc<Lanes>, clock: &Clock) -> Result<Turn, NotNow> {
        lanes.enter("a".to_owned(), 2, clock, LATEST).await
    }

    #[tokio::test]
    async fn the_third_waits_until_one_is_back() {
        let (lanes, clock) = (Arc::new(Lanes::default()), Clock::manual(Second(0)));
        let first = enter(&lanes, &clock).await.unwrap();
        let _second = enter(&lanes, &clock).await.unwrap();
        let third = tokio::spawn({
            let (lanes, clock) = (Arc::clone(&lanes), clock.clone());
            async move { enter(&lanes, &clock).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        first.end(false);
        assert_eq!(third.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn nobody_waits_past_the_last_moment() {
        let (lanes, clock) = (Arc::new(Lanes::default()), Clock::manual(Second(0)));
        let _turns = [enter(&lanes, &clock).await.unwrap(), enter(&lanes, &clock).await.unwrap()];
        clock.advance_to(Second(LATEST / 1000));
        assert_eq!(enter(&lanes, &clock).await.map(drop), Err(NotNow { at_millis: LATEST }));
        assert_eq!(lanes.lock().get("a").map(|lane| lane.inside), Some(2));
    }

    #[tokio::test]
    async fn a_full_lane_sends_away_for_at_most_a_minute() {
        let (lanes, clock) = (Arc::new(Lanes::default()), Clock::manual(Second(0)));
        lanes.lock().insert("a".to_owned(), Lane { inside: 2 + WAITING_MAX, ..Lane::new(2) });
        let mut before = 0;
        for _ in 0..2_000 {
            let at = enter(&lanes, &clock).await.map(drop).unwrap_err().at_millis;
            assert!(at > 0 && at >= before && at <= AWAY_MILLIS_MAX, "{at}");
            before = at;
        }
        assert_eq!(before, AWAY_MILLIS_MAX);
    }

    #[tokio::test]
    async fn a_host_that_only_fails_rests_and_the_others_do_not() {
        let (lanes, clock) = (Arc::new(Lanes::default()), Clock::manual(Second(0)));
        for _ in 0..FAILURES_MAX {
            enter(&lanes, &clock).await.unwrap().end(true);
        }
        assert_eq!(enter(&lanes, &clock).await.map(drop), Err(NotNow { at_millis: REST_MILLIS }));
        assert!(lanes.enter("b".to_owned(), 2, &clock, LATEST).await.is_ok());
        clock.advance_to(Second(REST_MILLIS / 1000));
        let probe = lanes.enter("a".to_owned(), 2, &clock, REST_MILLIS * 2).await.unwrap();
        assert!(lanes.enter("a".to_owned(), 2, &clock, REST_MILLIS * 2).await.is_err());
        probe.end(false);
        assert!(lanes.lock().is_empty());
    }
}

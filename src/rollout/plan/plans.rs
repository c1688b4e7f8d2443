//! Plans under way and those that are done: one at a time, results for an hour.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use ulid::Ulid;

use super::report::Plan;
use super::walk;
use crate::model::time::Span;
use crate::rollout::publish::{Files, PublishError, Refused, compile_over};
use crate::rollout::publisher::Publisher;
use crate::store::rules;

/// A result is kept so long.
pub const RESULT_LIFE: Span = Span::hours(1);
/// Results that are kept; of more the oldest go.
const RESULTS_MAX: usize = 20;

/// All plans of a process. Clones are the same ones.
#[derive(Clone)]
pub struct Plans {
    publisher: Publisher,
    /// One at a time: it takes a processor.
    turn: Arc<Semaphore>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    tasks: JoinSet<()>,
    plans: BTreeMap<Ulid, Arc<Progress>>,
}

/// What came of asking for a plan.
#[derive(Debug)]
pub enum Started {
    /// It is under way.
    Running,
    /// Another one is.
    Busy,
    /// The files do not load: nothing would change.
    Refused(Refused),
}

/// How far a plan is.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    all: AtomicU64,
    result: Mutex<Option<Ended>>,
}

#[derive(Clone, Debug)]
struct Ended {
    at_ms: i64,
    result: Result<Plan, String>,
}

impl Progress {
    /// So many people are to be looked at.
    pub(super) fn begin(&self, people: u64) {
        self.all.store(people, Ordering::Relaxed);
    }

    pub(super) fn add(&self, people: u64) {
        self.done.fetch_add(people, Ordering::Relaxed);
    }

    /// People looked at, and how many there are to be looked at.
    #[must_use]
    pub fn people(&self) -> (u64, u64) {
        let done = self.done.load(Ordering::Relaxed);
        (done, self.all.load(Ordering::Relaxed).max(done))
    }

    /// What came of it, or why nothing did; none while it is under way.
    #[must_use]
    pub fn result(&self) -> Option<Result<Plan, String>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|ended| ended.result.clone())
    }

    fn finish(&self, at_ms: i64, result: Result<Plan, String>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ended { at_ms, result });
    }

    fn ended_before(&self, ms: i64) -> bool {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|ended| ended.at_ms < ms)
    }
}

impl Plans {
    #[must_use]
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher, turn: Arc::new(Semaphore::new(1)), kept: Arc::default() }
    }

    /// Starts a plan for `files` under `id`, which is new.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn start(&self, id: Ulid, files: Files) -> Result<Started, PublishError> {
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return Ok(Started::Busy) };
        let active = rules::active(&self.publisher.store.read()).await?;
        let next = match compile_over(files, active).await {
            Ok(next) => next,
            Err(refused) => return Ok(Started::Refused(refused)),
        };
        let progress = Arc::new(Progress::default());
        let (publisher, shown) = (self.publisher.clone(), Arc::clone(&progress));
        let plan = async move {
            let planned = AssertUnwindSafe(walk::plan(&publisher, next, &shown)).catch_unwind().await;
            let result = match planned {
                Ok(result) => result.map_err(in_words),
                Err(_) => Err("the plan panicked; this is a fault of ours".to_owned()),
            };
            shown.finish(publisher.clock.millis(), result);
            drop(turn);
        };
        let mut kept = self.kept();
        // Those that have ended let go of what they held.
        while kept.tasks.try_join_next().is_some() {}
        if kept.plans.len() >= RESULTS_MAX {
            kept.plans.pop_first();
        }
        kept.plans.insert(id, progress);
        kept.tasks.spawn(plan);
        Ok(Started::Running)
    }

    /// The plan of this id, unless it is too old.
    #[must_use]
    pub fn get(&self, id: Ulid) -> Option<Arc<Progress>> {
        let oldest = self.publisher.clock.millis().saturating_sub(RESULT_LIFE.0 * 1_000);
        let mut kept = self.kept();
        kept.plans.retain(|_, progress| !progress.ended_before(oldest));
        kept.plans.get(&id).cloned()
    }

    /// Gives up what is under way.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut self.kept().tasks);
        tasks.shutdown().await;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_words(error: PublishError) -> String {
    match error {
        PublishError::Overtaken => "other rules came into force meanwhile; plan again".to_owned(),
        PublishError::Store(error) => {
            tracing::error!(%error, "a plan was not finished");
            "the database did not answer; plan again".to_owned()
        }
        other => other.to_string(),
    }
}

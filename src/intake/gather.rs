//! The queue in front of the database, and the writer behind it.
//!
//! No timer, no artificial delay: while one transaction commits, the next batch gathers. The queue is
//! bounded; past the bound the answer is a refusal at once, never a late time-out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::item::{Body, Receipt, Refusal};
use super::mend::Mended;
use super::occur::Occurred;
use super::slice::{Brought, Slice};
use super::touched::Touched;
use super::write::Writer;
use crate::model::id::PersonId;
use crate::model::time::Second;
use crate::telemetry::Metrics;

/// Items that may wait or be under way at once.
pub const QUEUE_ITEMS_MAX: usize = 2_000;
/// Items of one batch, unless a single body has more: a body is never split.
pub const BATCH_ITEMS_MAX: usize = 1_000;
/// A body is answered within this time, with a refusal if need be.
pub const BUDGET: Duration = Duration::from_millis(4_500);

/// The way in. Clones lead to the same queue.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::UnboundedSender<Work>,
    places: Arc<Semaphore>,
    signals: Signals,
}

/// What the rest of the server learns from the intake, and waits on.
#[derive(Clone, Default)]
pub struct Signals {
    /// Grows with each commit that changed something.
    pub commits: Arc<watch::Sender<u64>>,
    /// An effect was recorded that can be tried now.
    pub effects: Arc<Notify>,
    /// Somebody's wake moved earlier.
    pub wakes: Arc<Notify>,
    /// Whose row has changed, for who looks whether it is right.
    pub touched: Touched,
    pub metrics: Metrics,
}

pub(super) enum Work {
    Body {
        body: Body,
        reply: oneshot::Sender<Result<Receipt, Refusal>>,
        place: OwnedSemaphorePermit,
    },
    /// Play the wakes that are due, at most so many people; answers how many were.
    Due {
        limit: u32,
        reply: oneshot::Sender<Result<Played, Refusal>>,
    },
    /// Work off a slice of the occurrence that is due first, at most so many people.
    Occur {
        limit: u32,
        reply: oneshot::Sender<Result<Occurred, Refusal>>,
    },
    /// Bring the people of a slice up to the active rule set; answers how many came up to it.
    CatchUp {
        slice: Slice,
        reply: oneshot::Sender<Result<Brought, Refusal>>,
    },
    /// Put right what is stored of these people, where it is not so.
    Mend {
        people: Vec<PersonId>,
        reply: oneshot::Sender<Result<Vec<Mended>, Refusal>>,
    },
}

/// What a call of [`Intake::play_due`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    pub people: u32,
    /// The earliest wake that is left.
    pub next: Option<Second>,
}

impl Intake {
    /// Starts the writer and returns the way to it, with the task that ends when every clone is gone.
    #[must_use]
    pub fn start(writer: Writer, signals: Signals) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, waiting) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(writer, waiting));
        (Self { queue, places: Arc::new(Semaphore::new(QUEUE_ITEMS_MAX)), signals }, task)
    }

    /// Takes a body in. Returns when it is committed, or refused with nothing stored.
    ///
    /// The work is detached: dropping the future loses the answer, not the body.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing was stored.
    pub async fn submit(&self, body: Body) -> Result<Receipt, Refusal> {
        let places = u32::try_from(body.items.len().clamp(1, QUEUE_ITEMS_MAX)).unwrap_or(1);
        let place = Arc::clone(&self.places).try_acquire_many_owned(places).map_err(|_| Refusal::Full)?;
        let answer = self.ask(|reply| Work::Body { body, reply, place });
        // Waiting behind others counts too. Who is refused here may have been stored: a retry is then a no-op.
        tokio::time::timeout(BUDGET, answer).await.unwrap_or(Err(Refusal::Unavailable))
    }

    /// Plays the wakes that are due, of at most `limit` people.
    ///
    /// # Errors
    /// [`Refusal`] when the database did not take it.
    pub async fn play_due(&self, limit: u32) -> Result<Played, Refusal> {
        self.ask(|reply| Work::Due { limit, reply }).await
    }

    /// Works off a slice, of at most `limit` people, of the open occurrence that is due first.
    ///
    /// # Errors
    /// [`Refusal`] when the database did not take it.
    pub async fn occur(&self, limit: u32) -> Result<Occurred, Refusal> {
        self.ask(|reply| Work::Occur { limit, reply }).await
    }

    /// Brings the people of a slice up to the active rule set; returns how many came up to it, and how long it took.
    ///
    /// # Errors
    /// [`Refusal`] when the database did not take it.
    pub async fn catch_up(&self, slice: Slice) -> Result<Brought, Refusal> {
        self.ask(|reply| Work::CatchUp { slice, reply }).await
    }

    /// Recomputes these people under their locks, and puts right what is not as it should be. Says who that were.
    ///
    /// # Errors
    /// [`Refusal`] when the database did not take it.
    pub async fn mend(&self, people: Vec<PersonId>) -> Result<Vec<Mended>, Refusal> {
        self.ask(|reply| Work::Mend { people, reply }).await
    }

    /// What to wait on for changes.
    #[must_use]
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Work) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(work(reply)).map_err(|_| Refusal::Stopping)?;
        answer.await.unwrap_or(Err(Refusal::Unavailable))
    }
}

/// Bodies that wait together become one transaction; other work stands between them in its place.
async fn run(mut writer: Writer, mut waiting: mpsc::UnboundedReceiver<Work>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(work) => work,
            None => match waiting.recv().await {
                Some(work) => work,
                None => return,
            },
        };
        match first {
            Work::Due { limit, reply } => {
                let _ = reply.send(writer.play_due(limit).await);
            }
            Work::Occur { limit, reply } => {
                let _ = reply.send(writer.occur(limit).await);
            }
            Work::CatchUp { slice, reply } => {
                let _ = reply.send(writer.catch_up(&slice).await);
            }
            Work::Mend { people, reply } => {
                let _ = reply.send(writer.mend(&people).await);
            }
            Work::Body { body, reply, place } => {
                let mut batch = vec![(body, reply, place)];
                next = gather(&mut batch, &mut waiting);
                take_in(&mut writer, batch).await;
            }
        }
    }
}

type Waiting = (Body, oneshot::Sender<Result<Receipt, Refusal>>, OwnedSemaphorePermit);

/// Adds the bodies that wait already, up to the bound; returns what came next and does not belong to them.
fn gather(batch: &mut Vec<Waiting>, waiting: &mut mpsc::UnboundedReceiver<Work>) -> Option<Work> {
    let mut items: usize = batch.iter().map(|(body, ..)| body.items.len()).sum();
    while let Ok(work) = waiting.try_recv() {
        match work {
            Work::Body { body, reply, place } if items + body.items.len() <= BATCH_ITEMS_MAX => {
                items += body.items.len();
                batch.push((body, reply, place));
            }
            other => return Some(other),
        }
    }
    None
}

async fn take_in(writer: &mut Writer, batch: Vec<Waiting>) {
    let (bodies, replies): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|(body, reply, place)| (body, (reply, place))).unzip();
    let receipts = writer.take_in(&bodies).await;
    for (receipt, (reply, place)) in receipts.into_iter().zip(replies) {
        drop(place);
        // The client may have hung up: the body is taken in all the same.
        let _ = reply.send(receipt);
    }
}

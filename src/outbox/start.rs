//! Putting the outbox together, and taking it down.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::attempt::{Attempts, Phase, SETTLE_TIME, Timing};
use super::deliver::{Courier, NoClient};
use super::guard::Allow;
use super::run::{self, Desk};
use crate::clock::Clock;
use crate::intake::Intake;
use crate::providers::webhook::Secret;
use crate::providers::whatsapp::write::Account;
use crate::store::Store;

/// What an operator decides about sending.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The number that messages are sent from. Without one they fail with a reason.
    pub account: Option<Account>,
    /// All of them sign webhooks.
    pub webhook_secrets: Vec<Secret>,
    /// Private addresses that rule authors' URLs may reach.
    pub allow: Allow,
    pub timing: Timing,
}

/// Why the outbox does not start.
#[derive(Debug)]
pub enum CannotStart {
    /// A lease must hold for two requests, one after the other, and for writing down how they ended.
    LeaseTooShort(Timing),
    Client(NoClient),
}

/// An outbox at work.
pub struct Outbox {
    phase: watch::Sender<Phase>,
    task: JoinHandle<()>,
}

impl Outbox {
    /// Starts to deliver what is due in `store`, and settles it through `intake`.
    ///
    /// # Errors
    /// [`CannotStart`].
    pub fn start(store: Arc<Store>, intake: Intake, clock: Clock, settings: Settings) -> Result<Self, CannotStart> {
        let timing = settings.timing;
        if timing.lease <= timing.deadline.saturating_mul(2).saturating_add(SETTLE_TIME) {
            return Err(CannotStart::LeaseTooShort(timing));
        }
        let courier = Courier::new(settings.allow, Courier::system_lookup()).map_err(CannotStart::Client)?;
        let (phase, watched) = watch::channel(Phase::Running);
        let Settings { account, webhook_secrets, .. } = settings;
        let attempts = Attempts::new(courier, clock.clone(), account, webhook_secrets, timing, watched.clone());
        let lease_millis = i64::try_from(timing.lease.as_millis()).unwrap_or(i64::MAX);
        let desk = Arc::new(Desk { store, intake, clock, attempts, lease_millis });
        Ok(Self { phase, task: tokio::spawn(run::run(desk, watched)) })
    }

    /// Claims nothing more from now on; what waits for its turn goes back.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Drains, gives what is under way `grace` to finish, cuts off the rest and returns when all of it is
    /// written down. The intake must still be there.
    pub async fn stop(self, grace: Duration) {
        self.drain();
        let mut task = self.task;
        let mut ended = tokio::time::timeout(grace, &mut task).await;
        if ended.is_err() {
            self.phase.send_replace(Phase::Cutting);
            ended = Ok(task.await);
        }
        if let Ok(Err(error)) = ended {
            tracing::error!(%error, "the outbox panicked");
        }
    }
}

impl fmt::Display for CannotStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaseTooShort(Timing { lease, deadline }) => write!(
                f,
                "a lease of {} s is too short for two requests of up to {} s each",
                lease.as_secs(),
                deadline.as_secs()
            ),
            Self::Client(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CannotStart {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::LeaseTooShort(_) => None,
            Self::Client(error) => Some(error),
        }
    }
}

//! One attempt at one effect: may it be, when is its turn, out with it, and what follows.
//! Nothing is stored here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::deliver::{Courier, Ending, Trouble, Written};
use super::lanes::{Lanes, NotNow, Turn};
use super::outcome::{self, Try, Verdict};
use super::pace::Pace;
use super::policy::{self, Addressee};
use super::retry::Chance;
use crate::chance;
use crate::clock::Clock;
use crate::intake::Settlement;
use crate::model::effect::{Body, Call, Effect, EffectKind, Outgoing};
use crate::providers::webhook::{self, Secret};
use crate::providers::whatsapp::write::{self as whatsapp, Account, Recipient};

/// Webhooks under way to one host at once.
pub const SENDS_PER_HOST_MAX: u32 = 2;
/// Messages under way from one sender at once: more than its pace fills unless the provider hangs.
pub const SENDS_PER_SENDER_MAX: u32 = 128;
/// What is left of a lease for writing down how an attempt ended.
pub const SETTLE_TIME: Duration = Duration::from_secs(5);

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// An effect is ours for this long.
    pub lease: Duration,
    /// A request ends within this time, from the name to the last byte of the answer.
    pub deadline: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), deadline: Duration::from_secs(15) }
    }
}

/// An effect that this process has claimed.
#[derive(Clone, Debug)]
pub struct Due {
    pub effect: Effect,
    /// None: the effect concerns nobody.
    pub person: Option<Recorded>,
    /// The number of the effect among those to its endpoint for its person.
    pub sequence: u64,
    /// 1, 2 … with this one.
    pub attempts: u32,
    /// Its last holder has not told how that attempt ended.
    pub is_abandoned: bool,
    /// In milliseconds.
    pub lease_until: i64,
}

/// The person of an effect, at the moment of the claim.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub id: crate::model::id::PersonId,
    /// None: the person was erased.
    pub addressee: Option<Addressee>,
}

/// What is to be written down.
#[derive(Clone, Debug)]
pub enum Outcome {
    Settled(Settlement),
    /// It was not attempted, and may be from this instant on, in milliseconds.
    PutBack {
        at_millis: i64,
    },
}

/// How far a server is on its way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Running,
    /// Nothing new begins; what is under way may finish.
    Draining,
    /// What is still under way is cut off.
    Cutting,
}

/// Everything an attempt needs. Shared by all that are under way.
pub struct Attempts {
    courier: Courier,
    clock: Clock,
    lanes: Arc<Lanes>,
    sender: Option<Sender>,
    secrets: Vec<Secret>,
    timing: Timing,
    phase: watch::Receiver<Phase>,
    told_no_sender: AtomicBool,
}

struct Sender {
    account: Account,
    pace: Mutex<Pace>,
}

impl Attempts {
    /// Attempts that go out through `courier`. Without an `account` no message is sent.
    #[must_use]
    pub fn new(
        courier: Courier,
        clock: Clock,
        account: Option<Account>,
        secrets: Vec<Secret>,
        timing: Timing,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let sender =
            account.map(|account| Sender { account, pace: Mutex::new(Pace::new(super::pace::MESSAGES_PER_SECOND)) });
        Self {
            courier,
            clock,
            lanes: Arc::default(),
            sender,
            secrets,
            timing,
            phase,
            told_no_sender: AtomicBool::new(false),
        }
    }

    /// Attempts one effect, if it may and can be attempted before its lease is over.
    pub async fn attempt(&self, due: &Due) -> Outcome {
        let outcome = match &due.effect.kind {
            EffectKind::Send(outgoing) => self.send(due, outgoing).await,
            EffectKind::Webhook(call) => self.call(due, call).await,
        };
        outcome.unwrap_or_else(|early| early)
    }

    /// `Err` is an outcome too: the one that came early.
    async fn call(&self, due: &Due, call: &Call) -> Result<Outcome, Outcome> {
        if due.person.as_ref().is_some_and(|person| person.addressee.is_none()) {
            return Err(failed("erased"));
        }
        self.expiry(due)?;
        let destination = self.courier.allow().judge(&call.url).map_err(|refused| failed(refused.to_string()))?;
        let turn = self.turn(destination.host, SENDS_PER_HOST_MAX, self.latest(due, 1)).await?;
        self.expiry(due)?;
        let attempt = webhook::Attempt { id: due.effect.id, sequence: due.sequence, at: self.clock.second() };
        let request = webhook::write(call, attempt, &self.secrets);
        let asked = call.timeout.and_then(|span| u64::try_from(span.0).ok()).filter(|seconds| *seconds > 0);
        let deadline =
            asked.map_or(self.timing.deadline, |seconds| Duration::from_secs(seconds).min(self.timing.deadline));
        let ending = self.carry(&request, Written::ByAuthor, deadline).await;
        turn.end(outcome::is_trouble(&ending));
        Ok(Outcome::Settled(outcome::webhook(&ending, call, self.this_try(due))))
    }

    async fn send(&self, due: &Due, outgoing: &Outgoing) -> Result<Outcome, Outcome> {
        if due.is_abandoned {
            // Whoever had it may have sent it and come to grief before saying so.
            let reason = "the process stopped in the middle of the send".to_owned();
            return Err(Outcome::Settled(Settlement::Unknown { reason }));
        }
        self.expiry(due)?;
        let person = due.person.as_ref().ok_or_else(|| failed("nobody to send to"))?;
        let addressee = person.addressee.as_ref();
        // Who must not get it is told so at once, not when it would be their turn.
        policy::plan(outgoing, addressee, self.clock.second()).map_err(failed)?;
        let sender = self.sender.as_ref().ok_or_else(|| self.no_sender())?;
        let latest = self.latest(due, 2);
        let _in_order = self.turn(format!("person {}", person.id.0), 1, latest).await?;
        let _among_all = self.turn(sender.account.phone_number_id.clone(), SENDS_PER_SENDER_MAX, latest).await?;
        self.pace(sender, latest).await?;
        self.expiry(due)?;
        let plan = policy::plan(outgoing, addressee, self.clock.second()).map_err(failed)?;
        let mut verdict = self.post(due, plan.body, plan.to, sender).await?;
        if let (true, Some(otherwise)) = (verdict.is_window_closed, plan.otherwise) {
            verdict = self.post(due, otherwise, plan.to, sender).await?;
        }
        Ok(Outcome::Settled(verdict.settlement))
    }

    async fn post(&self, due: &Due, body: &Body, to: Recipient<'_>, sender: &Sender) -> Result<Verdict, Outcome> {
        let request = whatsapp::write(due.effect.id, body, to, &sender.account)
            .map_err(|unwritable| failed(unwritable.to_string()))?;
        let ending = self.carry(&request, Written::ByOperator, self.timing.deadline).await;
        let verdict = outcome::message(&ending, &sender.account.phone_number_id, self.this_try(due));
        if let Some(until) = verdict.pause_until_millis {
            sender.pace.lock().unwrap_or_else(PoisonError::into_inner).pause(until);
        }
        if verdict.is_sender_stopped {
            tracing::error!("WhatsApp refuses everything from our number or account; sends wait and are tried again");
        }
        Ok(verdict)
    }

    /// Waits for a turn in a lane, unless the server is on its way down.
    async fn turn(&self, lane: String, width: u32, latest: i64) -> Result<Turn, Outcome> {
        tokio::select! {
            biased;
            () = self.reached(Phase::Draining) => Err(self.put_back_now()),
            turn = self.lanes.enter(lane, width, &self.clock, latest) => {
                turn.map_err(|NotNow { at_millis }| Outcome::PutBack { at_millis })
            }
        }
    }

    /// Waits until the sender may send one more.
    async fn pace(&self, sender: &Sender, latest: i64) -> Result<(), Outcome> {
        let at_millis = {
            let mut pace = sender.pace.lock().unwrap_or_else(PoisonError::into_inner);
            match pace.paused_until(self.clock.millis()) {
                Some(until) => return Err(Outcome::PutBack { at_millis: until }),
                None => pace.next(self.clock.millis()),
            }
        };
        if at_millis > latest {
            return Err(Outcome::PutBack { at_millis });
        }
        tokio::select! {
            biased;
            () = self.reached(Phase::Draining) => Err(self.put_back_now()),
            () = self.clock.sleep_until(at_millis) => Ok(()),
        }
    }

    async fn carry(&self, request: &crate::providers::Request, written: Written, deadline: Duration) -> Ending {
        tokio::select! {
            biased;
            ending = self.courier.carry(request, written, deadline) => ending,
            () = self.reached(Phase::Cutting) => Ending::Cut(Trouble::Stopped),
        }
    }

    /// Returns once the server is that far on its way down.
    async fn reached(&self, phase: Phase) {
        let mut watched = self.phase.clone();
        if watched.wait_for(|now| *now >= phase).await.is_err() {
            // Nobody is left to say so.
            std::future::pending::<()>().await;
        }
    }

    /// The last moment at which so many requests can begin and still be settled under the lease.
    fn latest(&self, due: &Due, requests: u32) -> i64 {
        let needed = self.timing.deadline.saturating_mul(requests).saturating_add(SETTLE_TIME);
        due.lease_until.saturating_sub(i64::try_from(needed.as_millis()).unwrap_or(i64::MAX))
    }

    fn expiry(&self, due: &Due) -> Result<(), Outcome> {
        if policy::is_expired(&due.effect, self.clock.second()) { Err(failed("expired")) } else { Ok(()) }
    }

    fn this_try(&self, due: &Due) -> Try {
        Try {
            number: due.attempts,
            now_millis: self.clock.millis(),
            expires: due.effect.expires,
            chance: Chance(u32::from_be_bytes(chance::bytes())),
        }
    }

    fn put_back_now(&self) -> Outcome {
        Outcome::PutBack { at_millis: self.clock.millis() }
    }

    fn no_sender(&self) -> Outcome {
        if !self.told_no_sender.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "messages are not sent: set ANTIPHON_WHATSAPP_PHONE_NUMBER_ID and ANTIPHON_WHATSAPP_ACCESS_TOKEN"
            );
        }
        failed("no sender configured")
    }
}

fn failed(reason: impl Into<String>) -> Outcome {
    Outcome::Settled(Settlement::Failed { reason: reason.into() })
}

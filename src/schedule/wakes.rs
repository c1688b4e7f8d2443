//! Plays wakes in due order, each when its second is over.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::intake::{Intake, Played};
use crate::model::time::{Second, Span};

/// People of one transaction: their wakes are played together.
pub const WAKES_PER_TURN_MAX: u32 = 500;
/// After a refusal by the database the next try comes this much later.
const PAUSE: Span = Span(1);
/// Where other processes share the database, their wakes are looked for this often.
const SHARED_LOOK: Span = Span(1);

/// Runs until it is dropped. `shared`: other processes write to the same database.
pub async fn run(intake: Intake, clock: Clock, shared: bool) {
    let earlier = Arc::clone(&intake.signals().wakes);
    loop {
        match intake.play_due(WAKES_PER_TURN_MAX).await {
            Ok(Played { people: WAKES_PER_TURN_MAX, .. }) => {}
            Ok(Played { next, .. }) => wait(&clock, next, shared, &earlier).await,
            Err(_) => clock.sleep_until(clock.millis() + PAUSE.0 * 1000).await,
        }
    }
}

/// Until the second of the next wake is over, or an earlier one has come up.
async fn wait(clock: &Clock, next: Option<Second>, shared: bool, earlier: &Notify) {
    let look = shared.then(|| clock.second().plus(SHARED_LOOK));
    let due = [next.map(Second::next), look].into_iter().flatten().min();
    tokio::select! {
        () = earlier.notified() => {}
        () = async {
            match due {
                Some(second) => clock.sleep_until(second.0.saturating_mul(1000)).await,
                None => std::future::pending().await,
            }
        } => {}
    }
}

//! Brings everybody up to the active rule set, in slices beside live traffic. Whoever is touched
//! meanwhile is brought up then and there, by the same code.

use crate::clock::Clock;
use crate::intake::Intake;

/// People of one slice: one transaction.
const SLICE: u32 = 500;
/// After a refusal by the database the next try comes this much later.
const PAUSE_MS: i64 = 1_000;

/// Runs until nobody is behind. Returns how many were.
pub async fn run(intake: &Intake, clock: &Clock) -> u64 {
    let mut done = 0;
    loop {
        match intake.catch_up(SLICE).await {
            Ok(0) => return done,
            Ok(people) => done += u64::from(people),
            Err(_) => clock.sleep_until(clock.millis() + PAUSE_MS).await,
        }
    }
}

//! The only reader of time. Everything else gets instants as arguments, or waits here.
//!
//! The host's clock can be set, by hand, by a service, by a machine that was asleep. A small step is taken as it is.
//! A large one is taken when it has stood for a while: until then time goes on as the steady clock counts it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::model::time::Second;

/// A step of the host's clock that is larger than this, either way, is doubted.
pub const STEP_MILLIS_MAX: i64 = 5 * 60 * 1000;
/// A large step is taken once it has stood for this long.
pub const DOUBT_MILLIS: i64 = 30 * 1000;
/// Who waits looks at the clock at least this often: it may have been set.
const LOOK: Duration = Duration::from_secs(5);

/// Where the process gets its time from. Clones share one source.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// What of the host's clock is believed, and the start of the steady clock.
    System(Arc<Mutex<Trust>>, Instant),
    /// Milliseconds, moved by whoever holds the sender.
    Manual(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// The host's clock.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the steady clock")]
        let start = Instant::now();
        Self(Source::System(Arc::new(Mutex::new(Trust::new(host_millis(), 0))), start))
    }

    /// A clock that stands still until [`Clock::advance_to`] moves it.
    #[must_use]
    pub fn manual(start: Second) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(start.0.saturating_mul(1000)))))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(&self) -> i64 {
        match &self.0 {
            Source::System(trust, start) => {
                let mut trust = trust.lock().unwrap_or_else(PoisonError::into_inner);
                let doubted = trust.is_doubtful();
                let now = trust.read(host_millis(), i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX));
                match (doubted, trust.is_doubtful()) {
                    (false, true) => {
                        tracing::warn!("the host's clock was set by more than five minutes; it is waited for")
                    }
                    (true, false) => tracing::warn!("the host's clock is believed again"),
                    _ => {}
                }
                now
            }
            Source::Manual(millis) => *millis.borrow(),
        }
    }

    /// Whether the host's clock was set so far that it is not believed yet.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        let _now = self.millis();
        match &self.0 {
            Source::System(trust, _) => trust.lock().unwrap_or_else(PoisonError::into_inner).is_doubtful(),
            Source::Manual(_) => false,
        }
    }

    /// The second that is running.
    #[must_use]
    pub fn second(&self) -> Second {
        Second(self.millis().div_euclid(1000))
    }

    /// Waits until the clock shows `millis` or more.
    pub async fn sleep_until(&self, millis: i64) {
        match &self.0 {
            Source::System(..) => loop {
                let left = millis.saturating_sub(self.millis());
                if left <= 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(left.unsigned_abs()).min(LOOK)).await;
            },
            Source::Manual(source) => {
                // Fails only when every sender is gone; this clone holds one.
                let _ = source.subscribe().wait_for(|now| *now >= millis).await;
            }
        }
    }

    /// Lets others go on for a moment. It is real time on the host's clock only: a manual clock does not wait for it.
    pub async fn pause(&self, length: Duration) {
        match &self.0 {
            Source::System(..) => tokio::time::sleep(length).await,
            Source::Manual(_) => tokio::task::yield_now().await,
        }
    }

    /// Moves a manual clock; the host's clock is not moved by anybody.
    pub fn advance_to(&self, second: Second) {
        if let Source::Manual(millis) = &self.0 {
            millis.send_modify(|now| *now = (*now).max(second.0.saturating_mul(1000)));
        }
    }
}

/// Milliseconds since 1970, as the host has them.
fn host_millis() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the host's clock")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// What of a clock that can be set is believed, by a steady one. All in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Trust {
    /// The last time that was believed, and when that was by the steady clock.
    believed: i64,
    steady: i64,
    doubt: Option<Doubt>,
}

/// A time that is too far from what was to be expected.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    /// Since when by the steady clock.
    since: i64,
    /// By how much it is off.
    step: i64,
}

impl Trust {
    fn new(host: i64, steady: i64) -> Self {
        Self { believed: host, steady, doubt: None }
    }

    fn is_doubtful(&self) -> bool {
        self.doubt.is_some()
    }

    /// The time, when the host's clock shows `host` and the steady one `steady`.
    fn read(&mut self, host: i64, steady: i64) -> i64 {
        let expected = self.believed.saturating_add(steady - self.steady);
        let step = host.saturating_sub(expected);
        let is_large = |step: i64| step.saturating_abs() > STEP_MILLIS_MAX;
        // Another step is doubted anew.
        let doubt = self.doubt.filter(|doubt| !is_large(step.saturating_sub(doubt.step)));
        let doubt = doubt.unwrap_or(Doubt { since: steady, step });
        let is_believed = !is_large(step) || steady - doubt.since >= DOUBT_MILLIS;
        self.doubt = Some(doubt).filter(|_| !is_believed);
        (self.believed, self.steady) = (if is_believed { host } else { expected }, steady);
        self.believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_small_step_is_taken_as_it_is() {
        let mut trust = Trust::new(1_000, 0);
        assert_eq!(trust.read(1_000 + STEP_MILLIS_MAX, 0), 1_000 + STEP_MILLIS_MAX);
        assert_eq!(trust.read(1_000, 0), 1_000);
        assert!(!trust.is_doubtful());
    }

    #[test]
    fn a_large_step_is_taken_when_it_has_stood() {
        for step in [HOUR, -HOUR, STEP_MILLIS_MAX + 1, 365 * 24 * HOUR] {
            let mut trust = Trust::new(10 * HOUR, 0);
            for steady in [0, 1, 12_000, DOUBT_MILLIS - 1] {
                assert_eq!(trust.read(10 * HOUR + step + steady, steady), 10 * HOUR + steady, "{step}");
                assert!(trust.is_doubtful());
            }
            assert_eq!(trust.read(10 * HOUR + step + DOUBT_MILLIS, DOUBT_MILLIS), 10 * HOUR + step + DOUBT_MILLIS);
            assert!(!trust.is_doubtful());
        }
    }

    #[test]
    fn a_step_that_is_taken_back_has_not_been() {
        let mut trust = Trust::new(0, 0);
        assert_eq!(trust.read(HOUR, 0), 0);
        assert_eq!(trust.read(20_000, 20_000), 20_000);
        assert!(!trust.is_doubtful());
        assert_eq!(trust.read(HOUR + 29_000, 29_000), 29_000, "and the next one is doubted from its start");
        assert_eq!(trust.read(HOUR + 51_000, 51_000), 51_000);
    }

    #[test]
    fn a_step_behind_a_step_is_doubted_anew() {
        let mut trust = Trust::new(0, 0);
        assert_eq!(trust.read(HOUR, 0), 0);
        assert_eq!(trust.read(2 * HOUR + 29_000, 29_000), 29_000);
        assert_eq!(trust.read(2 * HOUR + 31_000, 31_000), 31_000);
        assert_eq!(trust.read(2 * HOUR + 59_000, 59_000), 2 * HOUR + 59_000);
    }
}

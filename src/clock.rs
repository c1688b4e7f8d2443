//! The only reader of time. Everything else gets instants as arguments, or waits here.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::time::Second;

/// Where the process gets its time from. Clones share one source.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Milliseconds, moved by whoever holds the sender.
    Manual(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// The host's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
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
            Source::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the host's clock")]
                let now = std::time::SystemTime::now();
                now.duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual(millis) => *millis.borrow(),
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
            Source::System => {
                // The host's clock may be set while we sleep: look again after each minute.
                loop {
                    let left = millis.saturating_sub(self.millis());
                    if left <= 0 {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(left.clamp(1, 60_000).unsigned_abs())).await;
                }
            }
            Source::Manual(source) => {
                // Fails only when every sender is gone; this clone holds one.
                let _ = source.subscribe().wait_for(|now| *now >= millis).await;
            }
        }
    }

    /// Lets others go on for a moment. It is real time on the host's clock only: a manual clock does not wait for it.
    pub async fn pause(&self, length: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(length).await,
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

//! What operators see of a running server: logs, and metrics with their names. What must never be in either, at
//! any level: message texts, numbers, names, provider ids, secrets. Log counts, our own ids, fixed words; and no
//! metric has a label for a person or a number.

use std::io::IsTerminal;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tracing_subscriber::EnvFilter;

use crate::settings::LogFormat;

/// Rooms of others that talk of nothing new at each start. A directive for one of them overrules this.
const QUIET: &str = "sea_orm_migration=warn";

/// Starts writing logs to standard error, for the whole process.
///
/// # Errors
/// The filter's directives cannot be read, or logs were started before.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).map_err(|error| format!("ANTIPHON_LOG: {error}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let logs = logs.with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    }
    .map_err(|error| error.to_string())
}

/// In front of every metric's name.
const PREFIX: &str = "antiphon";
/// What `GET /metrics` answers in.
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper edges of the wakes' lateness, in seconds.
const LATENESS_SECONDS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3_600.0];

/// What is counted since the process began. Clones count the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub events: Counter,
    pub wakes_played: Counter,
    wake_lateness: Histogram,
    pub people_caught_up: Counter,
    pub audit_people: Counter,
    pub audit_drift: Counter,
    pub audit_repaired: Counter,
    registry: Arc<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let mut counter = |name: &str, help: &str| {
            let counter: Counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        // Counters are shown with `_total` behind their names.
        let events = counter("events", "Events taken into the log, those of steps of campaigns included");
        let wakes_played = counter("wakes_played", "People whose due wake was played");
        let people_caught_up =
            counter("people_caught_up", "People brought up to another rule set without being touched");
        let audit_people = counter("audit_people", "People recomputed by the definition");
        let audit_drift =
            counter("audit_drift", "Differences found between what is stored and what the definition says");
        let audit_repaired = counter("audit_repaired", "People who were put right");
        let wake_lateness = Histogram::new(LATENESS_SECONDS);
        let help = "How long after the end of its second a wake was played";
        registry.register_with_unit("wake_lateness", help, Unit::Seconds, wake_lateness.clone());
        Self {
            events,
            wakes_played,
            wake_lateness,
            people_caught_up,
            audit_people,
            audit_drift,
            audit_repaired,
            registry: Arc::new(registry),
        }
    }
}

impl Metrics {
    /// A wake was played so many milliseconds after the end of its second.
    pub fn wake_played(&self, late_ms: i64) {
        self.wakes_played.inc();
        // Exact for more than 200,000 years.
        #[expect(clippy::cast_precision_loss, reason = "lateness is shown in buckets")]
        let seconds = late_ms.max(0) as f64 / 1000.0;
        self.wake_lateness.observe(seconds);
    }

    /// All of them as text, in OpenMetrics' form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_under_its_name() {
        let metrics = Metrics::default();
        metrics.clone().audit_drift.inc();
        metrics.wake_played(300);
        let text = metrics.text();
        for line in [
            "antiphon_audit_drift_total 1\n",
            "antiphon_audit_people_total 0\n",
            "antiphon_wakes_played_total 1\n",
            "antiphon_wake_lateness_seconds_bucket{le=\"0.25\"} 0\n",
            "antiphon_wake_lateness_seconds_bucket{le=\"0.5\"} 1\n",
            "antiphon_wake_lateness_seconds_sum 0.3\n",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}

//! Logs: where they go and how they look. What must never be in them, at any level: message texts, numbers,
//! names, provider ids, secrets. Log counts, our own ids, fixed words.

use std::io::IsTerminal;

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

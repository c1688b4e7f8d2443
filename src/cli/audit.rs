//! `audit`: is what is stored what the definition makes of the log; done by a running server.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::client::{Client, ask_server};
use super::exit::{Exit, failed};
use super::plain::plain;

/// How often it is looked how far an audit is.
const LOOK: Duration = Duration::from_millis(200);

/// Recomputes people from their log by the definition of the rules, and says where what is stored differs.
///
/// A running server does it beside its work, one audit at a time. A difference is a fault of Antiphon or of
/// the database, so any ends this with exit code 1, also when it was put right.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon audit --sample 5000\n  antiphon audit --all --repair")]
pub struct Arguments {
    /// So many people, drawn by chance.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    sample: u64,
    /// Everybody.
    #[arg(long, conflicts_with = "sample")]
    all: bool,
    /// Put right what differs. It starts no campaign.
    #[arg(long)]
    repair: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each difference, and one for all.
    Text,
    /// As the server answers.
    Json,
}

pub fn run(arguments: &Arguments) -> Exit {
    ask_server(arguments.config.as_ref(), async |client| {
        audit(client, arguments).await.map(|report| tell(&report, arguments.format))
    })
}

/// Asks for the audit and waits for its end.
async fn audit(client: &Client, arguments: &Arguments) -> Result<Json, String> {
    let mut asked = if arguments.all { json!({"all": true}) } else { json!({"sample": arguments.sample}) };
    asked["repair"] = json!(arguments.repair);
    let begun = client.send(client.post("/antiphon/audit", &asked)?).await?;
    let begun: Json = begun.json().await.map_err(|error| error.to_string())?;
    let number = begun["audit"]["number"].clone();
    loop {
        let answer = client.send(client.get("/antiphon/audit", &[])?).await?;
        let shown: Json = answer.json().await.map_err(|error| error.to_string())?;
        let report = &shown["audit"];
        if report["number"] != number {
            return Err("the server was started anew, and this audit is gone with what it found".to_owned());
        }
        if report["ended"].is_string() {
            clear_progress();
            return Ok(report.clone());
        }
        show_progress(report);
        tokio::time::sleep(LOOK).await;
    }
}

fn show_progress(report: &Json) {
    if std::io::stderr().is_terminal() {
        anstream::eprint!("\r{} of {} people", report["looked"], report["people"]);
    }
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        anstream::eprint!("\r\u{1b}[K");
    }
}

fn tell(report: &Json, format: Format) -> Exit {
    match format {
        Format::Json => anstream::println!("{report}"),
        Format::Text => anstream::print!("{}", text(report)),
    }
    match report["trouble"].as_str() {
        Some(why) => failed(format_args!("the audit has ended early: {}", plain(why))),
        None if count(report, "drifts") + count(report, "failed") > 0 => Exit::Failed,
        None => Exit::Fine,
    }
}

fn count(report: &Json, name: &str) -> u64 {
    report[name].as_u64().unwrap_or(0)
}

/// A few lines for each difference, then what was looked at.
fn text(report: &Json) -> String {
    let found = report["found"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut out: String = found.iter().map(drift).collect();
    let (drifts, looked) = (count(report, "drifts"), count(report, "looked"));
    let more = drifts.saturating_sub(found.len() as u64);
    if more > 0 {
        out.push_str(&format!("and {more} before these\n"));
    }
    out.push_str(&format!("{}, {}", counted(looked, "person", "people"), counted(drifts, "difference", "differences")));
    if report["repair"] == json!(true) {
        out.push_str(&format!(", {} put right", counted(count(report, "repaired"), "person", "people")));
    }
    out.push('\n');
    for (name, why) in [
        ("too_long", "not looked at: their log is longer than an audit reads"),
        ("busy", "not looked at: something happened to them each time"),
        ("failed", "not looked at: recomputing them ended in a panic, which is a fault of ours; the log says where"),
    ] {
        if count(report, name) > 0 {
            out.push_str(&format!("{} {why}\n", counted(count(report, name), "person", "people")));
        }
    }
    out
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn drift(found: &Json) -> String {
    let word = |name: &str| plain(found[name].as_str().unwrap_or_default());
    let rule = found["rule"].as_str().map(|rule| format!("{}: ", plain(rule))).unwrap_or_default();
    let mut out = format!("{}  {rule}{}\n", word("person"), word("detail"));
    if found["since"].is_string() {
        out.push_str(&format!("    since {}\n", word("since")));
    }
    for event in found["events"].as_array().into_iter().flatten() {
        let (kind, at) = (event["kind"].as_str().unwrap_or_default(), event["at"].as_str().unwrap_or_default());
        out.push_str(&format!("    event {}: {} at {}\n", event["seq"], plain(kind), plain(at)));
    }
    if found["repaired"] == json!(true) {
        out.push_str("    put right\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_whom_which_rule_and_by_what() {
        let found = json!({
            "person": "cio_01", "rule": "said-yes", "detail": "the table says out", "since": "2026-11-24T10:00:00Z",
            "events": [{"seq": 3, "kind": "inbound_message", "at": "2026-11-24T10:00:00Z"}], "repaired": true,
        });
        let report = json!({
            "looked": 1, "drifts": 2, "repaired": 1, "repair": true, "busy": 0, "too_long": 2, "found": [found],
        });
        assert_eq!(
            text(&report),
            "cio_01  said-yes: the table says out\n    since 2026-11-24T10:00:00Z\n    \
             event 3: inbound_message at 2026-11-24T10:00:00Z\n    put right\nand 1 before these\n\
             1 person, 2 differences, 1 person put right\n\
             2 people not looked at: their log is longer than an audit reads\n"
        );
    }
}

//! `activity`: what came in, what it changed, what was started; read from a running server.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::Value as Json;

use super::client::{Client, ask_server};
use super::exit::Exit;
use super::plain::plain;

/// How long after a broken connection the next is tried.
const PAUSE: Duration = Duration::from_secs(1);
/// A line of the live stream. A server that sends more is none of ours.
const LINE_BYTES_MAX: usize = 4 << 20;
/// Of a text so much is shown.
const TEXT_CHARS_MAX: usize = 200;

/// Shows what came in, what it changed and what was started, from a running server.
///
/// The server is the one at ANTIPHON_URL; the app key comes from the settings or the keys file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon activity --follow\n  antiphon activity --person +15550100142 --limit 50")]
pub struct Arguments {
    /// Go on showing what happens, as it happens.
    #[arg(long, short)]
    follow: bool,
    /// Only this person: an external id, an e-mail address, a number with its plus, or `cio_…`.
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Only items of this kind or name, for instance `inbound_message` or `segment_entered`.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// How many of the newest items are shown.
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: u32,
    /// How items are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How items are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each item, and one below it for each thing that followed.
    Text,
    /// An object for each item.
    Json,
}

pub fn run(arguments: &Arguments) -> Exit {
    ask_server(arguments.config.as_ref(), async |client| show(client, arguments).await.map(|()| Exit::Fine))
}

async fn show(client: &Client, arguments: &Arguments) -> Result<(), String> {
    let mut live = None;
    if arguments.limit > 0 {
        let limit = arguments.limit.to_string();
        let mut parameters = filter(arguments);
        parameters.push(("limit", &limit));
        let question = client.get("/antiphon/activity", &parameters)?;
        let page: Json = client.send(question).await?.json().await.map_err(|error| error.to_string())?;
        let items = page["activity"].as_array().cloned().unwrap_or_default();
        // The newest stands last, next to what comes after it.
        for item in items.iter().rev() {
            write(item, arguments.format);
        }
        live = page["live"].as_str().map(str::to_owned);
    }
    if arguments.follow { follow(client, arguments, live).await } else { Ok(()) }
}

fn filter(arguments: &Arguments) -> Vec<(&'static str, &str)> {
    let person = arguments.person.as_deref().map(|person| ("person", person));
    let kind = arguments.kind.as_deref().map(|kind| ("kind", kind));
    [person, kind].into_iter().flatten().collect()
}

/// From the place `last_id`, or from now on, until Ctrl-C. A connection that breaks is taken up again where
/// it broke.
async fn follow(client: &Client, arguments: &Arguments, mut last_id: Option<String>) -> Result<(), String> {
    let mut connected = false;
    loop {
        let mut question = client.get("/antiphon/activity", &filter(arguments))?;
        question = question.header("accept", "text/event-stream");
        if let Some(id) = &last_id {
            question = question.header("last-event-id", id);
        }
        match client.send(question).await {
            Ok(answer) => {
                connected = true;
                listen(answer, &mut last_id, arguments.format).await;
            }
            // A server that was there once comes back.
            Err(why) if connected => tracing::debug!(why, "not connected"),
            Err(why) => return Err(why),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Writes what comes until the connection ends.
async fn listen(mut answer: reqwest::Response, last_id: &mut Option<String>, format: Format) {
    let mut waiting = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        waiting.extend_from_slice(&piece);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if let Some(id) = line.strip_prefix("id:") {
                *last_id = Some(id.trim().to_owned());
            } else if let Some(Ok(item)) = line.strip_prefix("data:").map(|data| serde_json::from_str(data.trim())) {
                write(&item, format);
            }
        }
        if waiting.len() > LINE_BYTES_MAX {
            return;
        }
    }
}

fn write(item: &Json, format: Format) {
    match format {
        Format::Json => anstream::println!("{item}"),
        Format::Text => anstream::print!("{}", text(item)),
    }
}

/// One line, and an indented one for each thing that followed.
fn text(item: &Json) -> String {
    let mut out = format!("{}  {}\n", word(item, "at"), line(item, &who(item)));
    for followed in item["followed"].as_array().into_iter().flatten() {
        out.push_str(&format!("{:22}└ {}\n", "", line(followed, "")));
    }
    out
}

fn who(item: &Json) -> String {
    let person = &item["person"];
    let known = person["id"].as_str().or(person["email"].as_str()).map(str::to_owned);
    let known = known.or_else(|| person["cio_id"].as_str().map(|id| format!("cio_{id}")));
    let unknown = || item["data"]["from"].as_str().map(|from| format!("{from} (unknown)"));
    let who = known.or_else(unknown).unwrap_or_else(|| "–".to_owned());
    format!("{}  ", plain(&who))
}

/// What happened, in words.
fn line(item: &Json, who: &str) -> String {
    let data = &item["data"];
    let (kind, name) = (word(item, "kind"), word(item, "name"));
    let what = match kind.as_str() {
        "segment_entered" => format!("entered segment {name}{}", by_itself(data)),
        "segment_left" => format!("left segment {name}{}", by_itself(data)),
        "journey_started" => format!("campaign {name} started"),
        "journey_refused" => format!("campaign {name} not started: {}", word(data, "reason")),
        "journey_finished" => format!("campaign {name} finished"),
        "journey_converted" => format!("campaign {name} reached its goal"),
        "journey_exited" => format!("campaign {name} ended: {}", word(data, "reason")),
        "step_asked" => format!("{}: recorded to be sent", step(&name, data)),
        "step_drafted" => format!("{}: a draft, would do: {}", step(&name, data), word(data, "what")),
        "step_skipped" => format!("{}: skipped: {}", step(&name, data), word(data, "reason")),
        "step_updated" => format!("{}: attributes written", step(&name, data)),
        "step_recorded" => format!("{}: event {} recorded", step(&name, data), word(data, "event")),
        "step_joined" => format!("{}: put into segment {}", step(&name, data), word(data, "segment")),
        "step_left" => format!("{}: taken out of segment {}", step(&name, data), word(data, "segment")),
        "step_waits" => match word(data, "until") {
            until if until.is_empty() => format!("{}: waits", step(&name, data)),
            until => format!("{}: waits until {until}", step(&name, data)),
        },
        "step_outcome" => format!("{}: goes on: {}", step(&name, data), word(data, "outcome")),
        "step_timed_out" => format!("{}: nothing happened in time", step(&name, data)),
        "late_answer" => format!("{}: answered too late: {}", step(&name, data), word(data, "outcome")),
        "step_took" => format!("{}: took {}", step(&name, data), word(data, "way")),
        "loop" => format!("campaign {name}: cut off, it caused itself too many times"),
        "event" => event(&name, data),
        "audit_drift" => drift(data),
        "attribute_change" => format!("attributes {}", attributes(data)),
        other => format!("{other}{}", about(data)),
    };
    format!("{who}{what}")
}

/// What is stored and is not so.
fn drift(data: &Json) -> String {
    let about = data["rule"].as_str().map(|rule| format!("{}: ", short(rule))).unwrap_or_default();
    let end = if data["repaired"] == Json::Bool(true) { "; put right" } else { "" };
    format!("audit: {about}{}{end}", word(data, "detail"))
}

fn step(campaign: &str, data: &Json) -> String {
    match word(data, "step") {
        step if step.is_empty() => format!("campaign {campaign}"),
        step => format!("campaign {campaign}, step {step}"),
    }
}

fn event(name: &str, data: &Json) -> String {
    let said = match data["body"].as_str().or(data["emoji"].as_str()) {
        Some(text) => format!(" “{}”", short(text)),
        None => String::new(),
    };
    format!("{name}{said}{}", about(data))
}

/// Which message of ours it is about, and why that is thought.
fn about(data: &Json) -> String {
    let message = data["answers"].as_str().or(data["message"].as_str());
    let Some(message) = message else { return String::new() };
    let of = match (data["campaign"].as_str(), data["step"].as_str()) {
        (Some(campaign), Some(step)) => format!("campaign {campaign}, step {step}"),
        _ => format!("message {message}"),
    };
    let relation = if data["answers"].is_string() { "answers" } else { "about" };
    match data["reason"].as_str() {
        Some(reason) => plain(&format!("  ({relation} {of}: {reason})")),
        None => plain(&format!("  ({relation} {of})")),
    }
}

fn by_itself(data: &Json) -> &'static str {
    match data["cause"].as_str() {
        Some("wake") => "  (by itself: time passed)",
        Some("rules") => "  (the rules changed)",
        Some("recheck") => "  (put right: it was not what the log gives)",
        _ => "",
    }
}

fn attributes(data: &Json) -> String {
    let names: Vec<_> = data.as_object().into_iter().flatten().map(|(name, _)| plain(name)).collect();
    names.join(", ")
}

fn word(item: &Json, name: &str) -> String {
    match &item[name] {
        Json::String(text) => short(text),
        Json::Null => String::new(),
        other => short(&other.to_string()),
    }
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(TEXT_CHARS_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    plain(&cut) + more
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_thing_that_happened_is_one_line_and_what_followed_stands_below() {
        let item = json!({
            "at": "2026-11-24T10:00:00Z", "kind": "event", "name": "inbound_message", "person": {"id": "ana"},
            "data": {"body": "Yes!\n\u{1b}[2J", "answers": "01J", "campaign": "confirm", "step": "ask", "reason": "quoted"},
            "followed": [
                {"kind": "segment_entered", "name": "said-yes", "data": {"cause": "event"}},
                {"kind": "journey_started", "name": "thanks", "data": {}},
            ],
        });
        assert_eq!(
            text(&item),
            "2026-11-24T10:00:00Z  ana  inbound_message “Yes!\\u{a}\\u{1b}[2J”  (answers campaign confirm, step ask: quoted)\n\
             \u{20}                     └ entered segment said-yes\n\
             \u{20}                     └ campaign thanks started\n"
        );
    }

    #[test]
    fn a_stranger_is_shown_by_the_number_and_time_by_itself() {
        let stranger =
            json!({"at": "t", "kind": "event", "name": "inbound_message", "person": null, "data": {"from": "+1555"}});
        assert_eq!(text(&stranger), "t  +1555 (unknown)  inbound_message\n");
        let left = json!({"at": "t", "kind": "segment_left", "name": "x", "person": {"cio_id": "01"}, "data": {"cause": "wake"}});
        assert_eq!(text(&left), "t  cio_01  left segment x  (by itself: time passed)\n");
    }

    #[test]
    fn what_a_journey_does_is_told_in_words() {
        let said =
            |kind: &str, data: serde_json::Value| line(&json!({"kind": kind, "name": "visit", "data": data}), "");
        let told = [
            (said("step_waits", json!({"step": "q", "until": "t"})), "campaign visit, step q: waits until t"),
            (said("step_waits", json!({"step": "q"})), "campaign visit, step q: waits"),
            (said("step_outcome", json!({"step": "q", "outcome": "yes"})), "campaign visit, step q: goes on: yes"),
            (said("step_timed_out", json!({"step": "q"})), "campaign visit, step q: nothing happened in time"),
            (
                said("late_answer", json!({"step": "q", "outcome": "yes"})),
                "campaign visit, step q: answered too late: yes",
            ),
            (said("step_took", json!({"step": "b", "way": "when 1"})), "campaign visit, step b: took when 1"),
            (said("step_recorded", json!({"step": "r", "event": "e"})), "campaign visit, step r: event e recorded"),
            (said("step_joined", json!({"step": "m", "segment": "s"})), "campaign visit, step m: put into segment s"),
            (said("step_left", json!({"step": "m", "segment": "s"})), "campaign visit, step m: taken out of segment s"),
            (said("journey_converted", json!({})), "campaign visit reached its goal"),
        ];
        for (said, expected) in told {
            assert_eq!(said, expected);
        }
    }
}

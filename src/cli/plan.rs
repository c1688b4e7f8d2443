//! `plan`: what a folder of rules would change on a running server, before anybody is asked to publish it.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::check::Format as Complaints;
use super::client::{Client, ask_server_with};
use super::exit::Exit;
use super::plain::plain;
use super::send::{self, Files};
use crate::dsl::words::{and, grouped, many, span};
use crate::rollout::plan::{Change, People, Plan, SOON, Sample, Starts, Wakes, What};

/// Between two questions how far it is.
const PAUSE: Duration = Duration::from_millis(300);
/// The form of what `--format json` prints.
const JSON_VERSION: u32 = 1;

/// Says what a folder of rules would change on a running server: who enters and leaves, what starts, what it costs.
///
/// Nothing is changed. People are looked at in slices, each as of its own second, while the server goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon plan\n  antiphon plan rules --max-enter 5000 --format json")]
pub struct Arguments {
    /// The folder; the rules folder of the settings if there is none.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// End with 1 if more people than this would enter a segment.
    #[arg(long, value_name = "N")]
    max_enter: Option<u64>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One object, for programs.
    Json,
}

pub fn run(arguments: &Arguments) -> Exit {
    let complaints = match arguments.format {
        Format::Human => Complaints::Human,
        Format::Json => Complaints::Json,
    };
    let files = match send::read(arguments.folder.as_deref(), arguments.config.as_ref(), complaints) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    ask_server_with(&files.settings, async |client| {
        let plan = plan(client, &files, complaints).await?;
        Ok(plan.map_or(Exit::Failed, |plan| say(&plan, arguments)))
    })
}

/// Asks for a plan and waits for it. None where the files do not load, which is told.
async fn plan(client: &Client, files: &Files, complaints: Complaints) -> Result<Option<Plan>, String> {
    let question = client.post("/antiphon/plan", &json!({"files": files.below()}))?;
    let (status, answer) = client.ask(question).await?;
    if status == 422 && answer["errors"][0]["reason"] == "rules" {
        files.complain(&answer, complaints);
        return Ok(None);
    }
    let id = answer["id"].as_str().ok_or_else(|| client.refusal(status, &answer))?;
    let watched = std::io::stderr().is_terminal();
    loop {
        let (status, mut answer) = client.ask(client.get(&format!("/antiphon/plan/{id}"), &[])?).await?;
        let people = &answer["people"];
        if watched {
            anstream::eprint!("\r\x1b[K{} of {} people", people["done"], people["all"]);
        }
        match answer["state"].as_str() {
            Some("running") => tokio::time::sleep(PAUSE).await,
            ended => {
                if watched {
                    anstream::eprint!("\r\x1b[K");
                }
                return match ended {
                    Some("done") => serde_json::from_value(answer["plan"].take()).map(Some).map_err(|e| e.to_string()),
                    Some("failed") => Err(plain(answer["error"].as_str().unwrap_or_default())),
                    _ => Err(client.refusal(status, &answer)),
                };
            }
        }
    }
}

fn say(plan: &Plan, arguments: &Arguments) -> Exit {
    let over = |people: &People| arguments.max_enter.is_some_and(|most| people.enter > most);
    let exceeding = plan.changes.iter().filter(|change| change.people.as_ref().is_some_and(over));
    let exceeding: Vec<String> = exceeding.map(|change| change.name.clone()).collect();
    match arguments.format {
        Format::Human => {
            let mut text = told(plan);
            if let Some(most) = arguments.max_enter.filter(|_| !exceeding.is_empty()) {
                let names = plain(&and(&exceeding));
                let _ = writeln!(text, "Blocked: --max-enter {} exceeded by {names}", grouped(most));
            }
            anstream::print!("{text}");
        }
        Format::Json => {
            let mut shown: Json = json!(plan);
            shown["version"] = json!(JSON_VERSION);
            shown["blocked_by"] = json!(exceeding);
            anstream::println!("{shown}");
        }
    }
    if exceeding.is_empty() { Exit::Fine } else { Exit::Failed }
}

/// The plan for people.
fn told(plan: &Plan) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        let mark = match change.what {
            What::Added => '+',
            What::Changed => '~',
            What::Removed => '-',
            What::Touched => '!',
        };
        let _ = writeln!(out, "{mark} {} {}", plain(&change.kind), plain(&change.name));
        let was = change.was.iter().map(|line| ('-', line));
        for (mark, line) in was.chain(change.is.iter().map(|line| ('+', line))) {
            let _ = writeln!(out, "    {mark} {}", plain(line.trim_end()));
        }
        for line in lines(change) {
            let _ = writeln!(out, "    {}", plain(&line));
        }
    }
    let cost = plan.cost;
    if cost.people > 0 {
        let (people, events) = (people(cost.people), many(cost.events, "event"));
        let _ = writeln!(out, "Backfill: {people}, {events} read.");
    } else if !plan.changes.is_empty() {
        out.push_str("No backfill: every state goes over as it is.\n");
    }
    out.push_str(&summary(plan));
    out
}

fn summary(plan: &Plan) -> String {
    let count = |what| plan.changes.iter().filter(|change| change.what == what).count() as u64;
    let (changed, added, removed) = (count(What::Changed), count(What::Added), count(What::Removed));
    if changed + added + removed == 0 {
        return format!("Nothing changes against version {}.\n", plan.against);
    }
    let counts = format!("{} changed, {} added, {} removed", grouped(changed), grouped(added), grouped(removed));
    format!("{counts}, against version {}.\n", plan.against)
}

fn lines(change: &Change) -> Vec<String> {
    let mut lines = Vec::new();
    if !change.keys.is_empty() {
        lines.push(format!("other {}", and(&change.keys)));
    }
    if let Some(people) = &change.people {
        if change.what == What::Removed {
            lines.push(format!("{}; nobody is in it any more, and nobody leaves it", members(people.members)));
        } else {
            lines.extend(of_people(people));
        }
    }
    lines.extend(change.starts.as_ref().map(of_starts));
    lines
}

fn of_people(found: &People) -> Vec<String> {
    let stay = found.members.saturating_sub(found.leave);
    let mut first = format!("enter {}", grouped(found.enter));
    if found.enter_soon > 0 {
        let _ = write!(first, " now, {} more within {}", grouped(found.enter_soon), span(SOON));
    }
    let _ = write!(first, "   leave {}   stay {}", grouped(found.leave), grouped(stay));
    let mut lines = vec![first];
    let samples = |verb: &str, samples: &[Sample]| {
        samples.iter().map(|sample| format!("{verb} {}: {}", who(sample), sample.because)).collect::<Vec<_>>()
    };
    lines.extend(samples("enters", &found.entering));
    lines.extend(samples("leaves", &found.leaving));
    lines.extend(of_wakes(found.wakes));
    lines
}

/// `3,377 wakes move later, 1,204 are new`
fn of_wakes(wakes: Wakes) -> Option<String> {
    let Wakes { new, earlier, later, gone } = wakes;
    let words = [(later, "later"), (earlier, "earlier"), (new, "new"), (gone, "gone")];
    let words: Vec<String> =
        words.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", grouped(*n))).collect();
    (!words.is_empty()).then(|| format!("wakes: {}", words.join(", ")))
}

fn of_starts(starts: &Starts) -> String {
    let (found, journeys) = (people(starts.found), many(starts.journeys, "journey"));
    let verb = if starts.journeys == 1 { "starts" } else { "start" };
    let is = if starts.found == 1 { "is" } else { "are" };
    let state = if starts.state == "live" { String::new() } else { format!(", {}", starts.state) };
    format!("{found} {is} the baseline: {journeys} {verb} (on_deploy: {}{state})", starts.on_deploy)
}

fn who(sample: &Sample) -> String {
    sample.id.clone().unwrap_or_else(|| format!("cio_{}", sample.cio_id))
}

fn people(n: u64) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{} people", grouped(n)) }
}

fn members(n: u64) -> String {
    many(n, "member")
}

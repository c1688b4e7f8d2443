//! `publish`: a folder of rules becomes the active version of a running server.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::check::Format;
use super::client::{Client, ask_server_with};
use super::exit::Exit;
use super::paint::number;
use super::send::{self, Files};

/// Makes a folder of rules the active version of a running server, or says everything that is wrong with them.
///
/// The server compiles them: all or nothing. Content that was a version before is not brought back unless asked to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon publish\n  antiphon publish rules --format github")]
pub struct Arguments {
    /// The folder; the rules folder of the settings if there is none.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Bring back content of an older version, under a new number.
    #[arg(long)]
    force: bool,
    /// Store the version and leave active what is.
    #[arg(long, conflicts_with = "force")]
    store: bool,
    /// How complaints are written; with `json` the answer too.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Exit {
    let files = match send::read(arguments.folder.as_deref(), arguments.config.as_ref(), arguments.format) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    ask_server_with(&files.settings, async |client| publish(client, &files, arguments).await)
}

async fn publish(client: &Client, files: &Files, arguments: &Arguments) -> Result<Exit, String> {
    let mut body = json!({"files": files.below(), "activate": !arguments.store});
    if arguments.force {
        body["force"] = json!(true);
    }
    let (status, answer) = client.ask(client.post("/antiphon/rules", &body)?).await?;
    match (status, answer["errors"][0]["reason"].as_str()) {
        (200, _) if arguments.format == Format::Json => anstream::println!("{answer}"),
        (200, _) => anstream::println!("{}", told(&answer)),
        (422, Some("rules")) => {
            files.complain(&answer, arguments.format);
            return Ok(Exit::Failed);
        }
        (409, Some("older_version")) => {
            return Err(format!(
                "this is version {}, older than version {}, which stays active; `--force` brings it back, under a new \
                 number",
                answer["version"], answer["active"]
            ));
        }
        _ => return Err(client.refusal(status, &answer)),
    }
    Ok(Exit::Fine)
}

fn told(answer: &Json) -> String {
    let (version, active) = (&answer["version"], &answer["active"]);
    match answer["outcome"].as_str() {
        Some("unchanged") => format!("version {version} is active already"),
        Some("stored") if active.is_null() => format!("version {version} is stored; none is active"),
        Some("stored") => format!("version {version} is stored; version {active} stays active"),
        _ => format!("version {version} is active: {}", contents(answer)),
    }
}

/// `3 files, 2 segments, 1 campaign`
fn contents(answer: &Json) -> String {
    let count = |name: &str| usize::try_from(answer[name].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let (files, segments, campaigns) = (count("files"), count("segments"), count("campaigns"));
    format!("{}, {}, {}", number(files, "file"), number(segments, "segment"), number(campaigns, "campaign"))
}

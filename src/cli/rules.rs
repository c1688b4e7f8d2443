//! `rules`: the versions of a running server. And what came of the rules folder of a server, in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use super::client::{Client, ask_server};
use super::exit::Exit;
use super::plain::plain;
use crate::rollout::folder::FolderError;
use crate::rollout::{FolderTrouble, Published};

/// Shows the versions of the rule set that a running server has had, and the files of each.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_subcommand = true,
    after_help = "Examples:\n  antiphon rules list\n  antiphon rules show 2 --out old-rules"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The versions there were, newest first.
    List {
        /// How many of them.
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: u32,
        /// As the server says it: an object for each version.
        #[arg(long)]
        json: bool,
        /// The settings file.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// The files of one version: shown, or written to a folder.
    Show {
        version: u32,
        /// A folder that is not there yet.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// The settings file.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub fn run(arguments: &Arguments) -> Exit {
    let (What::List { config, .. } | What::Show { config, .. }) = &arguments.what;
    ask_server(config.as_ref(), async |client| {
        let done = match &arguments.what {
            What::List { limit, json, .. } => list(client, *limit, *json).await,
            What::Show { version, out, .. } => show(client, *version, out.as_deref()).await,
        };
        done.map(|()| Exit::Fine)
    })
}

async fn list(client: &Client, limit: u32, as_json: bool) -> Result<(), String> {
    let question = client.get("/antiphon/rules", &[("limit", &limit.to_string())])?;
    let page: Json = client.send(question).await?.json().await.map_err(|error| error.to_string())?;
    let rows = page["rules"].as_array().cloned().unwrap_or_default();
    if as_json {
        rows.iter().for_each(|row| anstream::println!("{row}"));
    } else {
        anstream::print!("{}", table(&rows));
    }
    Ok(())
}

fn table(rows: &[Json]) -> String {
    let mut out = line(["version", "", "since", "files", "segments", "campaigns", "schedules"].map(str::to_owned));
    for row in rows {
        let count = |name: &str| row[name].as_u64().map_or_else(|| "–".to_owned(), |count| count.to_string());
        let state = match (&row["active"], &row["activated"]) {
            (Json::Bool(true), _) => "active",
            (_, Json::Null) => "stored",
            _ => "",
        };
        let since = row["activated"].as_str().or(row["created"].as_str()).unwrap_or_default();
        let counts = ["files", "segments", "campaigns", "schedules"].map(count);
        let [files, segments, campaigns, schedules] = counts;
        let cells =
            [row["version"].to_string(), state.to_owned(), since.to_owned(), files, segments, campaigns, schedules];
        out.push_str(&line(cells));
    }
    out
}

fn line(cells: [String; 7]) -> String {
    let mut out = String::new();
    for (cell, width) in cells.iter().zip([7, 6, 20, 5, 8, 9, 9]) {
        // Writing to a text does not fail.
        let _ = write!(out, "{:width$}  ", plain(cell));
    }
    format!("{}\n", out.trim_end())
}

async fn show(client: &Client, version: u32, out: Option<&Path>) -> Result<(), String> {
    let question = client.get(&format!("/antiphon/rules/{version}"), &[])?;
    let mut row: Json = client.send(question).await?.json().await.map_err(|error| error.to_string())?;
    let sources = row["sources"].take();
    let files: BTreeMap<String, String> = serde_json::from_value(sources).map_err(|error| error.to_string())?;
    match out {
        Some(folder) => write_all(folder, &files),
        None => {
            for (path, text) in &files {
                anstream::println!("# {}", plain(path));
                text.lines().for_each(|line| anstream::println!("{}", plain(line)));
            }
            Ok(())
        }
    }
}

/// Writes the files below `folder`, which is made for them: what is there stays what it is.
fn write_all(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), String> {
    if folder.exists() {
        return Err(format!("{} is there already; nothing was written", folder.display()));
    }
    for (path, text) in files {
        let below = Path::new(path);
        // A server names no file outside of the folder; one that does is none of ours.
        if !below.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("`{}` lies outside of the folder", plain(path)));
        }
        let target = folder.join(below);
        let parent = target.parent().unwrap_or(folder);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&target, text));
        written.map_err(|error| format!("{}: {error}", target.display()))?;
        anstream::println!("wrote {}", plain(&target.display().to_string()));
    }
    Ok(())
}

/// Says what came of publishing the folder at `path`. What was active stays so unless this says otherwise.
pub fn tell(path: &Path, outcome: &Result<Published, FolderTrouble>) {
    let shown = path.display();
    match outcome {
        Ok(Published::Activated(version)) => anstream::println!("rules: version {} of {shown} is active", version.0),
        Ok(Published::Stored(version)) => anstream::println!("rules: version {} of {shown} is stored", version.0),
        Ok(Published::Unchanged(version)) => {
            anstream::println!("rules: version {} is active, as in {shown}", version.0)
        }
        Ok(Published::Older { found, active }) => anstream::println!(
            "rules: {shown} is version {}, older than version {}, which stays active; `antiphon publish --force` brings it \
             back",
            found.0,
            active.0
        ),
        Ok(Published::Refused(refused)) => {
            anstream::eprintln!("{}rules: {shown} was not taken; what was active stays active", refused.render(true))
        }
        Err(FolderTrouble::Folder(error @ (FolderError::Missing | FolderError::Empty))) => {
            anstream::println!("rules: {shown}: {error}; `antiphon init` writes a few");
        }
        Err(trouble) => anstream::eprintln!("rules: {shown} was not taken: {}", lines(&trouble.to_string())),
    }
}

/// Paths may hold anything; the lines of a list stay lines.
fn lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

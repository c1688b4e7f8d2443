//! `replay`: folds the log again and compares; on the database itself, with no server at work.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::exit::{Exit, failed};
use super::run::{block_on, given, settings};
use crate::clock::Clock;
use crate::model::value::Properties;
use crate::rollout::replay::{Replayed, replay};
use crate::settings::Settings;
use crate::store::{Options, Store};

/// The name under which it is connected to PostgreSQL.
const CONNECTED_AS: &str = "antiphon replay";

/// Folds every person's log again and shows that states, memberships and effects come out as they are stored.
///
/// It reads the database itself, so no server may be at work on it: on SQLite the lock file tells, on PostgreSQL the
/// list of connections does. Nothing is changed, but a database of an older release is brought up to this one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon replay\n  ANTIPHON_DATABASE_URL=sqlite://backup.db antiphon replay")]
pub struct Arguments {
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Exit {
    let settings = match settings(&given(arguments.config.clone())) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    block_on(&mut tokio::runtime::Builder::new_current_thread(), async {
        match replayed(&settings).await {
            Ok((replayed, shared)) => {
                anstream::print!("{}", text(&replayed, shared));
                if replayed.differences > 0 { Exit::Failed } else { Exit::Fine }
            }
            Err(why) => failed(why),
        }
    })
}

async fn replayed(settings: &Settings) -> Result<(Replayed, bool), String> {
    let options = Options { connected_as: CONNECTED_AS, ..Options::default() };
    let store = Store::open(settings.database_url.reveal(), options).await.map_err(|error| error.to_string())?;
    let others = store.servers_connected().await.map_err(|error| error.to_string())?;
    if others > 0 {
        return Err(format!("{others} connections of a server are open on this database; stop it first"));
    }
    let env: Properties =
        settings.rule_environment.iter().map(|(name, value)| (name.clone(), value.reveal().into())).collect();
    let progress = |people: u64| {
        if std::io::stderr().is_terminal() {
            anstream::eprint!("\r{people} people");
        }
    };
    let replayed = replay(&store, &Clock::system(), &env, progress).await.map_err(|error| error.to_string());
    if std::io::stderr().is_terminal() {
        anstream::eprint!("\r\u{1b}[K");
    }
    let shared = store.is_shared();
    // What could not be read was said already; nothing was written.
    let _ = store.close().await;
    Ok((replayed?, shared))
}

/// The first differences, what came out the same, and what could not be looked at.
fn text(replayed: &Replayed, shared: bool) -> String {
    let mut out = String::new();
    for (person, difference) in &replayed.shown {
        out.push_str(&format!("cio_{}  {difference}\n", person.to_string().to_lowercase()));
    }
    let more = replayed.differences.saturating_sub(replayed.shown.len() as u64);
    if more > 0 {
        out.push_str(&format!("and {more} more\n"));
    }
    let Replayed { people, memberships, effects, differences, .. } = replayed;
    out.push_str(&format!(
        "{people} people folded again, {memberships} memberships compared, {effects} effects asked for again: \
         {differences} differences\n"
    ));
    for (doubt, people) in &replayed.doubts {
        out.push_str(&format!("the effects of {people} people were not compared: {}\n", doubt.as_str()));
    }
    for (count, what) in [
        (replayed.unlogged, "effects were not compared: a schedule or a deployment asked for them, which is in no log"),
        (replayed.anonymous, "effects were not compared: they concern people whom nobody knows"),
        (replayed.too_long, "people were left out: their log is longer than is read at once"),
        (replayed.busy, "people were left out: something happened to them meanwhile, so somebody is writing"),
    ] {
        if count > 0 {
            out.push_str(&format!("{count} {what}\n"));
        }
    }
    if shared {
        out.push_str("PostgreSQL was asked for connections of a server, and there were none; nothing kept one away\n");
    }
    out
}

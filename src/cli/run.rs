//! The arguments, and which verb they ask for.

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::exit::{Exit, failed};
use super::{activity, audit, check, demo, describe, explain, fmt, init, replay, schema, serve, test};
use crate::settings::{Complaints, Given, Settings, read};

/// A rules engine for replies: keeps segments true to the second and starts campaigns, from what people
/// answer on WhatsApp.
#[derive(Debug, Parser)]
#[command(name = "antiphon", version, disable_help_subcommand = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Init(init::Arguments),
    Check(check::Arguments),
    Fmt(fmt::Arguments),
    Explain(explain::Arguments),
    Describe(describe::Arguments),
    Schema(schema::Arguments),
    Test(test::Arguments),
    Activity(activity::Arguments),
    Audit(audit::Arguments),
    Replay(replay::Arguments),
}

/// Runs the verb that the arguments of this process ask for.
#[must_use]
pub fn run() -> ExitCode {
    // What a panic says may be what a person wrote: the place is enough to find it.
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => anstream::eprintln!("antiphon: a panic at {place}; this is a fault of ours"),
        None => anstream::eprintln!("antiphon: a panic; this is a fault of ours"),
    }));
    // Only fails when somebody was first, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Arguments::parse().verb {
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Serve(arguments) => serve::run(arguments),
        Verb::Init(arguments) => init::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Fmt(arguments) => fmt::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Describe(arguments) => describe::run(&arguments),
        Verb::Schema(arguments) => schema::run(&arguments),
        Verb::Test(arguments) => test::run(&arguments),
        Verb::Activity(arguments) => activity::run(&arguments),
        Verb::Audit(arguments) => audit::run(&arguments),
        Verb::Replay(arguments) => replay::run(&arguments),
    }
    .into()
}

/// What settings are read from: this process's environment and working folder.
pub fn given(config: Option<PathBuf>) -> Given {
    // A variable that is no text is none of ours.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    Given { environment: std::env::vars_os().filter_map(text).collect(), config, folder: PathBuf::from(".") }
}

/// The settings, or the end of the verb with everything that is wrong with them.
pub fn settings(given: &Given) -> Result<Settings, Exit> {
    read(given).map_err(|Complaints(complaints)| {
        for complaint in &complaints {
            failed(complaint);
        }
        Exit::Failed
    })
}

/// Runs a future of a verb to its end, with sockets and timers.
pub fn block_on(runtime: &mut tokio::runtime::Builder, verb: impl Future<Output = Exit>) -> Exit {
    match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(verb),
        Err(error) => failed(format_args!("the runtime does not start: {error}")),
    }
}

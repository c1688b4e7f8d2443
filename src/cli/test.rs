//! `test`: plays the tests of a rule set, without a server.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use regex::Regex;

use super::check::Checked;
use super::exit::{Exit, failed};
use super::{load, paint};
use crate::clock::Clock;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::dsl::Compiled;
use crate::scenario::coverage::Coverage;
use crate::scenario::report::{self, Count, Played};
use crate::scenario::{self, Stage, Story};

/// Plays the tests of the rules, on a clock that jumps from event to event, without a server.
///
/// A test is a file with `test`: people, what happens, and what has to come of it. What fails is shown with the
/// reason. Ends with 1 if anything fails; a test with `todo` is shown and not played.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  antiphon test\n  antiphon test rules/tests/replies.test.yaml --run yes --format junit"
)]
pub struct Arguments {
    /// Folders or test files; the rules folder if there are none.
    paths: Vec<PathBuf>,
    /// Play only tests whose name this regular expression finds. None found is an error.
    #[arg(long, value_name = "RE")]
    run: Option<Regex>,
    /// Also print, for each rule, what the tests say about it.
    ///
    /// Whether it has a test at all (W0710): for a segment a test that expects members or an `until` of it, for a
    /// campaign one that lists `effects` and in which it starts. Whether a segment's condition was seen both true
    /// and false. And whether a test looked within one second of an edge, where somebody enters (on) or leaves
    /// (off) by time alone: hit, missed, or none seen.
    #[arg(long)]
    coverage: bool,
    /// End with 1 if there is no test.
    #[arg(long)]
    fail_on_empty: bool,
    /// How the outcome is written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How the outcome is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What failed and why, for people.
    Human,
    /// One object, for programs.
    Json,
    /// Annotations in a pull request.
    Github,
    /// XML, for build servers.
    Junit,
}

pub fn run(arguments: &Arguments) -> Exit {
    let sets = match load::sets(&arguments.paths, arguments.config.as_deref()) {
        Ok(sets) => sets,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Fine;
    for (root, wanted) in sets {
        match set(arguments, &root, &wanted) {
            Ok(Exit::Fine) => {}
            Ok(other) => exit = other,
            Err(why) => exit = failed(why),
        }
    }
    exit
}

/// Plays the tests of one rule set.
fn set(arguments: &Arguments, root: &Path, wanted: &[PathBuf]) -> Result<Exit, String> {
    let (compiled, files) = load::compile(root, wanted)?;
    let tests = scenario::read(&compiled);
    let mut diagnostics: Vec<Diagnostic> = tests.diagnostics;
    load::keep_wanted(&mut diagnostics, &compiled.sources, wanted);
    let Some(rules) = compiled.rules.as_ref().filter(|_| !has_errors(&diagnostics)) else {
        // What is wrong with the rules is wrong with every test of them.
        diagnostics.extend(compiled.diagnostics.iter().cloned());
        complain(arguments.format, diagnostics, compiled, files);
        return Ok(Exit::Failed);
    };
    let stage = Stage::new(rules).map_err(|error| format!("{}: these rules do not run: {error}", root.display()))?;
    let all: Vec<&Story> =
        tests.stories.iter().filter(|story| load::is_wanted(compiled.sources.path(story.span.file), wanted)).collect();
    let is_selected = |story: &&Story| arguments.run.as_ref().is_none_or(|run| run.is_match(&story.name));
    let selected: Vec<&Story> = all.iter().copied().filter(is_selected).collect();
    let played = play(&stage, &selected);
    let coverage = arguments.coverage.then(|| Coverage::of(rules, played.iter().map(|one| &one.outcome.seen)));
    say(arguments.format, &played, &compiled, coverage.as_ref());
    if played.is_empty() && (arguments.fail_on_empty || !all.is_empty()) {
        let why = match &arguments.run {
            Some(run) if !all.is_empty() => format!("no test has a name in which `{run}` is found"),
            _ => format!("there is no test in {}", root.display()),
        };
        return Err(format!("error[{}]: {why}", Code::E1004));
    }
    Ok(if Count::of(&played).failed > 0 { Exit::Failed } else { Exit::Fine })
}

fn play<'s>(stage: &Stage, selected: &[&'s Story]) -> Vec<Played<'s>> {
    let clock = Clock::system();
    let one = |story: &&'s Story| {
        let began = clock.millis();
        let outcome = scenario::play(stage, story);
        // The host's clock may have been set back meanwhile.
        let millis = u64::try_from(clock.millis().saturating_sub(began)).unwrap_or_default();
        Played { story, outcome, millis }
    };
    selected.iter().map(one).collect()
}

fn say(format: Format, played: &[Played<'_>], compiled: &Compiled, coverage: Option<&Coverage>) {
    let sources = &compiled.sources;
    match format {
        Format::Human => {
            anstream::print!("{}{}", coverage.map(Coverage::human).unwrap_or_default(), report::human(played, sources));
        }
        Format::Json => anstream::println!("{}", report::json(played, sources, coverage)),
        Format::Github => anstream::print!("{}", report::github(played, sources, coverage)),
        Format::Junit => {
            anstream::print!("{}", report::junit(played, sources));
            // The format has no place for it.
            anstream::eprint!("{}", coverage.map(Coverage::human).unwrap_or_default());
        }
    }
}

/// What stands in the way of playing anything. What a build server reads stays XML, so there it is said beside it.
fn complain(format: Format, diagnostics: Vec<Diagnostic>, compiled: Compiled, files: usize) {
    let checked = Checked { diagnostics, sources: compiled.sources, files, segments: 0, campaigns: 0, rules: None };
    match format {
        Format::Human => anstream::print!("{}{}", paint::human(&checked), paint::summary(&checked)),
        Format::Json => anstream::println!("{}", paint::json(&[checked])),
        Format::Github => anstream::print!("{}", paint::github(&[checked])),
        Format::Junit => anstream::eprint!("{}{}", paint::human(&checked), paint::summary(&checked)),
    }
}

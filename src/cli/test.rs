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

/// A rule set whose tests can be played.
struct Ready {
    compiled: Compiled,
    stage: Stage,
    /// Those of the wanted files.
    stories: Vec<Story>,
}

pub fn run(arguments: &Arguments) -> Exit {
    let sets = match load::sets(&arguments.paths, arguments.config.as_deref()) {
        Ok(sets) => sets,
        Err(exit) => return exit,
    };
    let (mut ready, mut wrong, mut exit) = (Vec::new(), Vec::new(), Exit::Fine);
    for (root, wanted) in sets {
        match prepare(&root, &wanted) {
            Ok(Ok(set)) => ready.push(set),
            Ok(Err(checked)) => wrong.push(*checked),
            Err(why) => exit = failed(why),
        }
    }
    if !wrong.is_empty() {
        complain(arguments.format, &wrong);
        return Exit::Failed;
    }
    if exit != Exit::Fine {
        return exit;
    }
    let played: Vec<Played<'_>> = ready.iter().flat_map(|set| play(set, arguments.run.as_ref())).collect();
    let coverage: Vec<Coverage> =
        if arguments.coverage { ready.iter().map(|set| covered(set, &played)).collect() } else { Vec::new() };
    say(arguments.format, &played, &coverage);
    let has_tests = ready.iter().any(|set| !set.stories.is_empty());
    match &arguments.run {
        Some(run) if has_tests && played.is_empty() => {
            failed(format_args!("error[{}]: no test has a name in which `{run}` is found", Code::E1004))
        }
        _ if arguments.fail_on_empty && played.is_empty() => {
            failed(format_args!("error[{}]: there is no test", Code::E1004))
        }
        _ if Count::of(&played).failed > 0 => Exit::Failed,
        _ => Exit::Fine,
    }
}

/// The rule set below `root`, or what is wrong with it or with the tests that are wanted.
fn prepare(root: &Path, wanted: &[PathBuf]) -> Result<Result<Ready, Box<Checked>>, String> {
    let (compiled, files) = load::compile(root, wanted)?;
    let tests = scenario::read(&compiled);
    let mut diagnostics: Vec<Diagnostic> = tests.diagnostics;
    load::keep_wanted(&mut diagnostics, &compiled.sources, wanted);
    let Some(rules) = compiled.rules.as_ref().filter(|_| !has_errors(&diagnostics)) else {
        // What is wrong with the rules is wrong with every test of them.
        diagnostics.extend(compiled.diagnostics);
        let (sources, rules) = (compiled.sources, None);
        return Ok(Err(Box::new(Checked { diagnostics, sources, files, segments: 0, campaigns: 0, rules })));
    };
    let stage = Stage::new(rules).map_err(|error| format!("{}: these rules do not run: {error}", root.display()))?;
    let mut stories = tests.stories;
    stories.retain(|story| load::is_wanted(compiled.sources.path(story.span.file), wanted));
    Ok(Ok(Ready { compiled, stage, stories }))
}

/// Plays the tests of `set` whose name `run` finds.
fn play<'s>(set: &'s Ready, run: Option<&Regex>) -> Vec<Played<'s>> {
    let clock = Clock::system();
    let one = |story: &'s Story| {
        let began = clock.millis();
        let outcome = scenario::play(&set.stage, story);
        // The host's clock may have been set back meanwhile.
        let millis = u64::try_from(clock.millis().saturating_sub(began)).unwrap_or_default();
        Played { story, sources: &set.compiled.sources, outcome, millis }
    };
    set.stories.iter().filter(|story| run.is_none_or(|run| run.is_match(&story.name))).map(one).collect()
}

/// What the tests of `set` among all that were played say about its rules.
fn covered(set: &Ready, played: &[Played<'_>]) -> Coverage {
    let own = played.iter().filter(|one| std::ptr::eq(one.sources, &set.compiled.sources));
    Coverage::of(set.stage.rules(), own.map(|one| &one.outcome.seen))
}

fn say(format: Format, played: &[Played<'_>], coverage: &[Coverage]) {
    let covered: String = coverage.iter().map(Coverage::human).collect();
    match format {
        Format::Human => anstream::print!("{covered}{}", report::human(played)),
        Format::Json => anstream::println!("{}", report::json(played, coverage)),
        Format::Github => anstream::print!("{}", report::github(played, coverage, paint::in_repository)),
        Format::Junit => {
            anstream::print!("{}", report::junit(played));
            // The format has no place for it.
            anstream::eprint!("{covered}");
        }
    }
}

/// What stands in the way of playing anything. What a build server reads stays XML, so there it is said beside it.
fn complain(format: Format, wrong: &[Checked]) {
    let human = || wrong.iter().map(|checked| paint::human(checked) + &paint::summary(checked)).collect::<String>();
    match format {
        Format::Human => anstream::print!("{}", human()),
        Format::Json => anstream::println!("{}", paint::json(wrong)),
        Format::Github => anstream::print!("{}", paint::github(wrong)),
        Format::Junit => anstream::eprint!("{}", human()),
    }
}

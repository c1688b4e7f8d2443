//! `check`: all complaints about rule files, without a server.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::exit::{Exit, failed};
use super::paint::{github, human, json, summary};
use super::{cost, load};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::model::rule::RuleSet;
use crate::scenario;

/// Checks rule files and says everything that is wrong with them, without a server.
///
/// A file is checked with the whole rule set around it, and only complaints about it are shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon check\n  antiphon check rules/segments/replies.yaml --deny-warnings")]
pub struct Arguments {
    /// Folders or files; the rules folder if there are none.
    paths: Vec<PathBuf>,
    /// How complaints are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also show what each rule costs: its state, how far back it looks, its wakes, what a backfill reads.
    #[arg(long)]
    cost: bool,
    /// End with 3 if there are warnings.
    #[arg(long)]
    deny_warnings: bool,
    /// Leave advice out.
    #[arg(long)]
    quiet: bool,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How complaints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With frames, for people.
    Human,
    /// One object, for programs.
    Json,
    /// Annotations in a pull request.
    Github,
}

/// What was found in one rule set.
pub struct Checked {
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
    pub files: usize,
    pub segments: usize,
    pub campaigns: usize,
    /// None where something is wrong.
    pub rules: Option<RuleSet>,
}

pub fn run(arguments: &Arguments) -> Exit {
    let sets = match load::sets(&arguments.paths, arguments.config.as_deref()) {
        Ok(sets) => sets,
        Err(exit) => return exit,
    };
    let (mut all, mut exit) = (Vec::new(), Exit::Fine);
    for (root, wanted) in sets {
        match check(&root, &wanted) {
            Ok(checked) => all.push(checked),
            Err(why) => exit = failed(why),
        }
    }
    if arguments.quiet {
        for checked in &mut all {
            checked.diagnostics.retain(|diagnostic| diagnostic.severity() != Severity::Advice);
        }
    }
    say(arguments, &all);
    let worst = all.iter().flat_map(|checked| &checked.diagnostics).map(Diagnostic::severity).min();
    match worst {
        Some(Severity::Error) => Exit::Failed,
        Some(Severity::Warning) if arguments.deny_warnings && exit == Exit::Fine => Exit::Warned,
        _ => exit,
    }
}

/// Writes what was found in the form that was asked for.
fn say(arguments: &Arguments, all: &[Checked]) {
    match arguments.format {
        Format::Human => {
            for checked in all {
                anstream::print!("{}{}", human(checked), summary(checked));
                if let Some(rules) = checked.rules.as_ref().filter(|_| arguments.cost) {
                    anstream::print!("\n{}", cost::table(rules));
                }
            }
        }
        Format::Json => {
            let mut found = json(all);
            if arguments.cost {
                found["cost"] = all.iter().filter_map(|checked| checked.rules.as_ref()).flat_map(cost::json).collect();
            }
            anstream::println!("{found}");
        }
        Format::Github => anstream::print!("{}", github(all)),
    }
}

/// Checks the rule set below `root`.
fn check(root: &Path, wanted: &[PathBuf]) -> Result<Checked, String> {
    let (compiled, files) = load::compile(root, wanted)?;
    let tests = scenario::read(&compiled);
    let (segments, campaigns) = compiled.rules.as_ref().map_or((0, 0), |set| (set.segments.len(), set.campaigns.len()));
    let mut diagnostics = compiled.diagnostics;
    diagnostics.extend(tests.diagnostics);
    load::keep_wanted(&mut diagnostics, &compiled.sources, wanted);
    Ok(Checked { diagnostics, sources: compiled.sources, files, segments, campaigns, rules: compiled.rules })
}

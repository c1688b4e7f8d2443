//! `describe`: a rule read back in English, for whoever reviews it.

use std::path::PathBuf;

use super::exit::{Exit, failed};
use super::load;
use super::plain::plain;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{has_errors, render};
use crate::dsl::cost;
use crate::dsl::describe::describe;
use crate::model::rule::RuleSet;

/// Reads a segment, campaign or schedule back in plain English: what was understood, not what was written.
///
/// It also says which seconds count, what the rule changes on, what wakes it and what it costs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon describe silent-30d\n  antiphon describe win-back --rules other/rules")]
pub struct Arguments {
    /// The name of a segment, campaign or schedule.
    #[arg(required = true)]
    rule: String,
    /// The folder of rule files, if it is not the one in the settings.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Exit {
    let rules = match rule_set(arguments.rules.as_ref(), arguments.config.as_ref()) {
        Ok(rules) => rules,
        Err(exit) => return exit,
    };
    match describe(&rules, &arguments.rule) {
        Some(text) => {
            // Names and texts are the authors', and nothing of them acts on the terminal.
            text.lines().for_each(|line| anstream::println!("{}", plain(line)));
            Exit::Fine
        }
        None => failed(unknown(&rules, &arguments.rule)),
    }
}

/// The rule set of a folder, if nothing is wrong with it. What is wrong is shown.
pub fn rule_set(folder: Option<&PathBuf>, config: Option<&PathBuf>) -> Result<RuleSet, Exit> {
    let paths: Vec<PathBuf> = folder.into_iter().cloned().collect();
    let sets = load::sets(&paths, config.map(PathBuf::as_path))?;
    let Some((root, wanted)) = sets.into_iter().next() else { return Err(failed("there is no rules folder")) };
    let (compiled, _) = load::compile(&root, &wanted).map_err(failed)?;
    if has_errors(&compiled.diagnostics) {
        anstream::eprint!("{}", render::render(&compiled.diagnostics, &compiled.sources, true));
    }
    compiled.rules.ok_or(Exit::Failed)
}

fn unknown(rules: &RuleSet, name: &str) -> String {
    let names: Vec<&str> = cost::all(rules).into_iter().map(|rule| rule.name()).collect();
    let known = match nearest(name, names.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if names.is_empty() => "; the folder holds no rules".to_owned(),
        None => format!("; there are {}", names.join(", ")),
    };
    format!("there is no rule `{}`{}", plain(name), plain(&known))
}

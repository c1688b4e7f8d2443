//! `fmt`: rule files in their one form.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::exit::{Exit, failed};
use super::load;
use super::paint::number;
use super::plain::plain;
use crate::diagnostic::{Severity, render};
use crate::dsl::format::{Formatted, Hunk, Outcome, format};

/// Writes conditions and the order of keys in their one form; comments stay, and so does the meaning.
///
/// Files with errors and files of tests are not touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon fmt\n  antiphon fmt rules/segments/replies.yaml --check")]
pub struct Arguments {
    /// Folders or files; the rules folder if there are none.
    paths: Vec<PathBuf>,
    /// Write nothing: show what would change, and end with 1 if anything would.
    #[arg(long)]
    check: bool,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How many files came to what.
#[derive(Default)]
struct Tally {
    changed: usize,
    unchanged: usize,
    failed: usize,
}

pub fn run(arguments: &Arguments) -> Exit {
    let sets = match load::sets(&arguments.paths, arguments.config.as_deref()) {
        Ok(sets) => sets,
        Err(exit) => return exit,
    };
    let (mut tally, mut exit) = (Tally::default(), Exit::Fine);
    for (root, wanted) in sets {
        if let Err(why) = set(&root, &wanted, arguments.check, &mut tally) {
            exit = failed(why);
        }
    }
    let verb = if arguments.check { "would change" } else { "formatted" };
    let wrong = if tally.failed > 0 { format!(", {} not touched", tally.failed) } else { String::new() };
    anstream::println!("{} {verb}, {} unchanged{wrong}", number(tally.changed, "file"), tally.unchanged);
    if tally.failed > 0 || (arguments.check && tally.changed > 0) { Exit::Failed } else { exit }
}

/// Brings the rule set below `root` into form.
fn set(root: &Path, wanted: &[PathBuf], check: bool, tally: &mut Tally) -> Result<(), String> {
    let read = load::texts(root, wanted)?;
    if !read.unreadable.is_empty() {
        tally.failed += read.unreadable.len();
        anstream::print!("{}", render::render(&read.unreadable, &read.sources, true));
        return Ok(());
    }
    let made = format(&read.texts);
    complain(&made, wanted);
    for (path, outcome) in made.files.iter().filter(|(path, _)| load::is_wanted(path, wanted)) {
        match outcome {
            Outcome::Unchanged => tally.unchanged += 1,
            Outcome::Wrong => tally.failed += 1,
            Outcome::Refused(_) => {
                tally.failed += 1;
                failed(format_args!(
                    "{path}: what would be written does not say what is written, so nothing is; this is a fault of ours"
                ));
            }
            Outcome::Changed { hunks, .. } if check => {
                tally.changed += 1;
                hunks.iter().for_each(|hunk| anstream::print!("{}", shown(path, hunk)));
            }
            Outcome::Changed { text, .. } => match write(Path::new(path), &read.texts[path], text) {
                Ok(()) => {
                    tally.changed += 1;
                    anstream::println!("{path}");
                }
                Err(error) => {
                    tally.failed += 1;
                    failed(format_args!("{path}: it cannot be written: {error}"));
                }
            },
        }
    }
    Ok(())
}

/// What is wrong with the files that are not touched.
fn complain(made: &Formatted, wanted: &[PathBuf]) {
    let mut errors = made.compiled.diagnostics.clone();
    errors.retain(|diagnostic| diagnostic.severity() == Severity::Error);
    load::keep_wanted(&mut errors, &made.compiled.sources, wanted);
    anstream::print!("{}", render::render(&errors, &made.compiled.sources, true));
}

/// The lines of a hunk, those before in front, each without the white space at its beginning.
fn shown(path: &str, hunk: &Hunk) -> String {
    let place = format!("{path}:{}", hunk.line);
    let before = hunk.before.iter().map(|line| ("-", "\u{1b}[31m", line));
    let after = hunk.after.iter().map(|line| ("+", "\u{1b}[32m", line));
    let width = place.chars().count();
    let mut out = String::new();
    for (n, (sign, colour, line)) in before.chain(after).enumerate() {
        let place = if n == 0 { place.as_str() } else { "" };
        out.push_str(&format!("{place:width$}   {colour}{sign} {}\u{1b}[0m\n", plain(line.trim_start())));
    }
    out
}

/// Puts `after` in the place of `before`, whole or not at all.
fn write(path: &Path, before: &str, after: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Hidden, so that nobody takes it for a rule file.
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_beside(path, &beside, before, after).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not even be there; what went wrong is said.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_beside(path: &Path, beside: &Path, before: &str, after: &str) -> io::Result<()> {
    let mut file = fs::File::create_new(beside)?;
    file.write_all(after.as_bytes())?;
    file.set_permissions(fs::metadata(path)?.permissions())?;
    file.sync_all()?;
    if fs::read(path)? == before.as_bytes() {
        Ok(())
    } else {
        Err(io::Error::other("somebody changed it in the meantime"))
    }
}

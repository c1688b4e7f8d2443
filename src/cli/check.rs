//! `check`: all complaints about rule files, without a server.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;

use super::exit::{Exit, failed};
use super::paint::{github, human, json, summary};
use super::run::{given, settings};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::dsl;
use crate::rollout::folder::{self, FolderError};

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
    /// End with 3 if there are warnings.
    #[arg(long)]
    deny_warnings: bool,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How complaints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
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
}

pub fn run(arguments: &Arguments) -> Exit {
    let sets = match sets(arguments) {
        Ok(sets) => sets,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Fine;
    for (root, wanted) in sets {
        let checked = match check(&root, &wanted) {
            Ok(checked) => checked,
            Err(why) => {
                exit = failed(why);
                continue;
            }
        };
        match arguments.format {
            Format::Human => anstream::print!("{}{}", human(&checked), summary(&checked)),
            Format::Json => anstream::println!("{}", json(&checked)),
            Format::Github => anstream::print!("{}", github(&checked)),
        }
        let worst = checked.diagnostics.iter().map(Diagnostic::severity);
        for severity in worst {
            match severity {
                Severity::Error => exit = Exit::Failed,
                Severity::Warning if arguments.deny_warnings && exit == Exit::Fine => exit = Exit::Warned,
                Severity::Warning | Severity::Advice => {}
            }
        }
    }
    exit
}

/// The folders to check, each with the files whose complaints are wanted; none means all.
fn sets(arguments: &Arguments) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, Exit> {
    let mut sets: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    if arguments.paths.is_empty() {
        sets.insert(rules_folder(arguments)?, Vec::new());
    }
    for path in &arguments.paths {
        if path.is_dir() {
            sets.entry(path.clone()).or_default();
            continue;
        }
        // The set around a file: the rules folder, if the file lies in it, else the file's own.
        let rules = rules_folder(arguments)?;
        let own = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let root = if lies_in(path, &rules) { rules } else { own.to_path_buf() };
        sets.entry(root).or_default().push(path.clone());
    }
    Ok(sets)
}

fn rules_folder(arguments: &Arguments) -> Result<PathBuf, Exit> {
    Ok(settings(&given(arguments.config.clone()))?.rules)
}

fn lies_in(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// Checks the rule set below `root`.
fn check(root: &Path, wanted: &[PathBuf]) -> Result<Checked, String> {
    let shown = shown(root);
    let snapshot = folder::read(root).map_err(|error| match error {
        FolderError::Missing | FolderError::Empty => {
            format!("{}: {error}; `antiphon init` writes a few rules", root.display())
        }
        FolderError::Restless | FolderError::Unusable(_) => error.to_string(),
    })?;
    let files = snapshot.len();
    if let Some(path) = wanted.iter().find(|path| !path.is_file()) {
        return Err(format!("{}: there is no such file", path.display()));
    }
    let (mut sources, mut unreadable, mut texts) = (Sources::default(), Vec::new(), BTreeMap::new());
    for (path, bytes) in snapshot {
        let path = format!("{shown}{path}");
        match dsl::decode(&path, bytes, &mut sources) {
            Ok(text) => {
                texts.insert(path, text);
            }
            Err(diagnostic) => unreadable.push(*diagnostic),
        }
    }
    if !unreadable.is_empty() {
        return Ok(Checked { diagnostics: unreadable, sources, files, segments: 0, campaigns: 0 });
    }
    let compiled = dsl::compile(&texts);
    let (segments, campaigns) = compiled.rules.map_or((0, 0), |set| (set.segments.len(), set.campaigns.len()));
    let mut diagnostics = compiled.diagnostics;
    if !wanted.is_empty() {
        let wanted: Vec<PathBuf> = wanted.iter().filter_map(|path| path.canonicalize().ok()).collect();
        diagnostics.retain(|diagnostic| {
            let path = Path::new(compiled.sources.path(diagnostic.span().file)).canonicalize();
            path.is_ok_and(|path| wanted.contains(&path))
        });
    }
    Ok(Checked { diagnostics, sources: compiled.sources, files, segments, campaigns })
}

/// The folder as it stands in front of its files' paths: without `./`, with a slash.
fn shown(root: &Path) -> String {
    let parts = root.components().filter(|part| *part != Component::CurDir);
    let path: PathBuf = parts.collect();
    if path.as_os_str().is_empty() { String::new() } else { format!("{}/", path.display()) }
}

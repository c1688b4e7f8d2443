//! Rule files from arguments: which sets they lie in, and what the language makes of them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::exit::Exit;
use super::run::{given, settings};
use crate::diagnostic::{Diagnostic, Sources};
use crate::dsl::{self, Compiled};
use crate::rollout::folder::{self, FolderError};

/// The folders that `paths` lie in, each with the files that are wanted of it; none means all. Without paths
/// it is the rules folder.
pub fn sets(paths: &[PathBuf], config: Option<&Path>) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, Exit> {
    let rules_folder = || Ok(settings(&given(config.map(Path::to_path_buf)))?.rules);
    let mut sets: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    if paths.is_empty() {
        sets.insert(rules_folder()?, Vec::new());
    }
    for path in paths {
        if path.is_dir() {
            sets.entry(path.clone()).or_default();
            continue;
        }
        // The set around a file: the rules folder, if the file lies in it, else the file's own.
        let rules = rules_folder()?;
        let own = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let root = if lies_in(path, &rules) { rules } else { own.to_path_buf() };
        sets.entry(root).or_default().push(path.clone());
    }
    Ok(sets)
}

fn lies_in(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// The files of a rule set.
pub struct Texts {
    /// By path, as it is shown.
    pub texts: BTreeMap<String, String>,
    /// What is no text, with the sources that the complaints point into.
    pub unreadable: Vec<Diagnostic>,
    pub sources: Sources,
    pub files: usize,
    /// What stands in front of the paths, as they are shown, of those below the folder.
    pub prefix: String,
}

/// Compiles the rule set below `root`, in which the files `wanted` have to be. Also returns how many files it has.
pub fn compile(root: &Path, wanted: &[PathBuf]) -> Result<(Compiled, usize), String> {
    let Texts { texts, unreadable, sources, files, prefix: _ } = texts(root, wanted)?;
    if unreadable.is_empty() {
        return Ok((dsl::compile(&texts), files));
    }
    Ok((Compiled { rules: None, diagnostics: unreadable, sources, tests: Vec::new() }, files))
}

/// Reads the rule set below `root`, in which the files `wanted` have to be.
pub fn texts(root: &Path, wanted: &[PathBuf]) -> Result<Texts, String> {
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
    Ok(Texts { texts, unreadable, sources, files, prefix: shown })
}

/// Whether `path`, as diagnostics show it, is one of `wanted`, or any file will do.
pub fn is_wanted(path: &str, wanted: &[PathBuf]) -> bool {
    let found = Path::new(path).canonicalize();
    wanted.is_empty()
        || found.is_ok_and(|found| wanted.iter().any(|path| path.canonicalize().is_ok_and(|path| path == found)))
}

/// Keeps the complaints about `wanted`.
pub fn keep_wanted(diagnostics: &mut Vec<Diagnostic>, sources: &Sources, wanted: &[PathBuf]) {
    diagnostics.retain(|diagnostic| is_wanted(sources.path(diagnostic.span().file), wanted));
}

/// The folder as it stands in front of its files' paths: without `./`, with a slash.
fn shown(root: &Path) -> String {
    let parts = root.components().filter(|part| *part != Component::CurDir);
    let path: PathBuf = parts.collect();
    if path.as_os_str().is_empty() { String::new() } else { format!("{}/", path.display()) }
}

//! Reading the rules folder: every `*.yaml` and `*.yml` below it, without following links, and only when it
//! stands still. What the files say is not looked at here.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One file.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// All files together.
pub const FOLDER_BYTES_MAX: u64 = 64 << 20;
/// Files below one folder.
pub const FILES_MAX: usize = 10_000;
/// Folders in folders.
pub const DEPTH_MAX: usize = 16;
/// A folder that somebody is writing is read again so often.
const LOOKS_MAX: usize = 20;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Files by their path below the folder, with slashes.
pub type Snapshot = BTreeMap<String, Vec<u8>>;

/// Why a folder could not be read. Nothing of it is used then.
#[derive(Debug, PartialEq, Eq)]
pub enum FolderError {
    /// There is no such folder.
    Missing,
    /// There is no rule file in it. That is rather a folder that is not there yet than the wish for no rules.
    Empty,
    /// It was written to for as long as it was watched.
    Restless,
    /// What is wrong with it: a sentence for each path.
    Unusable(Vec<String>),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such folder"),
            Self::Empty => f.write_str("there is no rule file in it"),
            Self::Restless => f.write_str("somebody is writing to it all the time; it is read when it stands still"),
            Self::Unusable(complaints) => f.write_str(&complaints.join("\n")),
        }
    }
}

impl std::error::Error for FolderError {}

/// The files below `folder`, once two looks at it saw the same: half of a change is never taken.
/// Blocks for as long as that takes, a second at most.
///
/// # Errors
/// See [`FolderError`].
pub fn read(folder: &Path) -> Result<Snapshot, FolderError> {
    let mut last = look(folder);
    for _ in 0..LOOKS_MAX {
        let now = look(folder);
        if now == last {
            return now;
        }
        last = now;
        std::thread::sleep(PAUSE);
    }
    Err(FolderError::Restless)
}

/// One look at a folder.
fn look(folder: &Path) -> Result<Snapshot, FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::Missing);
    }
    let mut walk = Walk::default();
    walk.folder(folder, String::new(), 0);
    match (walk.complaints.is_empty(), walk.found.is_empty()) {
        (false, _) => Err(FolderError::Unusable(walk.complaints)),
        (true, true) => Err(FolderError::Empty),
        (true, false) => Ok(walk.found),
    }
}

#[derive(Default)]
struct Walk {
    found: Snapshot,
    bytes: u64,
    complaints: Vec<String>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, below: String, depth: usize) {
        if depth > DEPTH_MAX {
            return self.complain(folder, format!("folders are nested more than {DEPTH_MAX} deep"));
        }
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => return self.complain(folder, error),
        };
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Editors and version control keep their things in such.
            if name.starts_with('.') {
                continue;
            }
            let below = if below.is_empty() { name } else { format!("{below}/{name}") };
            self.entry(&path, below, depth);
        }
    }

    fn entry(&mut self, path: &Path, below: String, depth: usize) {
        let named_like_rules = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let kind = match fs::symlink_metadata(path) {
            Ok(found) => found.file_type(),
            // Gone since the folder was listed: the next look will not see it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.complain(path, error),
        };
        if kind.is_dir() {
            self.folder(path, below, depth + 1);
        } else if kind.is_symlink() && (named_like_rules || path.is_dir()) {
            self.complain(path, "it is a link, and links are not followed: put the file itself here");
        } else if named_like_rules && !kind.is_file() {
            self.complain(path, "it is not a regular file");
        } else if named_like_rules {
            match self.file(path) {
                Ok(bytes) => {
                    self.found.insert(below, bytes);
                }
                Err(why) => self.complain(path, why),
            }
        }
    }

    fn file(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        if self.found.len() >= FILES_MAX {
            return Err(format!("there are more than {FILES_MAX} files"));
        }
        let file = File::open(path).map_err(|error| error.to_string())?;
        if !is_same(&file, path) {
            return Err("it was exchanged while it was being opened".to_owned());
        }
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(format!("it is larger than {FILE_BYTES_MAX} bytes"));
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > FOLDER_BYTES_MAX {
            return Err(format!("the files together are larger than {FOLDER_BYTES_MAX} bytes"));
        }
        Ok(bytes)
    }

    fn complain(&mut self, path: &Path, what: impl fmt::Display) {
        self.complaints.push(format!("{}: {what}", path.display()));
    }
}

/// Whether the opened file is the one that the path itself names, and no link led elsewhere.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(opened), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    opened.is_file() && (opened.dev(), opened.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
fn is_same(file: &File, _path: &Path) -> bool {
    file.metadata().is_ok_and(|opened| opened.is_file())
}

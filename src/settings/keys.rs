//! The keys file beside the SQLite file: keys that were made because nobody gave any.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::names::{Kind, NAMES};
use super::read::Settings;
use super::secret::Secrets;
use crate::chance;

/// The file's name.
pub const FILE_NAME: &str = "antiphon.keys";

/// Where the keys of a database are kept; none where the database is a server.
#[must_use]
pub fn path(database_url: &str) -> Option<PathBuf> {
    let rest = database_url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let file = rest.split('?').next().unwrap_or(rest);
    Some(Path::new(file).with_file_name(FILE_NAME))
}

/// The `NAME=value` lines of a keys file; a file that is not there has none.
///
/// # Errors
/// As the system says it.
pub fn read(path: &Path) -> io::Result<Vec<(String, String)>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Makes the keys that `settings` lack and appends them to the keys file, which nobody else may read.
/// Gives the file's path if something was made.
///
/// # Errors
/// Which keys are missing, where there is no file to keep them in; or that the file cannot be written.
pub fn complete(settings: &mut Settings, folder: &Path) -> Result<Option<PathBuf>, String> {
    let missing = settings.missing_keys();
    if missing.is_empty() {
        return Ok(None);
    }
    let Some(path) = path(settings.database_url.reveal()) else {
        return Err(must_be_given(&missing));
    };
    let mut lines = String::new();
    for name in missing {
        let made = make(name);
        lines.push_str(&format!("ANTIPHON_{name}={made}\n"));
        settings.set_key(name, Secrets::read(&made).expect("a made key is not blank"));
    }
    append(&folder.join(&path), &lines).map_err(|error| format!("{}: cannot be written: {error}", path.display()))?;
    Ok(Some(path))
}

/// 256 bits: as hexadecimal digits, and the signing secret as Standard Webhooks writes it.
fn make(name: &str) -> String {
    if name == "WEBHOOK_SECRET" {
        return format!("whsec_{}", STANDARD.encode(chance::bytes::<32>()));
    }
    chance::bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn must_be_given(missing: &[&str]) -> String {
    let mut text = "on PostgreSQL the keys must be given, the same to every node; missing:".to_owned();
    for name in missing {
        let how =
            if *name == "WEBHOOK_SECRET" { "whsec_$(openssl rand -base64 32)" } else { "$(openssl rand -hex 32)" };
        text.push_str(&format!("\n  ANTIPHON_{name}={how}"));
    }
    text
}

fn append(path: &Path, lines: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

/// The names of all keys.
#[must_use]
pub fn names() -> Vec<&'static str> {
    NAMES.iter().filter(|row| row.kind == Kind::Key).map(|row| row.name).collect()
}

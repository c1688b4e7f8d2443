//! One value in force and where it came from: the environment, the settings file, the keys file, the default.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::names::{Kind, NAMES, Name, find, unknown};
use super::read::Given;
use super::{file, keys};

/// Where a value in force came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This variable.
    Environment(String),
    /// This settings file.
    File(PathBuf),
    /// This keys file.
    KeysFile(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "{name}"),
            Self::File(path) | Self::KeysFile(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value as it was written.
#[derive(Clone)]
pub struct Written {
    pub text: String,
    pub origin: Origin,
}

/// Every value in force, by name.
pub type Values = BTreeMap<&'static str, Written>;

/// Brings environment, file, keys file and defaults together.
pub fn gather(given: &Given, complaints: &mut Vec<String>) -> Values {
    let mut values = Values::new();
    for (name, text) in &given.environment {
        if let Some(name) = name.strip_prefix("ANTIPHON_") {
            let origin = Origin::Environment(format!("ANTIPHON_{name}"));
            place(given, name, text, origin, &mut values, complaints);
        }
    }
    let mut from_file = Values::new();
    if let Some((path, text)) = settings_file(given, complaints) {
        match file::read(&text) {
            Ok(found) => {
                for (name, text) in found {
                    place(given, &name, &text, Origin::File(path.clone()), &mut from_file, complaints);
                }
            }
            Err(found) => complaints.extend(found.into_iter().map(|what| format!("{}: {what}", path.display()))),
        }
    }
    for (name, written) in from_file {
        values.entry(name).or_insert(written);
    }
    for row in NAMES {
        if let Some(default) = row.default {
            values.entry(row.name).or_insert(Written { text: default.to_owned(), origin: Origin::Default });
        }
    }
    add_stored_keys(given, &mut values, complaints);
    values
}

/// The settings file that was named, or the one in the working folder if there is one.
fn settings_file(given: &Given, complaints: &mut Vec<String>) -> Option<(PathBuf, String)> {
    let path = given.config.clone().unwrap_or_else(|| PathBuf::from("antiphon.yaml"));
    match std::fs::read_to_string(given.folder.join(&path)) {
        Ok(text) => Some((path, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && given.config.is_none() => None,
        Err(error) => {
            complaints.push(format!("{}: cannot be read: {error}", path.display()));
            None
        }
    }
}

fn place(given: &Given, name: &str, text: &str, origin: Origin, values: &mut Values, complaints: &mut Vec<String>) {
    let shown = match &origin {
        Origin::File(path) => format!("{}: `{}`", path.display(), name.to_ascii_lowercase()),
        _ => format!("ANTIPHON_{name}"),
    };
    let Some((row, by_file)) = find(name) else {
        complaints.push(format!("{shown}: {}", unknown(name)));
        return;
    };
    let text = if by_file {
        match std::fs::read_to_string(given.folder.join(text)) {
            Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
            Err(error) => {
                complaints.push(format!("{shown}: cannot be read: {error}"));
                return;
            }
        }
    } else {
        text.to_owned()
    };
    if text.trim().is_empty() {
        // An empty plain setting is one that is not set: scripts and composed containers write such.
        if row.kind != Kind::Plain {
            complaints.push(format!("{shown}: it is blank; give it a value or take it out"));
        }
        return;
    }
    if values.insert(row.name, Written { text, origin }).is_some() {
        complaints.push(format!("{shown}: it is given twice, as a value and as a file; keep one"));
    }
}

/// Keys that were made at an earlier start.
fn add_stored_keys(given: &Given, values: &mut Values, complaints: &mut Vec<String>) {
    let Some(database) = values.get("DATABASE_URL") else { return };
    let Some(path) = keys::path(&database.text) else { return };
    match keys::read(&given.folder.join(&path)) {
        Ok(found) => {
            for (name, text) in found {
                match name.strip_prefix("ANTIPHON_").and_then(find) {
                    Some((row @ Name { kind: Kind::Key, .. }, false)) => {
                        let origin = Origin::KeysFile(path.clone());
                        values.entry(row.name).or_insert(Written { text, origin });
                    }
                    _ => complaints.push(format!("{}: `{name}` is no key", path.display())),
                }
            }
        }
        Err(error) => complaints.push(format!("{}: cannot be read: {error}", path.display())),
    }
}

//! Rule files on their way to a server, and its complaints about them on their way back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::check::{Checked, Format};
use super::exit::{Exit, failed};
use super::load::{self, Texts};
use super::paint::{github, human, json, summary};
use super::plain::plain;
use super::run::{given, settings};
use crate::diagnostic::{self, Sources};
use crate::settings::Settings;

/// The files of a folder, for a server.
pub struct Files {
    pub settings: Settings,
    texts: Texts,
}

/// Reads the folder, or the rules folder of the settings. What is no text is told.
pub fn read(folder: Option<&Path>, config: Option<&PathBuf>, format: Format) -> Result<Files, Exit> {
    let settings = settings(&given(config.cloned()))?;
    let root = folder.map_or_else(|| settings.rules.clone(), Path::to_path_buf);
    let mut texts = load::texts(&root, &[]).map_err(failed)?;
    if texts.unreadable.is_empty() {
        return Ok(Files { settings, texts });
    }
    let (diagnostics, sources) = (std::mem::take(&mut texts.unreadable), std::mem::take(&mut texts.sources));
    say(&Checked { diagnostics, sources, files: texts.files, segments: 0, campaigns: 0, rules: None }, format);
    Err(Exit::Failed)
}

impl Files {
    /// By path as seen from the folder: the same content is the same version, wherever the folder lies.
    #[must_use]
    pub fn below(&self) -> BTreeMap<&str, &str> {
        let prefix = self.texts.prefix.as_str();
        self.texts.texts.iter().map(|(path, text)| (path.strip_prefix(prefix).unwrap_or(path), text.as_str())).collect()
    }

    /// Says what the server complains of, as `check` does.
    pub fn complain(&self, answer: &Json, format: Format) {
        match self.checked(answer) {
            Some(checked) => say(&checked, format),
            // Of another release: as it says it itself.
            None => answer["rendered"].as_str().unwrap_or_default().lines().for_each(|line| {
                anstream::println!("{}", plain(line));
            }),
        }
    }

    fn checked(&self, answer: &Json) -> Option<Checked> {
        let mut sources = Sources::default();
        let mut ids = BTreeMap::new();
        for (path, text) in self.below() {
            ids.insert(path, sources.add(format!("{}{path}", self.texts.prefix), text));
        }
        let found = answer["diagnostics"].as_array()?;
        let read = |shown: &Json| diagnostic::json::read(shown, &|path| ids.get(path).copied());
        let diagnostics = found.iter().map(read).collect::<Option<Vec<_>>>()?;
        if diagnostics.is_empty() {
            return None;
        }
        Some(Checked { diagnostics, sources, files: self.texts.files, segments: 0, campaigns: 0, rules: None })
    }
}

fn say(checked: &Checked, format: Format) {
    match format {
        Format::Human => anstream::print!("{}{}", human(checked), summary(checked)),
        Format::Json => anstream::println!("{}", json(std::slice::from_ref(checked))),
        Format::Github => anstream::print!("{}", github(std::slice::from_ref(checked))),
    }
}

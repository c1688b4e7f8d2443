//! The rules folder of a server that starts: published if it is new, and what came of it said in words.

use std::path::Path;

use super::plain::plain;
use crate::clock::Clock;
use crate::diagnostic::{Sources, render};
use crate::dsl;
use crate::rollout::folder::{self, FolderError, Snapshot};
use crate::rollout::{self, Files, Published, Refused};
use crate::store::Store;

/// Reads `path` and publishes what is in it. Whatever goes wrong is said, and what was active stays so.
pub async fn publish(path: &Path, store: &Store, clock: &Clock) {
    let (folder, shown) = (path.to_path_buf(), path.display());
    let read = tokio::task::spawn_blocking(move || folder::read(&folder)).await;
    let files = match read {
        Ok(Ok(snapshot)) if snapshot.is_empty() => {
            return anstream::println!("rules: none in {shown}; `antiphon init` writes a few");
        }
        Ok(Ok(snapshot)) => match texts(snapshot) {
            Ok(files) => files,
            Err(complaints) => return anstream::eprint!("{complaints}rules: {shown} was not taken\n"),
        },
        Ok(Err(FolderError::Missing)) => {
            return anstream::println!("rules: there is no {shown}; `antiphon init` writes a few");
        }
        Ok(Err(error)) => return anstream::eprintln!("rules: {shown} was not taken: {}", plain(&error.to_string())),
        Err(error) => return anstream::eprintln!("rules: {shown} was not read: {error}"),
    };
    match rollout::publish(store, clock, files).await {
        Ok(Published::Activated(version)) => anstream::println!("rules: version {} of {shown} is active", version.0),
        Ok(Published::Unchanged(version)) => anstream::println!("rules: version {} is active, as in {shown}", version.0),
        Ok(Published::Older { found, active }) => anstream::println!(
            "rules: {shown} is version {}, older than version {}, which stays active",
            found.0,
            active.0
        ),
        Ok(Published::Refused(refused)) => {
            anstream::eprint!("{}rules: {shown} was not taken; what was active stays active\n", frames(&refused));
        }
        Err(error) => anstream::eprintln!("rules: {error}"),
    }
}

fn texts(snapshot: Snapshot) -> Result<Files, String> {
    let (mut sources, mut complaints, mut files) = (Sources::default(), Vec::new(), Files::new());
    for (path, bytes) in snapshot {
        match dsl::decode(&path, bytes, &mut sources) {
            Ok(text) => {
                files.insert(path, text);
            }
            Err(diagnostic) => complaints.push(*diagnostic),
        }
    }
    if complaints.is_empty() { Ok(files) } else { Err(render::render(&complaints, &sources, true)) }
}

fn frames(refused: &Refused) -> String {
    let mut sources = Sources::default();
    for (path, text) in &refused.files {
        sources.add(path, text);
    }
    render::render(&refused.diagnostics, &sources, true)
}

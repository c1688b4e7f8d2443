//! What became of the rules folder, in words for the terminal.

use std::path::Path;

use super::plain::plain;
use crate::rollout::folder::FolderError;
use crate::rollout::{FolderTrouble, Published};

/// Says what came of publishing the folder at `path`.
pub fn say(path: &Path, outcome: &Result<Published, FolderTrouble>) {
    let shown = path.display();
    match outcome {
        Ok(Published::Activated(version)) => anstream::println!("rules: version {} of {shown} is active", version.0),
        Ok(Published::Unchanged(version)) => {
            anstream::println!("rules: version {} is active, as in {shown}", version.0)
        }
        Ok(Published::Older { found, active }) => anstream::println!(
            "rules: {shown} is version {}, older than version {}, which stays active",
            found.0,
            active.0
        ),
        Ok(Published::Refused(refused)) => {
            anstream::eprint!("{}rules: {shown} was not taken; what was active stays active\n", refused.render(true));
        }
        Ok(Published::Nothing) => anstream::println!("rules: none in {shown}; `antiphon init` writes a few"),
        Err(FolderTrouble::Folder(FolderError::Missing)) => {
            anstream::println!("rules: there is no {shown}; `antiphon init` writes a few");
        }
        Err(error) => anstream::eprintln!("rules: {shown} was not taken: {}", plain(&error.to_string())),
    }
}

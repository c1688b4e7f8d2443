//! What came of the rules folder, in words: at the start, and whenever it changes.

use std::path::Path;

use super::plain::plain;
use crate::rollout::folder::FolderError;
use crate::rollout::{FolderTrouble, Published};

/// Says what came of publishing the folder at `path`. What was active stays so unless this says otherwise.
pub fn tell(path: &Path, outcome: &Result<Published, FolderTrouble>) {
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
            anstream::eprintln!("{}rules: {shown} was not taken; what was active stays active", refused.render(true))
        }
        Err(FolderTrouble::Folder(error @ (FolderError::Missing | FolderError::Empty))) => {
            anstream::println!("rules: {shown}: {error}; `antiphon init` writes a few");
        }
        Err(trouble) => anstream::eprintln!("rules: {shown} was not taken: {}", lines(&trouble.to_string())),
    }
}

/// Paths may hold anything; the lines of a list stay lines.
fn lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

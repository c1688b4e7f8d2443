//! JSON Schemas of the rule files, for editors: which keys there are, what they mean, what fits.
//!
//! Draft 7, which the language servers for YAML know best. The readers in `envelope` and `scenario` decide what
//! is right; a test walks both and holds the keys here to theirs.

mod campaign;
mod names;
mod parts;
mod rules;
mod schema;
mod steps;
mod test;

pub use names::Names;
pub use test::{EFFECTS, VERBS};

use serde_json::Value as Json;

/// One file for editors.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// `rules.json`
    pub name: &'static str,
    /// Which rule files it is for, below the rules folder.
    pub globs: &'static [&'static str],
    /// The same in words.
    pub about: &'static str,
    pub schema: Json,
}

/// The schemas of all kinds of files. Names of the rule set are offered where one is wanted; others are right too,
/// so that a schema that was written before a rule was does no harm.
#[must_use]
pub fn files(names: &Names) -> [File; 3] {
    [
        File {
            name: "rules.json",
            globs: &["**/*.yaml", "**/*.yml", "!**/schema.yaml", "!**/*.test.yaml"],
            about: "segments, campaigns, schedules",
            schema: rules::file(names),
        },
        File { name: "schema.json", globs: &["**/schema.yaml"], about: "the schema", schema: schema::file(names) },
        File { name: "test.json", globs: &["**/*.test.yaml"], about: "tests", schema: test::file(names) },
    ]
}

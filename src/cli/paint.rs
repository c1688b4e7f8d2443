//! Complaints about rule files as each reader wants them: frames for people, JSON for programs, annotations
//! for pull requests.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::check::Checked;
use crate::diagnostic::render::SHOWN_MAX;
use crate::diagnostic::{self, Severity, render};

/// With frames. Colours are taken out again where nobody can see them.
pub fn human(checked: &Checked) -> String {
    render::render(&checked.diagnostics, &checked.sources, true)
}

/// The last line: how much was looked at and how much was found.
pub fn summary(checked: &Checked) -> String {
    let mut line = number(checked.files, "file");
    if checked.segments + checked.campaigns > 0 {
        let (segments, campaigns) = (number(checked.segments, "segment"), number(checked.campaigns, "campaign"));
        let _ = write!(line, ", {segments}, {campaigns}");
    }
    let (errors, warnings) = (count(checked, Severity::Error), count(checked, Severity::Warning));
    let _ = write!(line, ": {}, {}", number(errors, "error"), number(warnings, "warning"));
    match count(checked, Severity::Advice) {
        0 => {}
        advice => {
            let _ = write!(line, ", {advice} advice");
        }
    }
    line + "\n"
}

fn count(checked: &Checked, severity: Severity) -> usize {
    checked.diagnostics.iter().filter(|diagnostic| diagnostic.severity() == severity).count()
}

/// `1 file`, `2 files`
pub fn number(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The form of the object that `json` makes. What reads it may rely on what is there.
const JSON_VERSION: u32 = 1;

/// One object with all complaints, and how many of each kind there are.
pub fn json(all: &[Checked]) -> Json {
    let sum = |severity| all.iter().map(|checked| count(checked, severity)).sum::<usize>();
    let shown = all.iter().flat_map(|checked| {
        let shown = checked.diagnostics.iter().take(SHOWN_MAX);
        shown.map(|diagnostic| diagnostic::json::diagnostic(diagnostic, &checked.sources))
    });
    json!({
        "version": JSON_VERSION,
        "files": all.iter().map(|checked| checked.files).sum::<usize>(),
        "errors": sum(Severity::Error),
        "warnings": sum(Severity::Warning),
        "advice": sum(Severity::Advice),
        "diagnostics": shown.collect::<Vec<_>>(),
    })
}

/// One workflow command for each complaint.
pub fn github(all: &[Checked]) -> String {
    let mut out = String::new();
    for checked in all {
        for diagnostic in checked.diagnostics.iter().take(SHOWN_MAX) {
            let file = in_repository(checked.sources.path(diagnostic.span().file));
            let _ = writeln!(out, "{}", diagnostic::github::command(diagnostic, &checked.sources, &file));
        }
    }
    out
}

/// `path` as seen from the root of the repository that it lies in; as it is where there is none.
pub fn in_repository(path: &str) -> String {
    let Ok(whole) = Path::new(path).canonicalize() else { return path.to_owned() };
    let root = whole.ancestors().skip(1).find(|folder| folder.join(".git").exists());
    let inside = root.and_then(|root| whole.strip_prefix(root).ok());
    inside.map_or_else(|| path.to_owned(), |inside| inside.to_string_lossy().replace('\\', "/"))
}

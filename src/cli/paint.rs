//! Complaints about rule files as each reader wants them: frames for people, JSON for programs, annotations
//! for pull requests.

use std::fmt::Write as _;

use serde_json::json;

use super::check::Checked;
use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Diagnostic, Severity, Sources, Span, render};

/// With frames. Colours are taken out again where nobody can see them.
pub fn human(checked: &Checked) -> String {
    render::render(&checked.diagnostics, &checked.sources, true)
}

/// The last line: how much was looked at and how much was found.
pub fn summary(checked: &Checked) -> String {
    let count = |severity| checked.diagnostics.iter().filter(|d| d.severity() == severity).count();
    let mut line = number(checked.files, "file");
    if checked.segments + checked.campaigns > 0 {
        let (segments, campaigns) = (number(checked.segments, "segment"), number(checked.campaigns, "campaign"));
        let _ = write!(line, ", {segments}, {campaigns}");
    }
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let _ = write!(line, ": {}, {}", number(errors, "error"), number(warnings, "warning"));
    match count(Severity::Advice) {
        0 => {}
        advice => {
            let _ = write!(line, ", {advice} advice");
        }
    }
    line + "\n"
}

fn number(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// One object with all complaints. Offsets are bytes of the file.
pub fn json(checked: &Checked) -> serde_json::Value {
    let sources = &checked.sources;
    let all: Vec<_> = checked.diagnostics.iter().map(|diagnostic| one(diagnostic, sources)).collect();
    json!({"files": checked.files, "diagnostics": all})
}

fn one(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let labels = diagnostic.labels.iter().map(|label| {
        let mut shown = place(label.span, sources);
        shown["text"] = json!(label.text);
        shown["primary"] = json!(label.primary);
        shown
    });
    let edit = |edit: &Edit| {
        let mut shown = place(edit.span, sources);
        shown["replacement"] = json!(edit.replacement);
        shown
    };
    let fixes = diagnostic
        .fixes
        .iter()
        .map(|fix| json!({"message": fix.message, "edits": fix.edits.iter().map(edit).collect::<Vec<_>>()}));
    let mut shown = place(diagnostic.span(), sources);
    shown["code"] = json!(diagnostic.code.as_str());
    shown["severity"] = json!(word(diagnostic.severity()));
    shown["message"] = json!(diagnostic.message);
    shown["labels"] = labels.collect();
    shown["notes"] = json!(diagnostic.notes);
    shown["fixes"] = fixes.collect();
    shown
}

fn place(span: Span, sources: &Sources) -> serde_json::Value {
    let (line, column) = sources.place(span);
    json!({
        "file": sources.path(span.file), "line": line, "column": column, "start": span.start, "end": span.end,
    })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "advice",
    }
}

/// One workflow command for each complaint.
pub fn github(checked: &Checked) -> String {
    let mut out = String::new();
    for diagnostic in &checked.diagnostics {
        let (line, column) = checked.sources.place(diagnostic.span());
        let level = match diagnostic.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "notice",
        };
        let label = diagnostic.labels.first().map(|label| label.text.as_str()).filter(|text| !text.is_empty());
        let mut message = diagnostic.message.clone();
        for more in label.into_iter().chain(diagnostic.fixes.iter().map(|fix| fix.message.as_str())) {
            message.push('\n');
            message.push_str(more);
        }
        let _ = writeln!(
            out,
            "::{level} file={},line={line},col={column},title={}::{}",
            escaped(checked.sources.path(diagnostic.span().file), true),
            diagnostic.code.as_str(),
            escaped(&message, false),
        );
    }
    out
}

/// What the command's syntax uses is written in percent.
fn escaped(text: &str, in_property: bool) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if in_property { text.replace(':', "%3A").replace(',', "%2C") } else { text }
}

//! Diagnostics as data, for editors and other programs.
//!
//! Lines and columns count from 1, columns in characters; `start` and `end` are offsets in bytes. What ends, ends
//! in front of the place that is named.

use serde_json::{Value as Json, json};

use super::diagnostic::{Diagnostic, Edit, Fix, Label};
use super::span::{Sources, Span};

/// One complaint with everything that is known of it. The edits of one fix belong together; they do not overlap.
#[must_use]
pub fn diagnostic(diagnostic: &Diagnostic, sources: &Sources) -> Json {
    let mut shown = place(diagnostic.span(), sources);
    shown["code"] = json!(diagnostic.code.as_str());
    shown["severity"] = json!(diagnostic.severity().to_string());
    shown["message"] = json!(diagnostic.message);
    shown["labels"] = diagnostic.labels.iter().map(|one| label(one, sources)).collect();
    shown["notes"] = json!(diagnostic.notes);
    shown["fixes"] = diagnostic.fixes.iter().map(|one| fix(one, sources)).collect();
    shown
}

fn label(label: &Label, sources: &Sources) -> Json {
    let mut shown = place(label.span, sources);
    shown["text"] = json!(label.text);
    shown["primary"] = json!(label.primary);
    shown
}

fn fix(fix: &Fix, sources: &Sources) -> Json {
    json!({"message": fix.message, "edits": fix.edits.iter().map(|one| edit(one, sources)).collect::<Vec<_>>()})
}

fn edit(edit: &Edit, sources: &Sources) -> Json {
    let mut shown = place(edit.span, sources);
    shown["replacement"] = json!(edit.replacement);
    shown
}

fn place(span: Span, sources: &Sources) -> Json {
    let (line, column) = sources.place(span);
    let (end_line, end_column) = sources.place(span.after());
    json!({
        "file": sources.path(span.file),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": span.start,
        "end": span.end,
    })
}

//! Diagnostics as data, for editors and other programs.
//!
//! Lines and columns count from 1, columns in characters; `start` and `end` are offsets in bytes. What ends, ends
//! in front of the place that is named.

use serde_json::{Value as Json, json};

use super::code::Code;
use super::diagnostic::{Diagnostic, Edit, Fix, Label};
use super::span::{FileId, Sources, Span};

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

/// The reverse of [`diagnostic`]: `file` knows the files by their paths. None for what is not of this form, or has
/// a code that this release does not know.
#[must_use]
pub fn read(shown: &Json, file: &impl Fn(&str) -> Option<FileId>) -> Option<Diagnostic> {
    let code = Code::ALL.iter().find(|code| shown["code"] == code.as_str())?;
    let span = |shown: &Json| {
        Some(Span::new(file(shown["file"].as_str()?)?, number(&shown["start"])?, number(&shown["end"])?))
    };
    let label = |shown: &Json| {
        Some(Label { span: span(shown)?, text: text(&shown["text"])?, primary: shown["primary"].as_bool()? })
    };
    let edit = |shown: &Json| Some(Edit { span: span(shown)?, replacement: text(&shown["replacement"])? });
    let fix = |shown: &Json| Some(Fix { message: text(&shown["message"])?, edits: each(&shown["edits"], edit)? });
    Some(Diagnostic {
        code: *code,
        message: text(&shown["message"])?,
        labels: each(&shown["labels"], label)?,
        notes: each(&shown["notes"], text)?,
        fixes: each(&shown["fixes"], fix)?,
    })
}

fn each<T>(list: &Json, read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    list.as_array()?.iter().map(read).collect()
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Json) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

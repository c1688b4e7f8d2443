//! Diagnostics as people read them: `severity[code]: message`, the lines in question, and the ways out.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::code::Severity;
use super::diagnostic::{Diagnostic, Fix, Label};
use super::span::{FileId, Sources, Span};

/// More than this are not shown. Of those that are, not all may be known: past this nobody goes on looking.
pub const SHOWN_MAX: usize = 100;

/// All of `diagnostics`, by file and place, the first [`SHOWN_MAX`] of them.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Unicode);
    let mut out = String::new();
    for diagnostic in sorted.iter().take(SHOWN_MAX) {
        out.push_str(&renderer.render(&[group(diagnostic, sources)]));
        out.push_str("\n\n");
    }
    let hidden = sorted.len().saturating_sub(SHOWN_MAX);
    if hidden > 0 {
        out.push_str(&format!("and at least {hidden} more\n"));
    }
    out
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::INFO.with_name("advice"),
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str()));
    let mut files: Vec<FileId> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    for file in files {
        let labels = diagnostic.labels.iter().filter(|label| label.span.file == file);
        group = group.element(snippet(file, labels, sources));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    let width = diagnostic.fixes.iter().map(|fix| fix.message.chars().count()).max().unwrap_or_default();
    for fix in &diagnostic.fixes {
        group = group.element(Level::HELP.message(help(fix, width, sources)));
    }
    group
}

fn snippet<'a>(
    file: FileId,
    labels: impl Iterator<Item = &'a Label>,
    sources: &'a Sources,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = sources.text(file);
    let mut snippet = Snippet::source(text).path(sources.path(file)).fold(true);
    for label in labels {
        let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let (start, end) = within(text, label.span);
        let words = (!label.text.is_empty()).then_some(label.text.as_str());
        snippet = snippet.annotation(kind.span(start..end).label(words));
    }
    snippet
}

/// The bytes of `span` that exist in `text`, on the borders of characters.
fn within(text: &str, span: Span) -> (usize, usize) {
    let border = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = border(span.start);
    (start, border(span.end).max(start))
}

/// What to do, and how the first line that changes reads then.
fn help(fix: &Fix, width: usize, sources: &Sources) -> String {
    let Some(first) = fix.edits.iter().map(|edit| edit.span).min() else { return fix.message.clone() };
    let text = sources.text(first.file);
    let (start, _) = within(text, first);
    let line = text[..start].matches('\n').count();
    let changed = fix.apply(text);
    let reads = changed.lines().nth(line).unwrap_or_default().trim();
    format!("{:width$} │ {reads}", fix.message)
}

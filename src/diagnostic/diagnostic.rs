//! One complaint: what is wrong, where, and the ways to put it right. Built here, shown by `render`.

use super::code::{Code, Severity};
use super::span::Span;

/// A complaint about something written in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// What is wrong: lower case, the author's words in backticks, no full stop.
    pub message: String,
    /// The first is where it is wrong; others stand where it disagrees with something else.
    pub labels: Vec<Label>,
    /// A rule that this teaches, if any.
    pub notes: Vec<String>,
    /// Each by itself puts it right. An editor may apply them.
    pub fixes: Vec<Fix>,
}

/// A place with a word about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    /// Empty if there is nothing to add to the message.
    pub text: String,
    pub primary: bool,
}

/// A change of the text that answers a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What applying it does, as an order: `quote it`.
    pub message: String,
    pub edits: Vec<Edit>,
}

/// New text in the place of a span, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub replacement: String,
}

impl Diagnostic {
    /// A complaint about `span`.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let label = Label { span, text: String::new(), primary: true };
        Self { code, message: message.into(), labels: vec![label], notes: Vec::new(), fixes: Vec::new() }
    }

    /// Says something about the place itself.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Points to another place that matters.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Teaches a rule.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Offers `replacement` in the place of `span`.
    #[must_use]
    pub fn fix(self, message: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix_all(message, vec![Edit { span, replacement: replacement.into() }])
    }

    /// Offers several changes that belong together. They do not overlap.
    #[must_use]
    pub fn fix_all(mut self, message: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix { message: message.into(), edits });
        self
    }

    /// Where it is wrong.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels.first().map(|label| label.span).unwrap_or_default()
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl Fix {
    /// `text`, the text of the file that the edits are for, with this change made.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut edits: Vec<&Edit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| edit.span);
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for edit in edits {
            out.push_str(text.get(at..edit.span.start).unwrap_or_default());
            out.push_str(&edit.replacement);
            at = at.max(edit.span.end);
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

/// Whether any of these is an error: then nothing may be loaded.
#[must_use]
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
}

//! What was complained of while one file was read.

use std::cell::OnceCell;
use std::ops::Range;

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic, FileId, Fix, Label, Severity, Span};

/// Complaints that are told at once: of one file, and of all files together.
pub const COMPLAINTS_MAX: usize = 100;
/// Of words that are known so many are listed; every map of a rule file has fewer keys.
const KNOWN_SHOWN_MAX: usize = 24;

/// The complaints about one file, in the order in which they were found.
#[derive(Debug)]
pub struct Report<'s> {
    file: FileId,
    text: &'s str,
    /// Where each line starts, once somebody asked.
    lines: OnceCell<Vec<usize>>,
    diagnostics: Vec<Diagnostic>,
    errors: usize,
}

impl<'s> Report<'s> {
    /// Nothing is wrong yet with `file`, whose text is `text`.
    pub fn new(file: FileId, text: &'s str) -> Self {
        Self { file, text, lines: OnceCell::new(), diagnostics: Vec::new(), errors: 0 }
    }

    /// The file.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The whole text of the file.
    pub fn text(&self) -> &'s str {
        self.text
    }

    /// Bytes `at` of the file.
    pub fn span(&self, at: &Range<usize>) -> Span {
        Span::new(self.file, at.start, at.end)
    }

    /// The line of byte `at`, from 1.
    pub fn line(&self, at: usize) -> usize {
        let starts = || std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.lines.get_or_init(starts).partition_point(|start| *start <= at)
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Complains of bytes `at`.
    pub fn error(&mut self, code: Code, at: Range<usize>, message: impl Into<String>) -> Complaint<'_> {
        let span = self.span(&at);
        self.complain(Diagnostic::new(code, span, message))
    }

    /// Takes in a complaint that was made elsewhere. One past the bound takes the place of the last.
    pub fn complain(&mut self, diagnostic: Diagnostic) -> Complaint<'_> {
        self.errors += usize::from(diagnostic.severity() == Severity::Error);
        if self.is_full() {
            self.diagnostics.pop();
        }
        self.diagnostics.push(diagnostic);
        let file = self.file;
        Complaint { diagnostic: self.diagnostics.last_mut().expect("it was pushed in the line above"), file }
    }

    /// Takes in many.
    pub fn extend(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.complain(diagnostic);
        }
    }

    fn is_full(&self) -> bool {
        self.diagnostics.len() > COMPLAINTS_MAX
    }

    /// Complains of a word that is none of `known`, and offers the nearest of them.
    pub fn unknown(&mut self, code: Code, at: Range<usize>, message: &str, written: &str, known: &[&str]) {
        if self.is_full() {
            return;
        }
        let quote = self.text.get(at.clone()).and_then(|text| text.chars().next()).filter(|c| matches!(c, '"' | '\''));
        let complaint = self.error(code, at.clone(), message);
        if let Some(word) = nearest(written, known.iter().copied()) {
            let quote = quote.map(String::from).unwrap_or_default();
            complaint.fix(format!("did you mean `{word}`?"), at, format!("{quote}{word}{quote}"));
        } else if !known.is_empty() && known.len() <= KNOWN_SHOWN_MAX {
            complaint.note(format!("known: `{}`", known.join("`, `")));
        }
    }

    /// Refuses a part of the language that this version reads and does not run.
    pub fn unsupported(&mut self, at: Range<usize>, what: &str) -> Complaint<'_> {
        self.error(Code::E0190, at, format!("{what}: not supported by this version"))
    }

    /// The complaints.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}

/// The newest complaint, to say more about it.
pub struct Complaint<'r> {
    diagnostic: &'r mut Diagnostic,
    file: FileId,
}

impl Complaint<'_> {
    /// Says something about the place itself.
    pub fn label(self, text: impl Into<String>) -> Self {
        if let Some(label) = self.diagnostic.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Points to another place of the file.
    pub fn also(self, at: Range<usize>, text: impl Into<String>) -> Self {
        let span = Span::new(self.file, at.start, at.end);
        self.diagnostic.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Teaches a rule.
    pub fn note(self, text: impl Into<String>) -> Self {
        self.diagnostic.notes.push(text.into());
        self
    }

    /// Offers `replacement` in the place of bytes `at`.
    pub fn fix(self, message: impl Into<String>, at: Range<usize>, replacement: impl Into<String>) -> Self {
        let edit = Edit { span: Span::new(self.file, at.start, at.end), replacement: replacement.into() };
        self.diagnostic.fixes.push(Fix { message: message.into(), edits: vec![edit] });
        self
    }
}

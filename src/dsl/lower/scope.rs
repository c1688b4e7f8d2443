//! What lowering knows while it walks a condition, and what it gathers on the way.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::Names;
use crate::dsl::syntax::Length;
use crate::model::time;

/// What a condition belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Segment,
    /// Trigger or filter of a campaign: there is no journey yet.
    Campaign,
    /// A step of a campaign: the journey runs.
    Journey,
}

/// One rule while it is lowered.
pub struct Scope<'a> {
    pub names: &'a Names,
    pub place: Place,
    /// How far back the log reaches.
    pub retention: time::Span,
    /// How long verdicts wait for events that arrive late.
    pub grace: time::Span,
    pub complaints: Vec<Diagnostic>,
    /// The segments that were named.
    pub segments: BTreeSet<String>,
    /// Every bare `within` behind something that people do.
    pub bare_within: Vec<Span>,
}

impl<'a> Scope<'a> {
    /// Nothing lowered yet.
    pub fn new(names: &'a Names, place: Place, retention: time::Span) -> Self {
        let grace = names.declared.schema.grace;
        let (complaints, segments, bare_within) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { names, place, retention, grace, complaints, segments, bare_within }
    }

    /// Takes in a complaint; the part that it is about has no meaning.
    pub fn refuse<T>(&mut self, complaint: Diagnostic) -> Option<T> {
        self.complaints.push(complaint);
        None
    }

    /// Refuses a part of the language that this version reads and does not run.
    pub fn unsupported<T>(&mut self, span: Span, what: &str) -> Option<T> {
        self.refuse(Diagnostic::new(Code::E0190, span, format!("{what}: not supported by this version")))
    }

    /// Seconds of a length; calendar units are refused.
    pub fn elapsed(&mut self, length: &Length) -> Option<time::Span> {
        match length.elapsed() {
            Some(span) => Some(span),
            None => self.unsupported(length.span, "calendar units"),
        }
    }
}

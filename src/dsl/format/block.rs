//! One text of the language from as it was written to as it should be, and the proof that both say the same.

use super::comments;
use super::doc::Doc;
use super::layout::{Room, lines};
use super::print::{self, Printer};
use crate::diagnostic::{Diagnostic, Origin};
use crate::dsl::parse;
use crate::dsl::shape::may_be_ever;
use crate::dsl::syntax::{
    Chain, Condition, ConditionKind, Frequency, History, Lead, Length, Limit, Wait, WindowKind, WithoutSpans,
};
use crate::model::limit::CONDITION_BYTES_MAX;

/// Which of the language's texts something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Condition,
    /// The event of a trigger.
    Event,
    /// The sequence of a trigger.
    Each,
    Span,
    /// A length of time that may be zero.
    Grace,
    Wait,
    Frequency,
    Limit,
}

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    Condition(Condition),
    Chain(Box<Chain>),
    Length(Length),
    Wait(Wait),
    Frequency(Frequency),
    Limit(Limit),
}

/// Our own output does not say what was to be said: a fault in here, and no reason to write anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub before: String,
    pub after: String,
}

/// `text` in its canonical form; nothing if it is not right, or if the form is longer than a text may be: lines of
/// their own cost white space.
///
/// # Errors
/// [`Fault`] if the canonical form would say something else.
pub fn format(kind: Kind, text: &str, room: Room) -> Result<Option<String>, Fault> {
    let Some(tree) = Tree::read(kind, text) else { return Ok(None) };
    let tree = tree.without_redundant();
    let mut doc = tree.doc(Printer { source: text });
    let tail = comments::attach(text, &mut doc);
    let after = lines(&doc, &tail, room);
    if after.len() > CONDITION_BYTES_MAX {
        return Ok(None);
    }
    let same = Tree::read(kind, &after).is_some_and(|read| read.without_spans() == tree.without_spans());
    if same && sorted(comments::texts(text)) == sorted(comments::texts(&after)) {
        Ok(Some(after))
    } else {
        Err(Fault { before: text.to_owned(), after })
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

impl Tree {
    /// Reads a text that is right.
    #[must_use]
    pub fn read(kind: Kind, text: &str) -> Option<Self> {
        let (origin, mut out): (Origin, Vec<Diagnostic>) = (Origin::default(), Vec::new());
        let tree = match kind {
            Kind::Condition => parse::parse_condition(text, &origin, &mut out).map(Self::Condition),
            Kind::Event => parse::parse_event_block(text, &origin, &mut out).map(|tree| Self::Chain(Box::new(tree))),
            Kind::Each => parse::parse_chain_block(text, &origin, &mut out).map(|tree| Self::Chain(Box::new(tree))),
            Kind::Span => parse::parse_span_block(text, &origin, &mut out).map(Self::Length),
            Kind::Grace => parse::parse_grace_block(text, &origin, &mut out).map(Self::Length),
            Kind::Wait => parse::parse_wait_block(text, &origin, &mut out).map(Self::Wait),
            Kind::Frequency => parse::parse_frequency_block(text, &origin, &mut out).map(Self::Frequency),
            Kind::Limit => parse::parse_limit_block(text, &origin, &mut out).map(Self::Limit),
        };
        tree.filter(|_| out.is_empty())
    }

    /// The canonical text of a tree that was read from nowhere.
    #[must_use]
    pub fn text(&self, room: Room) -> String {
        lines(&self.doc(Printer::default()), &[], room)
    }

    fn doc(&self, printer: Printer<'_>) -> Doc {
        match self {
            Self::Condition(tree) => print::condition(printer, tree),
            Self::Chain(tree) => print::chain(printer, tree),
            Self::Length(tree) => super::value::length(tree),
            Self::Wait(tree) => print::wait(tree),
            Self::Frequency(tree) => print::frequency(tree),
            Self::Limit(tree) => print::limit(tree),
        }
    }

    /// Without the words that may be left out and change nothing: `has`, and `ever` where it is meant anyway.
    #[must_use]
    pub fn without_redundant(mut self) -> Self {
        if let Self::Condition(tree) = &mut self {
            each_history(tree, &mut |history| {
                history.lead = history.lead.filter(|lead| lead.node != Lead::Has);
                let ever = history.window.as_ref().is_some_and(|window| window.node == WindowKind::Ever);
                if ever && may_be_ever(history) {
                    history.window = None;
                }
            });
        }
        self
    }
}

impl WithoutSpans for Tree {
    fn without_spans(self) -> Self {
        match self {
            Self::Condition(tree) => Self::Condition(tree.without_spans()),
            Self::Chain(tree) => Self::Chain(tree.without_spans()),
            Self::Length(tree) => Self::Length(tree.without_spans()),
            Self::Wait(tree) => Self::Wait(tree.without_spans()),
            Self::Frequency(tree) => Self::Frequency(tree.without_spans()),
            Self::Limit(tree) => Self::Limit(tree.without_spans()),
        }
    }
}

fn each_history(tree: &mut Condition, change: &mut impl FnMut(&mut History)) {
    match &mut tree.node {
        ConditionKind::All(parts) | ConditionKind::Any(parts) => {
            for part in parts {
                each_history(part, change);
            }
        }
        ConditionKind::Not(inner) | ConditionKind::ForAtLeast(inner, _) => each_history(inner, change),
        ConditionKind::History(history) => change(history),
        _ => {}
    }
}

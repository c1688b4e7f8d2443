//! What every part of the walk needs: the text, where it stands, and where complaints go.

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Diagnostic, Origin, Span};

use super::cursor::Node;
use crate::dsl::syntax::At;

/// The walk over one text.
pub(super) struct Reader<'a> {
    text: &'a str,
    origin: &'a Origin,
    out: &'a mut Vec<Diagnostic>,
    /// A mistake swallowed what may stand behind it: do not complain of what is not there.
    pub lossy: bool,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str, origin: &'a Origin, out: &'a mut Vec<Diagnostic>) -> Self {
        Self { text, origin, out, lossy: false }
    }

    pub fn say(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// Where `node` stands in the file.
    pub fn span(&self, node: &Node<'_>) -> Span {
        self.between(node.start, node.end)
    }

    /// Where bytes `start..end` of the text stand in the file.
    pub fn between(&self, start: usize, end: usize) -> Span {
        self.origin.span(start, end)
    }

    /// `value` with the place of `node`.
    pub fn at<T>(&self, node: &Node<'_>, value: T) -> At<T> {
        At { span: self.span(node), node: value }
    }

    /// Bytes `start..end` of the text on one line; none if a comment inside stands in the way.
    pub fn one_line(&self, start: usize, end: usize) -> Option<String> {
        let text = self.text.get(start..end)?;
        if !text.contains('\n') {
            return Some(text.to_owned());
        }
        if text.contains('#') {
            return None;
        }
        Some(text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
    }

    /// `word` in the place of bytes `start..end`, with white space where it would touch a neighbour.
    pub fn spaced(&self, start: usize, end: usize, word: &str) -> String {
        let before =
            self.text.get(..start).is_some_and(|text| !text.is_empty() && !text.ends_with(char::is_whitespace));
        let behind =
            self.text.get(end..).is_some_and(|text| !text.is_empty() && !text.starts_with(char::is_whitespace));
        format!("{}{word}{}", if before { " " } else { "" }, if behind { " " } else { "" })
    }

    /// Takes out bytes `start..end` with the white space in front of them, and the comma that `then` may have.
    pub fn cut(&self, start: usize, end: usize) -> Edit {
        let kept = self
            .text
            .get(..start)
            .map_or(start, |before| before.trim_end_matches(|c: char| c.is_whitespace() || c == ',').len());
        Edit { span: self.between(kept, end), replacement: String::new() }
    }

    /// Puts `text` in front of the token at `at`.
    pub fn put_before(&self, at: usize, text: &str) -> Edit {
        Edit { span: self.between(at, at), replacement: format!("{text} ") }
    }

    /// Puts `text` behind the token that ends at `at`.
    pub fn put_behind(&self, at: usize, text: &str) -> Edit {
        // The place of the last byte, not that of the next, which may stand on another line.
        Edit { span: self.between(at.saturating_sub(1), at).after(), replacement: format!(" {text}") }
    }
}

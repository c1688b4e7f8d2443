//! What is looked for before a text is parsed: too much of it, and characters that deceive or cannot be seen.
//! And its comments, which no parser keeps.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, Origin};
use crate::model::limit::CONDITION_BYTES_MAX;

/// Parentheses within each other.
pub const PARENTHESES_DEPTH_MAX: usize = 16;

/// Inside of what a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// Up to this sign or the end of the line; a backslash takes the next character with it.
    Quoted(char),
    Backticks,
    Comment,
}

/// Walks over the characters of a text, and knows inside of what each one stands.
struct Walk {
    inside: Inside,
    escaped: bool,
}

impl Walk {
    fn new() -> Self {
        Self { inside: Inside::Nothing, escaped: false }
    }

    /// Inside of what one stands behind `c`. None: `c` was taken by the backslash in front of it.
    fn step(&mut self, c: char) -> Option<Inside> {
        if std::mem::take(&mut self.escaped) && c != '\n' {
            return None;
        }
        self.inside = match (self.inside, c) {
            (_, '\n') => Inside::Nothing,
            (Inside::Quoted(end), c) if c == end => Inside::Nothing,
            (Inside::Quoted(_), '\\') => {
                self.escaped = true;
                self.inside
            }
            (Inside::Backticks, '`') => Inside::Nothing,
            (Inside::Nothing, '"' | '/') => Inside::Quoted(c),
            (Inside::Nothing, '`') => Inside::Backticks,
            (Inside::Nothing, '#') => Inside::Comment,
            _ => self.inside,
        };
        Some(self.inside)
    }
}

/// Where the comments of `text` stand, each from its `#` to the end of its line.
pub(in crate::dsl) fn comments(text: &str) -> Vec<Range<usize>> {
    let (mut walk, mut found, mut start) = (Walk::new(), Vec::new(), None);
    for (at, c) in text.char_indices() {
        let in_comment = walk.step(c) == Some(Inside::Comment);
        match start {
            None if in_comment => start = Some(at),
            Some(start_at) if !in_comment => {
                found.push(start_at..at);
                start = None;
            }
            _ => {}
        }
    }
    found.extend(start.map(|start| start..text.len()));
    found
}

/// Whether `text` may be parsed.
pub(super) fn scan(text: &str, origin: &Origin, out: &mut Vec<Diagnostic>) -> bool {
    if text.len() > CONDITION_BYTES_MAX {
        let start = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= CONDITION_BYTES_MAX).last();
        let start = start.unwrap_or_default();
        let message = format!("this is longer than {} KiB", CONDITION_BYTES_MAX / 1024);
        out.push(
            Diagnostic::new(Code::E0114, origin.span(start, start), message)
                .label("no more than up to here")
                .note("words that belong together can be a list of the schema, conditions that do can be a segment"),
        );
        return false;
    }
    let before = out.len();
    let (mut walk, mut depth) = (Walk::new(), 0_usize);
    for (at, c) in text.char_indices() {
        if walk.step(c) != Some(Inside::Nothing) {
            continue;
        }
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c => out.extend(unseen(c, at, origin)),
        }
        if depth > PARENTHESES_DEPTH_MAX {
            let message = format!("parentheses are nested more than {PARENTHESES_DEPTH_MAX} deep");
            out.push(
                Diagnostic::new(Code::E0114, origin.span(at, at + 1), message)
                    .label("one too many")
                    .note("a part of the condition can be a segment of its own, and stand here as `in segment \"…\"`"),
            );
            return false;
        }
    }
    out.len() == before
}

/// The complaint about a character that has no place outside of quotes.
fn unseen(c: char, at: usize, origin: &Origin) -> Option<Diagnostic> {
    let span = origin.span(at, at + c.len_utf8());
    let number = format!("U+{:04X}", u32::from(c));
    let (what, advice, replacement) = if c.is_whitespace() && !matches!(c, ' ' | '\t' | '\r' | '\n') {
        ("white space that is no plain space", "write a plain space", " ")
    } else if is_invisible(c) || (c.is_control() && !c.is_whitespace()) {
        ("a character that cannot be seen", "take it out", "")
    } else {
        return None;
    };
    Some(Diagnostic::new(Code::E0117, span, format!("{what} stands here: {number}")).label("outside of quotes").fix(
        advice,
        span,
        replacement,
    ))
}

/// Bidirectional controls, zero-width characters, the soft hyphen and the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<Code> {
        let mut out = Vec::new();
        scan(text, &Origin::default(), &mut out);
        out.iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(codes(&"x".repeat(CONDITION_BYTES_MAX)), []);
        assert_eq!(codes(&"x".repeat(CONDITION_BYTES_MAX + 1)), [Code::E0114]);
        assert_eq!(codes(&"é".repeat(CONDITION_BYTES_MAX)), [Code::E0114]);
    }

    #[test]
    fn depth_is_bounded_outside_of_quotes_and_comments() {
        let nested = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
        assert_eq!(codes(&nested(PARENTHESES_DEPTH_MAX)), []);
        assert_eq!(codes(&nested(PARENTHESES_DEPTH_MAX + 1)), [Code::E0114]);
        let many = "(".repeat(40);
        for hidden in [format!("\"{many}\\\"{many}\""), format!("/{many}/"), format!("`{many}`"), format!("# {many}")] {
            assert_eq!(codes(&hidden), [], "{hidden}");
        }
        assert_eq!(codes(&format!("\"open\n{many}")), [Code::E0114]);
    }

    #[test]
    fn what_cannot_be_seen_is_refused_outside_of_quotes() {
        assert_eq!(codes("a\u{a0}is\u{202e}1"), [Code::E0117, Code::E0117]);
        assert_eq!(codes("a is \"\u{202e}\u{a0}\"\t\r\n# \u{202e}"), []);
        assert_eq!(codes("a is 1\u{0}"), [Code::E0117]);
    }
}

//! Statements with what belongs below them, and how they are laid out on lines.

use unicode_segmentation::UnicodeSegmentation;

/// Columns of a line. A word that is longer stands alone and over the edge.
pub const WIDTH: usize = 100;

/// A statement; below it its parts, each behind a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    pub text: String,
    pub parts: Vec<(String, Outline)>,
}

impl Outline {
    /// A statement without parts.
    #[must_use]
    pub fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), parts: Vec::new() }
    }

    /// Parts behind dots.
    #[must_use]
    pub fn dotted(text: impl Into<String>, parts: impl IntoIterator<Item = Self>) -> Self {
        Self { text: text.into(), parts: parts.into_iter().map(|part| ("•".to_owned(), part)).collect() }
    }

    /// Parts behind numbers, from 1.
    #[must_use]
    pub fn numbered(text: impl Into<String>, parts: impl IntoIterator<Item = Self>) -> Self {
        let parts = (1..).zip(parts).map(|(n, part)| (format!("{n}."), part)).collect();
        Self { text: text.into(), parts }
    }

    /// The statement behind `lead`.
    #[must_use]
    pub fn behind(mut self, lead: &str) -> Self {
        self.text = if self.text.is_empty() { lead.to_owned() } else { format!("{lead} {}", self.text) };
        self
    }

    /// The same as lines as long as they are, parts further in.
    pub fn lines(&self, first: &str, lines: &mut Vec<String>) {
        let below = " ".repeat(columns(first));
        if !self.text.is_empty() {
            lines.push(format!("{first}{}", self.text));
        }
        for (mark, part) in &self.parts {
            let space = if mark.is_empty() { "" } else { " " };
            part.lines(&format!("{below}  {mark}{space}"), lines);
        }
    }

    /// Writes it with `first` in front, and everything below that as far in as `first` is wide.
    pub fn write(&self, first: &str, out: &mut String) {
        let indent = " ".repeat(columns(first));
        wrapped(first, &indent, &self.text, out);
        for (mark, part) in &self.parts {
            let space = if mark.is_empty() { "" } else { " " };
            part.write(&format!("{indent}  {mark}{space}"), out);
        }
    }
}

/// Writes `text` in lines, the first behind `first`, the others behind `rest`.
pub fn wrapped(first: &str, rest: &str, text: &str, out: &mut String) {
    let mut line = first.to_owned();
    let mut used = columns(first);
    let mut is_empty = true;
    for word in text.split(' ') {
        let width = columns(word);
        if !is_empty && used + 1 + width > WIDTH {
            push_line(&line, out);
            rest.clone_into(&mut line);
            used = columns(rest);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += width;
        is_empty = false;
    }
    push_line(&line, out);
}

fn push_line(line: &str, out: &mut String) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// How wide `text` is, as far as one column for each character goes.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.graphemes(true).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_below_their_statement_and_lines_end_in_time() {
        let long = "word ".repeat(30);
        let outline = Outline::dotted("all of these hold:", [Outline::leaf("a is 1"), Outline::leaf(long.trim())]);
        let mut out = String::new();
        outline.write("  ", &mut out);
        assert!(out.starts_with("  all of these hold:\n    • a is 1\n    • word word"));
        assert!(out.lines().all(|line| columns(line) <= WIDTH), "{out}");
        assert_eq!(out.lines().nth(3).map(|line| line.starts_with("      word")), Some(true), "{out}");
    }

    #[test]
    fn a_word_that_is_too_long_stands_alone() {
        let mut out = String::new();
        wrapped("", "  ", &format!("a {} b", "x".repeat(WIDTH + 1)), &mut out);
        assert_eq!(out.lines().count(), 3);
    }
}

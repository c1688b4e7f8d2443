//! A condition inside a YAML file: its text, and where each of its lines stands in the file.

use super::node::{Content, Node, Style};
use super::report::Report;
use crate::diagnostic::{Code, Origin};

/// A text of the language cut out of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub text: String,
    pub origin: Origin,
}

/// Offsets of a line in the text, and of the same character in the file.
pub type Lines = Vec<(usize, usize)>;

/// The text of the scalar `node`, which is `of`: "a condition". What cannot be pointed into is E0902.
pub fn read(node: &Node, of: &str, report: &mut Report<'_>) -> Option<Block> {
    let (Content::Scalar(scalar), Some(text)) = (&node.content, node.text()) else {
        report.error(Code::E0902, node.at.clone(), format!("{of} is a text, not {}", node.noun()));
        return None;
    };
    if node.is_ambiguous() {
        return None;
    }
    if scalar.style == Style::Folded {
        report
            .error(Code::E0902, node.at.clone(), format!("{of} is written as a block behind `|`, not behind `>`"))
            .label("a folded block loses its lines");
        return None;
    }
    let Some(lines) = lines(node, report.text()) else {
        report
            .error(Code::E0902, node.at.clone(), format!("{of} cannot be broken over lines, or have escapes"))
            .label("write it as a block behind `|`");
        return None;
    };
    Some(Block { text: text.to_owned(), origin: Origin::new(report.file(), lines) })
}

/// Where the lines of a text stand in `source`; none if it stands there in other characters.
pub fn lines(node: &Node, source: &str) -> Option<Lines> {
    let (Content::Scalar(scalar), Some(text)) = (&node.content, node.text()) else { return None };
    match scalar.style {
        Style::Literal => literal(text, node.at.start, source),
        Style::Folded => None,
        Style::Plain => inline(text, node.at.start, source),
        Style::SingleQuoted | Style::DoubleQuoted => inline(text, node.at.start + 1, source),
    }
}

/// A text that stands in the file as it is.
fn inline(text: &str, at: usize, source: &str) -> Option<Lines> {
    source.get(at..)?.starts_with(text).then(|| vec![(0, at)])
}

/// The reader gives the place of the first line that is not empty; the others stand below and above.
fn literal(text: &str, at: usize, source: &str) -> Option<Lines> {
    let line_start = source.get(..at)?.rfind('\n').map_or(0, |n| n + 1);
    let indent = at - line_start;
    let leading = text.bytes().take_while(|b| *b == b'\n').count();
    // Empty lines in front carry no word that could be pointed to.
    let mut lines: Lines = (0..leading).map(|n| (n, at)).collect();
    let (mut offset, mut place) = (leading, line_start);
    for line in text.get(leading..)?.split_terminator('\n') {
        let written = source.get(place..)?;
        let width = written.find('\n').map_or(written.len(), |n| n + 1);
        let whole = written.get(..width)?.trim_end_matches('\n').trim_end_matches('\r');
        let skipped = whole.len() - whole.trim_start_matches(' ').len();
        let skipped = skipped.min(indent);
        if whole.get(skipped..)? != line {
            return None;
        }
        lines.push((offset, place + skipped));
        offset += line.len() + 1;
        place += width;
    }
    if lines.is_empty() {
        lines.push((0, at));
    }
    Some(lines)
}

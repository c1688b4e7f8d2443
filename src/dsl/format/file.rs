//! One YAML file: which of its bytes are written anew. All others stay as they are.

use std::ops::Range;

use super::block::{self, Fault, Kind};
use super::keys::{Holds, Keys};
use super::layout::{LINE_COLUMNS_MAX, Room};
use super::order;
use crate::dsl::block::lines;
use crate::dsl::node::{Content, Key, Node, Scalar, Style};

/// New text in the place of bytes of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub at: Range<usize>,
    pub text: String,
}

/// How much further in than its key a block stands.
const BLOCK_INDENT: usize = 2;

/// `text`, whose tree is `root`, with its conditions and its keys in canonical form.
///
/// # Errors
/// [`Fault`] if a text of the language would say something else.
pub fn rewrite(text: &str, root: &Node, keys: &Keys) -> Result<String, Fault> {
    let mut file = File { text, line_break: if text.contains("\r\n") { "\r\n" } else { "\n" }, edits: Vec::new() };
    file.map(root, keys, false)?;
    Ok(applied(text, 0..text.len(), &file.edits))
}

/// Bytes `range` of `text` with those of `edits` made that lie inside.
pub fn applied(text: &str, range: Range<usize>, edits: &[Edit]) -> String {
    let mut inside: Vec<&Edit> =
        edits.iter().filter(|edit| range.start <= edit.at.start && edit.at.end <= range.end).collect();
    inside.sort_by_key(|edit| edit.at.start);
    let (mut out, mut at) = (String::with_capacity(range.len()), range.start);
    for edit in inside {
        out.push_str(text.get(at..edit.at.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.at.end;
    }
    out.push_str(text.get(at..range.end).unwrap_or_default());
    out
}

struct File<'t> {
    text: &'t str,
    line_break: &'static str,
    edits: Vec<Edit>,
}

impl File<'_> {
    /// `flow`: this stands in braces or brackets, where no block can stand.
    fn map(&mut self, node: &Node, keys: &Keys, flow: bool) -> Result<(), Fault> {
        let Content::Map(entries) = &node.content else { return Ok(()) };
        let flow = flow || order::is_flow(self.text, node);
        let mut ranks = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            // Of a key that is not known here neither the place nor the meaning is.
            let Some((rank, holds)) = keys.find(&key.name) else { continue };
            ranks.push(rank);
            self.value(Some(key), value, &holds, flow)?;
        }
        if ranks.len() == entries.len()
            && let Some(edit) = order::sorted(self.text, node, &ranks, flow, &self.edits)
        {
            self.edits.retain(|inner| inner.at.start < edit.at.start || edit.at.end < inner.at.end);
            self.edits.push(edit);
        }
        Ok(())
    }

    fn value(&mut self, key: Option<&Key>, node: &Node, holds: &Holds, flow: bool) -> Result<(), Fault> {
        let flow = flow || order::is_flow(self.text, node);
        match (holds, &node.content) {
            (Holds::Text(kind), Content::Scalar(scalar)) => self.scalar(*kind, key, node, scalar, flow),
            (Holds::Map(keys), Content::Map(_)) => self.map(node, keys, flow),
            (Holds::Named(holds), Content::Map(entries)) => {
                entries.iter().try_for_each(|(key, value)| self.value(Some(key), value, holds, flow))
            }
            (Holds::List(keys), Content::List(items)) => items.iter().try_for_each(|item| self.map(item, keys, flow)),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, kind: Kind, key: Option<&Key>, node: &Node, scalar: &Scalar, flow: bool) -> Result<(), Fault> {
        let Some(text) = node.text().filter(|_| lines(node, self.text).is_some()) else { return Ok(()) };
        let is_block = matches!(kind, Kind::Condition | Kind::Event | Kind::Each);
        let value = key.filter(|_| !flow).and_then(|key| self.behind(key, node, scalar.style));
        match value {
            Some(place) if is_block || scalar.style == Style::Literal => {
                let room = Room { indent: place.indent, columns: LINE_COLUMNS_MAX };
                if let Some(formatted) = block::format(kind, text, room)? {
                    self.block(&place, &formatted);
                }
            }
            _ if scalar.style != Style::Literal => {
                let room = Room { indent: 0, columns: usize::MAX };
                let quotes = usize::from(scalar.style != Style::Plain);
                let formatted = block::format(kind, text, room)?;
                if let Some(formatted) = formatted.filter(|formatted| fits_inline(formatted, scalar.style, flow)) {
                    self.edit(node.at.start + quotes..node.at.end - quotes, formatted);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The bytes that a block takes the place of; none where only its own style of writing is possible.
    fn behind(&self, key: &Key, node: &Node, style: Style) -> Option<Place> {
        let after_key = self.text.get(key.at.end..)?;
        let colon = key.at.end + after_key.len() - after_key.trim_start_matches([' ', '\t']).len();
        let behind = self.text.get(colon..)?.strip_prefix(':')?;
        let column = key.at.start - self.text.get(..key.at.start)?.rfind('\n').map_or(0, |n| n + 1);
        let start = colon + 1;
        let (header, end) = if style == Style::Literal {
            let line = start + behind.find('\n')?;
            let header = self.text.get(start..line)?.trim_end();
            let rest = header.trim_start().strip_prefix('|')?;
            (rest.trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']), node.at.end)
        } else {
            // A comment between the key and the text has no place in a block.
            if self.text.get(start..node.at.start)?.contains('#') {
                return None;
            }
            let behind = self.text.get(node.at.end..)?;
            let line = behind.split('\n').next()?;
            (line.trim_end(), node.at.end + line.len())
        };
        let behind = self.text.get(end..)?;
        let spaces = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let end = if style == Style::Literal { end + spaces } else { end };
        let end = if self.text.get(..end)?.ends_with('\r') { end - 1 } else { end };
        Some(Place { at: start..end, header: format!(" |{header}"), indent: column + BLOCK_INDENT })
    }

    fn block(&mut self, place: &Place, formatted: &str) {
        let mut text = place.header.clone();
        for line in formatted.split('\n') {
            text.push_str(self.line_break);
            text.push_str(&" ".repeat(place.indent));
            text.push_str(line);
        }
        self.edit(place.at.clone(), text);
    }

    fn edit(&mut self, at: Range<usize>, text: String) {
        if self.text.get(at.clone()) != Some(text.as_str()) {
            self.edits.push(Edit { at, text });
        }
    }
}

/// Where a block will stand.
struct Place {
    at: Range<usize>,
    /// `|`, and a comment of YAML behind it.
    header: String,
    indent: usize,
}

/// Whether a scalar of this style can hold `text` as it is.
fn fits_inline(text: &str, style: Style, flow: bool) -> bool {
    let strange: &[char] = match style {
        Style::Plain if flow => &['\n', '#', '"', '\'', '[', ']', '{', '}', ','],
        Style::Plain => &['\n', '#'],
        Style::SingleQuoted => &['\n', '\''],
        _ => &['\n', '"', '\\'],
    };
    !text.contains(strange)
}

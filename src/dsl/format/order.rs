//! The keys of a map in their order. What belongs to a key goes with it: its value, the comment behind it on the line,
//! and the comments directly above it. Blank lines stay where they are.

use std::ops::Range;

use super::file::{Edit, applied};
use crate::dsl::node::{Content, Node};

/// Whether a list or map is written in brackets or braces.
pub fn is_flow(text: &str, node: &Node) -> bool {
    !matches!(node.content, Content::Scalar(_))
        && text.get(node.at.start..).is_some_and(|text| text.starts_with(['{', '[']))
}

/// The map `node` with its entries ordered by their ranks; nothing if they are. `edits` are made inside of them.
pub fn sorted(text: &str, node: &Node, ranks: &[usize], flow: bool, edits: &[Edit]) -> Option<Edit> {
    if ranks.is_sorted() {
        return None;
    }
    let entries = if flow { in_flow(node)? } else { in_lines(text, node)? };
    let (first, last) = entries.first().zip(entries.last())?;
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|n| ranks.get(*n));
    let (mut out, mut at) = (String::new(), first.start);
    for (slot, from) in entries.iter().zip(order) {
        out.push_str(text.get(at..slot.start)?);
        out.push_str(&applied(text, entries.get(from)?.clone(), edits));
        at = slot.end;
    }
    Some(Edit { at: first.start..last.end, text: out })
}

/// Each entry from its key to the end of its value.
fn in_flow(node: &Node) -> Option<Vec<Range<usize>>> {
    let Content::Map(entries) = &node.content else { return None };
    // Where nothing is written it is not clear where it ends.
    entries.iter().map(|(key, value)| (!value.at.is_empty()).then_some(key.at.start..value.at.end)).collect()
}

/// Each entry with its comments, without the white space in front of its first line and without its last line break.
fn in_lines(text: &str, node: &Node) -> Option<Vec<Range<usize>>> {
    let Content::Map(entries) = &node.content else { return None };
    let mut found: Vec<Range<usize>> = Vec::with_capacity(entries.len());
    for (n, (key, value)) in entries.iter().enumerate() {
        let line = line_start(text, key.at.start);
        let column = key.at.start - line;
        let mut start = key.at.start;
        let own_line = text.get(line..key.at.start)?.chars().all(|c| c == ' ');
        match found.last() {
            Some(_) if !own_line => return None,
            Some(before) => start = with_comments_above(text, start, column, before.end)?,
            // What stands at the top of a file is about the file, what stands above a dash about the whole.
            None if own_line && column > 0 => start = with_comments_above(text, start, column, 0)?,
            None => {}
        }
        let next = entries.get(n + 1).map_or(text.len(), |(key, _)| line_start(text, key.at.start));
        let end = line_end(text, end(text, value).max(key.at.end));
        found.push(start..with_comments_below(text, end, column, next)?);
    }
    // The comment of the next key is not that of the one before.
    let overlap = found.windows(2).any(|pair| matches!(pair, [one, next] if next.start < one.end));
    (!overlap).then_some(found)
}

/// Where a value ends: a map or list with the last thing in it.
fn end(text: &str, node: &Node) -> usize {
    let mut node = node;
    loop {
        let last = match &node.content {
            _ if is_flow(text, node) => None,
            Content::Scalar(_) => None,
            Content::List(items) => items.last(),
            Content::Map(entries) => entries.last().map(|(_, value)| value),
        };
        match last {
            Some(last) => node = last,
            None => return node.at.end,
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    let line = text.get(at..).and_then(|behind| behind.split('\n').next()).unwrap_or_default();
    at + line.trim_end_matches('\r').len()
}

/// The beginning of the comments above `start` that stand in the same column, none of them before `limit`.
fn with_comments_above(text: &str, start: usize, column: usize, limit: usize) -> Option<usize> {
    let (mut start, mut line) = (start, line_start(text, start));
    while line > limit {
        let above = line_start(text, line - 1);
        let written = text.get(above..line)?;
        let indent = written.len() - written.trim_start_matches(' ').len();
        if above <= limit || indent != column || !written.trim_start().starts_with('#') {
            break;
        }
        (start, line) = (above + indent, above);
    }
    Some(start)
}

/// The end of the comments below `end` that stand further in than `column`, none of them behind `limit`.
fn with_comments_below(text: &str, end: usize, column: usize, limit: usize) -> Option<usize> {
    let (mut end, mut at) = (end, end);
    while let Some(next) = text.get(at..limit).and_then(|behind| behind.find('\n')) {
        let line = at + next + 1;
        let written = text.get(line..limit)?.split('\n').next()?;
        let indent = written.len() - written.trim_start_matches(' ').len();
        if written.trim_start().starts_with('#') && indent > column {
            end = line_end(text, line);
        } else if !written.trim().is_empty() {
            break;
        }
        at = line_end(text, line);
        if at >= limit {
            break;
        }
    }
    Some(end)
}

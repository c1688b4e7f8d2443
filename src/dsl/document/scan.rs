//! The first reading: events with places, in which everything is refused that the second reader must not see.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::Value as Json;

use super::{DEPTH_MAX, NODES_MAX, refuse_ambiguous};
use crate::diagnostic::Code;
use crate::dsl::node::{Key, Scalar, Style};
use crate::dsl::report::Report;

/// Reads the report's file; none where it was refused.
pub fn scan(report: &mut Report<'_>) -> Option<Placed> {
    let text = report.text();
    let offsets = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
    Scan { text, report, offsets, open: Vec::new(), root: None, refused: false }.run()
}

/// The bytes up to the quote that ends what begins with one.
fn quoted(source: &str) -> usize {
    let quote = source.chars().next();
    let mut characters = source.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && quote == Some('"') {
            characters.next();
        } else if Some(c) == quote {
            let doubled = c == '\'' && characters.next_if(|(_, next)| *next == '\'').is_some();
            if !doubled {
                return at + 1;
            }
        }
    }
    source.trim_end().len()
}

/// The one character at `at`, or the end.
pub fn point(text: &str, at: usize) -> Range<usize> {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let width = text.get(at..).unwrap_or_default().chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    at..at + width
}

/// A tree whose scalars are still texts.
pub enum Shape {
    Scalar(String, Style),
    List(Vec<Placed>),
    Map(Vec<(Key, Placed)>),
}

/// A value with its place.
pub struct Placed {
    pub at: Range<usize>,
    pub shape: Shape,
}

/// A list or map that is not closed yet.
enum Open {
    List { at: usize, items: Vec<Placed> },
    Map { at: usize, entries: Vec<(Key, Placed)>, names: BTreeMap<String, Range<usize>>, key: Option<Key> },
}

struct Scan<'r, 's> {
    text: &'s str,
    report: &'r mut Report<'s>,
    /// Byte offset of every character, where some take more than one byte.
    offsets: Vec<usize>,
    open: Vec<Open>,
    root: Option<Placed>,
    /// Something was found that the second reader must not see.
    refused: bool,
}

impl Scan<'_, '_> {
    fn run(&mut self) -> Option<Placed> {
        for (n, event) in Parser::<StrInput>::new_from_str(self.text).enumerate() {
            let (event, span) = match event {
                Ok(next) => next,
                Err(error) => {
                    self.broken(&error);
                    return None;
                }
            };
            let at = self.byte(span.start.index())..self.byte(span.end.index());
            if n >= NODES_MAX {
                self.report
                    .error(Code::E0905, point(self.text, at.start), "this file holds too many values")
                    .label(format!("{NODES_MAX} keys and values in one file are the bound"));
                return None;
            }
            self.event(event, at)?;
        }
        let root = self.root.take().unwrap_or(Placed { at: 0..0, shape: Shape::Scalar(String::new(), Style::Plain) });
        (!self.refused).then_some(root)
    }

    /// None: reading on makes no sense.
    fn event(&mut self, event: Event<'_>, at: Range<usize>) -> Option<()> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                self.report
                    .error(Code::E0905, at, "a rule file is one YAML document")
                    .label("a second one starts here");
                return None;
            }
            Event::Alias(_) => {
                self.refuse_reference(&at);
                self.put(Placed { at, shape: Shape::Scalar(String::new(), Style::Plain) });
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), &at);
                let style = style_of(style);
                let at = self.scalar_place(at, &value, style);
                self.put(Placed { at, shape: Shape::Scalar(value.into_owned(), style) });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), &at);
                self.enter(Open::List { at: at.start, items: Vec::new() })?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), &at);
                self.enter(Open::Map { at: at.start, entries: Vec::new(), names: BTreeMap::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(at.end),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn byte(&self, character: usize) -> usize {
        if self.offsets.is_empty() {
            return character.min(self.text.len());
        }
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    /// A scalar's own bytes: the reader counts white space and comments behind it.
    fn scalar_place(&self, at: Range<usize>, value: &str, style: Style) -> Range<usize> {
        let source = self.text.get(at.clone()).unwrap_or_default();
        match style {
            Style::Plain if value.is_empty() => at.start..at.start,
            Style::Plain if source.starts_with(value) => at.start..at.start + value.len(),
            Style::SingleQuoted | Style::DoubleQuoted => at.start..at.start + quoted(source),
            _ => at.start..at.start + source.trim_end().len(),
        }
    }

    fn enter(&mut self, open: Open) -> Option<()> {
        if self.open.len() >= DEPTH_MAX {
            let (Open::List { at, .. } | Open::Map { at, .. }) = open;
            let at = point(self.text, at);
            self.report.error(Code::E0905, at, format!("this is nested more than {DEPTH_MAX} deep"));
            return None;
        }
        self.open.push(open);
        Some(())
    }

    fn leave(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        let (at, shape) = match open {
            Open::List { at, items } => (at, Shape::List(items)),
            Open::Map { at, entries, .. } => (at, Shape::Map(entries)),
        };
        let source = self.text.get(at..end).unwrap_or_default();
        self.put(Placed { at: at..at + source.trim_end().len(), shape });
    }

    /// Puts a finished value where it belongs: into the list, behind its key, or as the next key.
    fn put(&mut self, node: Placed) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => self.put_key(node),
            },
        }
    }

    fn put_key(&mut self, node: Placed) {
        let name = match node.shape {
            Shape::Scalar(name, style) => {
                if style == Style::Plain && name == "<<" {
                    self.refused = true;
                    self.report.error(Code::E0904, node.at.clone(), "merge keys cannot be used").note(WRITE_OUT);
                }
                // A key is a text to everybody who reads it here; one letter is no word that anybody takes for another.
                if name.len() > 1 {
                    let scalar = Scalar { value: Json::String(name.clone()), style };
                    refuse_ambiguous(&scalar, &node.at, true, self.report);
                }
                if style == Style::Plain && name.is_empty() {
                    self.refused = true;
                    self.report.error(Code::E0903, node.at.clone(), "a key is missing here");
                }
                name
            }
            _ => {
                self.refused = true;
                self.report.error(Code::E0903, node.at.clone(), "a key is one word, no list and no map");
                String::new()
            }
        };
        let Some(Open::Map { names, key, .. }) = self.open.last_mut() else { return };
        let first = names.entry(name.clone()).or_insert_with(|| node.at.clone()).clone();
        *key = Some(Key { name: name.clone(), at: node.at.clone() });
        if first != node.at {
            self.refused = true;
            self.report
                .error(Code::E0903, node.at, format!("`{name}` stands here twice"))
                .label("again here")
                .also(first, "first here");
        }
    }

    fn refuse_extras(&mut self, anchor: usize, tag: bool, at: &Range<usize>) {
        self.refused |= anchor > 0 || tag;
        if anchor > 0 {
            let at = self.introduced(at.start, '&').unwrap_or_else(|| at.clone());
            self.report.error(Code::E0904, at, "anchors cannot be used").note(WRITE_OUT);
        }
        if tag {
            let at = self.introduced(at.start, '!').unwrap_or_else(|| at.clone());
            self.report.error(Code::E0904, at, "tags cannot be used").note("a value in double quotes is a text");
        }
    }

    fn refuse_reference(&mut self, at: &Range<usize>) {
        self.refused = true;
        self.report.error(Code::E0904, at.clone(), "aliases cannot be used").note(WRITE_OUT);
    }

    /// The word with `sign` in front that stands at `at` or nearest before it.
    fn introduced(&self, at: usize, sign: char) -> Option<Range<usize>> {
        let start = match self.text.get(at..)?.starts_with(sign) {
            true => at,
            false => self.text.get(..at)?.rfind(sign)?,
        };
        let word = self.text.get(start..)?.split([' ', '\n', '\r', '\t', ',', ']', '}']).next()?;
        Some(start..start + word.len())
    }

    fn broken(&mut self, error: &saphyr_parser::ScanError) {
        let at = self.byte(error.marker().index());
        let line_start = self.text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |n| n + 1);
        let line = self.text.get(line_start..).unwrap_or_default();
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.find('\t').filter(|tab| *tab < indent) {
            let at = line_start + tab..line_start + tab + 1;
            self.report.error(Code::E0902, at, "a tab cannot indent").label("spaces are needed here");
            return;
        }
        if error.info().contains("unknown anchor") {
            self.refuse_reference(&point(self.text, at));
            return;
        }
        self.report
            .error(Code::E0902, point(self.text, at), "this cannot be read as YAML")
            .label(error.info().to_owned());
    }
}

const WRITE_OUT: &str = "rules are read by people: write it out, or name it and refer to the name";

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

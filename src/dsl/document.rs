//! A rule file from text to tree: the home of both readers of YAML.
//!
//! `saphyr-parser` goes first. It knows places, and stops what must never reach the second reader:
//! depth, anchors, aliases, tags, merge keys, double keys, several documents, size.
//! `serde_yaml` then reads the values. Where the two disagree the file is refused.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::node::{Content, Key, Node, Scalar, Style};
use super::report::Report;
use crate::diagnostic::Code;

/// Bytes of one rule file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Lists and maps within each other.
pub const DEPTH_MAX: usize = 32;
/// Keys and values of one rule file.
pub const NODES_MAX: usize = 100_000;

/// Reads one file. Where it is broken nothing is returned; what is only ambiguous (E0901) is read on.
pub fn read(report: &mut Report<'_>) -> Option<Node> {
    let text = report.text();
    if text.len() > FILE_BYTES_MAX {
        report
            .error(Code::E0905, 0..0, "this file is larger than 1 MiB")
            .note("a rule set may have any number of files: split this one");
        return None;
    }
    if !readable(text, report) {
        return None;
    }
    let mut scan = Scan::new(text, report);
    let root = scan.run()?;
    if scan.refused {
        return None;
    }
    let values = match serde_yaml::from_str::<Yaml>(text) {
        Ok(values) => values,
        Err(error) => {
            let at = error.location().map_or(0..0, |place| point(text, place.index()));
            report.error(Code::E0902, at, "this is not YAML").label(error.to_string());
            return None;
        }
    };
    root.agree(&values, false, report)
}

/// Characters that YAML's readers treat in different ways, or that nobody can see.
fn readable(text: &str, report: &mut Report<'_>) -> bool {
    if text.starts_with('\u{feff}') {
        report.error(Code::E0905, 0..3, "this file starts with a byte order mark").note("save it as UTF-8 without BOM");
        return false;
    }
    let strange = |(at, c): (usize, char)| match c {
        '\r' => !text[at..].starts_with("\r\n"),
        '\n' | '\t' => false,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    };
    let Some((at, c)) = text.char_indices().find(|found| strange(*found)) else { return true };
    report
        .error(Code::E0905, at..at + c.len_utf8(), format!("U+{:04X} cannot stand in a rule file", u32::from(c)))
        .label("invisible here")
        .note(format!("in double quotes it is written `\"\\u{:04X}\"`", u32::from(c)));
    false
}

/// The one character at `at`, or the end.
fn point(text: &str, at: usize) -> Range<usize> {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let width = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    at..at + width
}

/// A tree whose scalars are still texts.
enum Shape {
    Scalar(String, Style),
    List(Vec<Placed>),
    Map(Vec<(Key, Placed)>),
}

struct Placed {
    at: Range<usize>,
    shape: Shape,
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

impl<'r, 's> Scan<'r, 's> {
    fn new(text: &'s str, report: &'r mut Report<'s>) -> Self {
        let offsets =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect::<Vec<_>>() };
        Self { text, report, offsets, open: Vec::new(), root: None, refused: false }
    }

    fn run(&mut self) -> Option<Placed> {
        let (mut documents, mut nodes) = (0, 0);
        for event in Parser::<StrInput>::new_from_str(self.text) {
            let (event, span) = match event {
                Ok(next) => next,
                Err(error) => {
                    self.broken(&error);
                    return None;
                }
            };
            let at = self.byte(span.start.index())..self.byte(span.end.index());
            nodes += 1;
            if nodes > NODES_MAX {
                self.report
                    .error(Code::E0905, point(self.text, at.start), "this file holds too many values")
                    .label(format!("{NODES_MAX} keys and values in one file are the bound"));
                return None;
            }
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        self.report
                            .error(Code::E0905, at, "a rule file is one YAML document")
                            .label("a second one starts here");
                        return None;
                    }
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
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Some(self.root.take().unwrap_or(Placed { at: 0..0, shape: Shape::Scalar(String::new(), Style::Plain) }))
    }

    fn byte(&self, character: usize) -> usize {
        if self.offsets.is_empty() {
            return character.min(self.text.len());
        }
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    /// A scalar's own bytes: the reader counts white space behind plain ones, and starts a block at its content.
    fn scalar_place(&self, at: Range<usize>, value: &str, style: Style) -> Range<usize> {
        let source = self.text.get(at.clone()).unwrap_or_default();
        match style {
            Style::Plain if value.is_empty() => at.start..at.start,
            Style::Plain if source.starts_with(value) => at.start..at.start + value.len(),
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
        let indent = self.text.get(line_start..).unwrap_or_default();
        let indent = &indent[..indent.len() - indent.trim_start_matches([' ', '\t']).len()];
        if let Some(tab) = indent.find('\t') {
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

impl Placed {
    /// Joins the two readings: places from the first, values from the second.
    /// `in_list`: this is an element of a list.
    fn agree(self, value: &Yaml, in_list: bool, report: &mut Report<'_>) -> Option<Node> {
        let at = self.at;
        let content = match (self.shape, value) {
            (Shape::List(items), Yaml::Sequence(values)) if items.len() == values.len() => Content::List(
                items
                    .into_iter()
                    .zip(values)
                    .map(|(item, value)| item.agree(value, true, report))
                    .collect::<Option<_>>()?,
            ),
            (Shape::Map(entries), Yaml::Mapping(values)) if entries.len() == values.len() => {
                let mut joined = Vec::with_capacity(entries.len());
                for ((key, node), (name, value)) in entries.into_iter().zip(values) {
                    match name {
                        Yaml::String(name) if *name == key.name => {}
                        Yaml::String(_) => return disagree(key.at, report),
                        _ => {
                            report
                                .error(Code::E0903, key.at, format!("`{}` is a key, and keys are texts", key.name))
                                .label("write it in double quotes");
                            return None;
                        }
                    }
                    joined.push((key, node.agree(value, false, report)?));
                }
                Content::Map(joined)
            }
            (Shape::Scalar(text, style), value) => match scalar(&text, style, value) {
                Some(value) => {
                    let scalar = Scalar { value, style };
                    refuse_ambiguous(&scalar, &at, in_list, report);
                    Content::Scalar(scalar)
                }
                None if matches!(value, Yaml::Number(_)) => {
                    report.error(Code::E0320, at, format!("`{text}` is no number that a rule can use"));
                    return None;
                }
                None => return disagree(at, report),
            },
            _ => return disagree(at, report),
        };
        Some(Node { at, content })
    }
}

fn disagree<T>(at: Range<usize>, report: &mut Report<'_>) -> Option<T> {
    report
        .error(Code::E0902, at, "YAML readers do not agree on what this says")
        .note("write texts in double quotes, and conditions as blocks behind `|`");
    None
}

fn scalar(text: &str, style: Style, value: &Yaml) -> Option<Json> {
    match value {
        Yaml::String(string) => (string == text).then(|| Json::String(string.clone())),
        _ if style != Style::Plain => None,
        Yaml::Null => Some(Json::Null),
        Yaml::Bool(b) => Some(Json::Bool(*b)),
        Yaml::Number(number) => number_of(number),
        _ => None,
    }
}

/// Infinities and not-a-number have no place in rules.
fn number_of(number: &serde_yaml::Number) -> Option<Json> {
    if let Some(n) = number.as_i64() {
        return Some(n.into());
    }
    if let Some(n) = number.as_u64() {
        return Some(n.into());
    }
    serde_json::Number::from_f64(number.as_f64()?).map(Json::Number)
}

/// Words that YAML 1.1 takes for booleans are our users' keywords: which is meant must be visible.
/// `text_only`: where it stands no boolean can be meant.
fn refuse_ambiguous(scalar: &Scalar, at: &Range<usize>, text_only: bool, report: &mut Report<'_>) {
    let (Some(boolean), Some(text)) = (scalar.ambiguous(), scalar.value.as_str()) else { return };
    let complaint = report
        .error(Code::E0901, at.clone(), format!("`{text}` is a text to some readers of YAML and `{boolean}` to others"))
        .label("in double quotes it is a text")
        .fix("quote it", at.clone(), format!("\"{text}\""));
    if !text_only {
        complaint.fix(format!("or say `{boolean}`"), at.clone(), boolean.to_string());
    }
}

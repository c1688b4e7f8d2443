//! A rule file from text to tree: the home of both readers of YAML.
//!
//! `saphyr-parser` goes first. It knows places, and stops what must never reach the second reader:
//! depth, anchors, aliases, tags, merge keys, double keys, several documents, size.
//! `serde_yaml` then reads the values. Where the two disagree the file is refused.

mod scan;

use std::ops::Range;

use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::node::{Content, Node, Scalar, Style};
use super::report::Report;
use crate::diagnostic::Code;

use scan::{Placed, Shape, point};

/// Bytes of one rule file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Lists and maps within each other.
pub const DEPTH_MAX: usize = 32;
/// Keys and values of one rule file, beginnings and ends of lists and maps counted.
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
    let root = scan::scan(report)?;
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
        '\r' => !text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")),
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
        Yaml::String(string) => agreed(text, string, style).then(|| Json::String(string.clone())),
        _ if style != Style::Plain => None,
        Yaml::Null => Some(Json::Null),
        Yaml::Bool(b) => Some(Json::Bool(*b)),
        Yaml::Number(number) => number_of(number),
        _ => None,
    }
}

/// Whether both readers see the same text. A block that ends with the file and without a line break ends with one to
/// one of them.
fn agreed(one: &str, other: &str, style: Style) -> bool {
    let is_block = matches!(style, Style::Literal | Style::Folded);
    one == other || (is_block && one.strip_suffix('\n').unwrap_or(one) == other.strip_suffix('\n').unwrap_or(other))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::Sources;

    fn read_text(text: &str) -> (Option<Node>, Vec<&'static str>) {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let mut report = Report::new(file, sources.text(file));
        let root = read(&mut report);
        (root, report.into_diagnostics().iter().map(|diagnostic| diagnostic.code.as_str()).collect())
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn a_file_has_bounds() {
        let padded = |bytes: usize| format!("a: 1{}", " ".repeat(bytes - 4));
        assert!(read_text(&padded(FILE_BYTES_MAX)).0.is_some());
        assert_eq!(read_text(&padded(FILE_BYTES_MAX + 1)).1, ["E0905"]);
        assert!(read_text(&nested(DEPTH_MAX)).0.is_some());
        assert_eq!(read_text(&nested(DEPTH_MAX + 1)).1, ["E0905"]);
        // Start and end of stream, document and list are six more.
        let list = |values: usize| format!("[{}]", "1,".repeat(values));
        assert!(read_text(&list(NODES_MAX - 6)).0.is_some());
        assert_eq!(read_text(&list(NODES_MAX - 5)).1, ["E0905"]);
    }

    #[test]
    fn a_block_may_end_with_the_file() {
        for text in ["a: |\n  b", "a: |\n  b\n", "a: |-\n  b", "a: |\n  b\n  c"] {
            let (root, codes) = read_text(text);
            assert_eq!(codes, Vec::<&str>::new(), "{text}");
            let json = root.expect("nothing was said").json();
            assert_eq!(json["a"].as_str().map(str::trim_end), Some(text[5..].trim().replace("\n  ", "\n").as_str()));
        }
    }

    #[test]
    fn places_are_those_of_the_words() {
        let text = "ä: \"ö\\\"\"  # ü\nb:\n  - plain words   # c\n  - |\n    block\n\n    more\n  - {x: 'y''z'} # '\n";
        let root = read_text(text).0.expect("nothing is wrong with it");
        let mut found = Vec::new();
        gather(&root, text, &mut found);
        assert_eq!(found, ["ä", "\"ö\\\"\"", "b", "plain words", "block\n\n    more", "x", "'y''z'"]);
    }

    fn gather<'t>(node: &Node, text: &'t str, found: &mut Vec<&'t str>) {
        match &node.content {
            Content::Scalar(_) => found.push(text.get(node.at.clone()).expect("places are at characters")),
            Content::List(items) => items.iter().for_each(|item| gather(item, text, found)),
            Content::Map(entries) => entries.iter().for_each(|(key, node)| {
                found.push(text.get(key.at.clone()).expect("places are at characters"));
                gather(node, text, found);
            }),
        }
    }

    /// Values as they stand in rule files, texts of all kinds among them.
    fn values() -> impl Strategy<Value = Yaml> {
        let leaf = prop_oneof![
            Just(Yaml::Null),
            any::<bool>().prop_map(Yaml::Bool),
            any::<i64>().prop_map(|n| Yaml::Number(n.into())),
            (-1e9..1e9).prop_map(|n: f64| Yaml::Number(n.into())),
            "[a-zäé:#'\"| -]{0,12}".prop_map(Yaml::String),
            "[a-z {}\\[\\],&*!%@`\\\\\n]{0,20}".prop_map(Yaml::String),
            prop::sample::select(vec!["yes", "1.0", "~", "null", "0x10", "2026-01-01", "<<", "- a", "a: b", "|"])
                .prop_map(|text| Yaml::String(text.to_owned())),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Yaml::Sequence),
                prop::collection::btree_map("[a-z]{1,8}", inner, 0..6)
                    .prop_map(|map| Yaml::Mapping(map.into_iter().map(|(k, v)| (Yaml::String(k), v)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_readings_of_an_accepted_file_agree(value in values()) {
            let text = serde_yaml::to_string(&value).expect("it is a plain value");
            let (root, codes) = read_text(&text);
            prop_assert!(root.is_some() || codes.iter().all(|code| *code == "E0903"), "{codes:?}\n{text}");
            if let Some(root) = root {
                prop_assert_eq!(root.json(), serde_json::to_value(&value).expect("it is a plain value"), "{}", text);
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in "[a-z0-9:\\-\"'|>&*!%#\\[\\]{}?,~ \t\n\r]{0,60}") {
            let (root, codes) = read_text(&text);
            prop_assert!(root.is_some() || !codes.is_empty());
            if let Some(root) = root {
                let second: Yaml = serde_yaml::from_str(&text).expect("it was accepted");
                prop_assert_eq!(root.json(), serde_json::to_value(second).expect("it was accepted"));
            }
        }
    }
}

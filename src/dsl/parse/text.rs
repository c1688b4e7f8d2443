//! Texts, names, patterns, values and paths.

use chrono::{DateTime, NaiveDate, NaiveTime};
use regex::RegexBuilder;
use rust_decimal::Decimal;

use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::syntax::{At, List, ListKind, Literal, LiteralKind, Moment, MomentKind, Name, Path, Pattern, Root};
use crate::dsl::syntax::{Text, Words};
use crate::model::limit::{LIST_ENTRIES_MAX, PATTERN_CHARS_MAX, PATTERN_COMPILED_BYTES_MAX};
use crate::model::time::Second;

use super::Rule;
use super::cursor::Node;
use super::mistake;
use super::reader::Reader;

/// Whether the next child is a text, or what people write instead of one.
pub(super) fn is_text(rule: Option<Rule>) -> bool {
    matches!(
        rule,
        Some(Rule::string | Rule::capital | Rule::bad_quote | Rule::bad_phrase | Rule::bad_bareword | Rule::bad_name)
    )
}

/// A text: in quotes, in capitals, or by mistake without quotes.
pub(super) fn text(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Text> {
    let (span, bare) = (reader.span(&node), node.rule == Rule::capital);
    let text = match node.rule {
        Rule::string => string(reader, &mut node)?,
        Rule::capital => node.text.to_owned(),
        Rule::bad_quote => {
            let inner = between_quotes(node.text);
            reader.say(mistake::wrong_quotes(span, node.text, &inner));
            inner
        }
        Rule::bad_phrase => return phrase(reader, &node),
        Rule::bad_bareword => {
            reader.say(mistake::bare_text(span, node.text));
            node.text.to_owned()
        }
        Rule::bad_name => {
            reader.say(mistake::bare_name(span, node.text));
            node.text.to_owned()
        }
        _ => return None,
    };
    Some(Text { span, text, bare })
}

/// The name of a segment, campaign and so on.
pub(super) fn name(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Name> {
    text(reader, node).map(|text| At { span: text.span, node: text.text })
}

/// A name whatever its quotes, without a word about them.
pub(super) fn spelling(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<String> {
    match node.rule {
        Rule::string => string(reader, &mut node),
        Rule::bad_quote => Some(between_quotes(node.text)),
        _ => Some(node.text.to_owned()),
    }
}

/// Several words without quotes: a text, or a keyword with clauses behind it that are misspelt.
fn phrase(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Text> {
    let span = reader.span(node);
    let mut words = Vec::new();
    let mut at = 0;
    for word in node.text.split(' ') {
        if !word.is_empty() {
            words.push((word, reader.between(node.start + at, node.start + at + word.len())));
        }
        at += word.len() + 1;
    }
    let (first, _) = *words.first()?;
    match mistake::misspelt_clause(span, node.text, &words) {
        Some(diagnostic) => {
            reader.say(diagnostic);
            reader.lossy = true;
            Some(Text { span, text: first.to_owned(), bare: true })
        }
        None => {
            reader.say(mistake::bare_text(span, node.text));
            Some(Text { span, text: node.text.to_owned(), bare: false })
        }
    }
}

/// What stands between the quotes, with its escapes undone.
fn string(reader: &mut Reader<'_>, node: &mut Node<'_>) -> Option<String> {
    let start = node.start;
    let inner = node.take(Rule::str_inner)?;
    if node.has(Rule::bad_end) {
        let close = inner.start + mistake::likely_end(inner.text);
        reader.say(mistake::open_string(reader.between(start, inner.end), reader.between(close, close)));
        reader.lossy = true;
    }
    let (mut out, mut rest) = (String::with_capacity(inner.text.len()), inner.text);
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let at = inner.end - escape.len() - 1;
        let (c, length) = match unescape(escape) {
            Ok(read) => read,
            Err(length) => {
                let span = reader.between(at, at + 1 + length);
                reader.say(mistake::bad_escape(span, reader.between(at, at), escape.get(..length).unwrap_or_default()));
                (None, length)
            }
        };
        out.extend(c);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Some(out)
}

/// The character that an escape stands for and the bytes behind the backslash, or how many bytes are wrong.
fn unescape(escape: &str) -> Result<(Option<char>, usize), usize> {
    let Some(c) = escape.chars().next() else { return Err(0) };
    match c {
        '"' | '\\' => Ok((Some(c), 1)),
        'n' => Ok((Some('\n'), 1)),
        't' => Ok((Some('\t'), 1)),
        'u' => {
            let digits = escape.strip_prefix("u{").and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
            let digits = digits.filter(|d| (1..=6).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_hexdigit()));
            let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            match (number.and_then(char::from_u32), digits) {
                (Some(c), Some(digits)) => Ok((Some(c), digits.len() + 3)),
                (None, Some(digits)) => Err(digits.len() + 3),
                _ => Err(1),
            }
        }
        c => Err(c.len_utf8()),
    }
}

/// The text between quotes that are not ours, which may be longer than a byte.
fn between_quotes(text: &str) -> String {
    let mut chars = text.chars();
    chars.next();
    chars.next_back();
    chars.as_str().to_owned()
}

/// A pattern between slashes, checked, with its flags inside.
pub(super) fn pattern(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Pattern> {
    let (start, span) = (node.start, reader.span(&node));
    let inner = node.take(Rule::rx_inner)?;
    if node.has(Rule::bad_end) {
        let close = reader.between(inner.end, inner.end);
        reader.say(mistake::open_pattern(reader.between(start, inner.end), close));
        reader.lossy = true;
        return Some(At { span, node: inner.text.to_owned() });
    }
    let flags = node.take(Rule::rx_flags);
    let mut known = String::new();
    if let Some(flags) = flags.filter(|flags| !flags.text.is_empty()) {
        // Each once: the pattern's own language refuses one that stands twice.
        for flag in flags.text.chars().filter(|flag| matches!(flag, 'i' | 's' | 'm')) {
            if !known.contains(flag) {
                known.push(flag);
            }
        }
        if known.len() < flags.text.len() {
            reader.say(mistake::bad_flags(reader.span(&flags), &known));
        }
    }
    if inner.text.chars().count() > PATTERN_CHARS_MAX {
        let message = format!("this pattern is longer than {PATTERN_CHARS_MAX} characters");
        reader.say(Diagnostic::new(Code::E0114, span, message));
        return Some(At { span, node: inner.text.to_owned() });
    }
    if let Err(error) = RegexBuilder::new(inner.text).size_limit(PATTERN_COMPILED_BYTES_MAX).build() {
        reader.say(mistake::bad_pattern(span, &error));
    }
    let source = if known.is_empty() { inner.text.to_owned() } else { format!("(?{known}){}", inner.text) };
    Some(At { span, node: source })
}

/// A list in brackets or by name, behind `one of` or `any of`.
pub(super) fn list(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<List> {
    let span = reader.span(&node);
    if node.rule == Rule::list_name {
        return Some(At { span, node: ListKind::Named(node.text.to_owned()) });
    }
    let mut literals = Vec::new();
    while let Some(entry) = node.next() {
        literals.push(literal(reader, entry)?);
    }
    if literals.len() > LIST_ENTRIES_MAX {
        let message = format!("this list has more than {LIST_ENTRIES_MAX} entries");
        reader.say(Diagnostic::new(Code::E0114, span, message));
    }
    Some(At { span, node: ListKind::Literals(literals) })
}

/// `any of …` behind a verb.
pub(super) fn any_of(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<List> {
    node.has(Rule::k_any);
    node.has(Rule::k_of);
    list(reader, node.next()?)
}

/// `any of …` or one text.
pub(super) fn words(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Words> {
    match node.rule {
        Rule::m_any_of => any_of(reader, node).map(Words::AnyOf),
        _ => text(reader, node).map(Words::One),
    }
}

/// A value, or a bare text in the place of one.
pub(super) fn literal(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Literal> {
    if node.rule == Rule::literal {
        node = node.next()?;
    }
    let span = reader.span(&node);
    let kind = match node.rule {
        Rule::moment => LiteralKind::Moment(moment(reader, node)?.node),
        Rule::number => LiteralKind::Number(number(reader, &node)),
        Rule::boolean => LiteralKind::Boolean(node.has(Rule::k_true)),
        _ => LiteralKind::Text(text(reader, node)?.text),
    };
    Some(At { span, node: kind })
}

fn number(reader: &mut Reader<'_>, node: &Node<'_>) -> Decimal {
    Decimal::from_str_exact(node.text).unwrap_or_else(|_| {
        let message = "this number has more digits than can be kept exactly, which are 28";
        reader.say(Diagnostic::new(Code::E0114, reader.span(node), message));
        Decimal::ZERO
    })
}

/// A date, or an instant with its zone.
pub(super) fn moment(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Moment> {
    let inner = node.next()?;
    let kind = match inner.rule {
        Rule::date => MomentKind::Date(date(reader, &inner).node),
        _ => MomentKind::Time(instant(reader, &inner)),
    };
    Some(reader.at(&inner, kind))
}

/// A day of the calendar.
pub(super) fn date(reader: &mut Reader<'_>, node: &Node<'_>) -> At<NaiveDate> {
    let date = node.text.parse().unwrap_or_else(|_| {
        reader.say(mistake::no_such(reader.span(node), "day", node.text));
        NaiveDate::default()
    });
    reader.at(node, date)
}

/// A local time, in whole minutes.
pub(super) fn time(reader: &mut Reader<'_>, node: &Node<'_>) -> At<NaiveTime> {
    let time = NaiveTime::parse_from_str(node.text, "%H:%M").unwrap_or_else(|_| {
        reader.say(mistake::no_such(reader.span(node), "time", node.text));
        NaiveTime::default()
    });
    reader.at(node, time)
}

fn instant(reader: &mut Reader<'_>, node: &Node<'_>) -> Second {
    // The seconds may be left out here, and nowhere else.
    let parsed = DateTime::parse_from_rfc3339(node.text)
        .or_else(|_| DateTime::parse_from_str(node.text, "%Y-%m-%dT%H:%M%:z"))
        .or_else(|_| DateTime::parse_from_str(&node.text.replace('Z', "+00:00"), "%Y-%m-%dT%H:%M%:z"));
    match parsed {
        Ok(instant) => Second(instant.timestamp()),
        Err(_) => {
            reader.say(mistake::no_such(reader.span(node), "instant", node.text));
            Second::default()
        }
    }
}

/// An attribute or property.
pub(super) fn path(reader: &Reader<'_>, node: &Node<'_>) -> Path {
    let span = reader.span(node);
    let (root, name) = if let Some(quoted) = node.text.strip_prefix('`') {
        (Root::None, quoted.trim_end_matches('`'))
    } else if let Some(name) = node.text.strip_prefix("person.") {
        (Root::Person, name)
    } else if let Some(name) = node.text.strip_prefix("event.") {
        (Root::Event, name)
    } else {
        (Root::None, node.text)
    };
    Path { span, root, name: name.to_owned() }
}

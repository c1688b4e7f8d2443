//! What fits nowhere: the place, what was expected there in words that people know, and what was likely meant.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic, Origin};

use super::Rule;
use super::mistake;
use super::word::{Word, words};

/// More ways to go on than these are not listed.
const EXPECTED_SHOWN_MAX: usize = 5;
/// A shorter word is near to too many others to be suspected of a slip when nothing points at it.
const SUSPECT_CHARS_MIN: usize = 4;

/// Every word of the language: each is a rule of its own, named after it.
fn language_words() -> &'static BTreeSet<String> {
    static WORDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        const UNITS: [&str; 16] = [
            "second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month",
            "months", "year", "years", "time", "times",
        ];
        Rule::all_rules()
            .iter()
            .filter_map(|rule| format!("{rule:?}").strip_prefix("k_").map(str::to_owned))
            .chain(UNITS.map(str::to_owned))
            .collect()
    })
}

/// Whether `word` is one that the language knows.
pub(super) fn is_language_word(word: &str) -> bool {
    language_words().contains(word)
}

/// The complaint about a text that cannot be read.
pub(super) fn explain(error: &Error<Rule>, rule: Rule, text: &str, origin: &Origin) -> Diagnostic {
    if matches!(error.variant, ErrorVariant::CustomError { .. }) {
        let all = origin.span(0, text.trim_end().len());
        return Diagnostic::new(Code::E0114, all, "this is too long to be read")
            .note("a part of it can be a segment of its own, and stand here as `in segment \"…\"`");
    }
    let words = words(text);
    let place = place(error, text);
    // The first word that does not end before the place where reading stopped.
    let at = words.iter().position(|word| word.end() > place).unwrap_or(words.len());
    if let Some(diagnostic) = open_quote(text, words.get(at).map_or(place, |word| word.start), origin) {
        return diagnostic;
    }
    if let Some(diagnostic) = capitals(&words, origin) {
        return diagnostic;
    }
    let expected = expected(error);
    let Some(word) = words.get(at) else { return ends(rule, text, &words, &expected, origin) };
    let span = origin.span(word.start, word.end());
    if let Some(diagnostic) = slip(error, &words, at, origin) {
        return diagnostic;
    }
    let diagnostic = Diagnostic::new(Code::E0100, span, format!("`{}` cannot be read here", word.text));
    if expected.is_empty() { diagnostic } else { diagnostic.label(format!("expected {expected}")) }
}

/// Where reading stopped: never inside of a word.
fn place(error: &Error<Rule>, text: &str) -> usize {
    let (InputLocation::Pos(rules) | InputLocation::Span((rules, _))) = error.location;
    let tokens = error.parse_attempts().map_or(rules, |attempts| attempts.max_position);
    let before = text.get(..tokens).unwrap_or(text);
    let word_start = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    let inside =
        text.get(tokens..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
    rules.max(if inside { word_start } else { tokens })
}

/// Nothing stands where something should.
fn ends(rule: Rule, text: &str, words: &[Word<'_>], expected: &str, origin: &Origin) -> Diagnostic {
    let end = text.trim_end().len();
    let Some(last) = words.last() else {
        return Diagnostic::new(Code::E0100, origin.span(0, 0), format!("{} is missing here", what(rule)));
    };
    let span = origin.span(last.start, last.end().min(end));
    let diagnostic = Diagnostic::new(Code::E0100, span, format!("something is missing behind `{}`", last.text));
    if let Some(meant) = misspelt(words, words.len().saturating_sub(1)) {
        return diagnostic.label(format!("did you mean `{meant}`?")).fix(format!("write `{meant}`"), span, meant);
    }
    if expected.is_empty() { diagnostic } else { diagnostic.label(format!("expected {expected}")) }
}

/// What a block is for.
fn what(rule: Rule) -> &'static str {
    match rule {
        Rule::event_block => "an event, such as `replied`,",
        Rule::chain_block => "a sequence, such as `replied then …`,",
        Rule::span_block | Rule::offset_block | Rule::wait_block => "a length of time, such as `2 days`,",
        Rule::frequency_block => "`every time`, `once` or `once per 30 days`",
        Rule::limit_block => "a limit, such as `at most 3 messages in 7 days`,",
        _ => "a condition",
    }
}

/// A `"` without its partner on the line of `at`.
fn open_quote(text: &str, at: usize, origin: &Origin) -> Option<Diagnostic> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |n| n + 1);
    let line = text.get(start..)?.lines().next()?;
    let (mut quotes, mut escaped, mut last) = (0, false, None);
    for (n, c) in line.char_indices() {
        match c {
            '#' if quotes % 2 == 0 => break,
            '"' if !escaped => {
                quotes += 1;
                last = Some(n);
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped && quotes % 2 == 1;
    }
    let last = last.filter(|_| quotes % 2 == 1)?;
    let span = origin.span(start + last, start + last + 1);
    let word = line.get(..last)?.trim_end_matches(|c: char| c.is_alphanumeric()).len();
    let diagnostic = Diagnostic::new(Code::E0101, span, "this `\"` has no partner");
    Some(if word < last {
        let opening = origin.span(start + word, start + word);
        diagnostic.label("a text ends here that did not begin").fix("begin it", opening, "\"")
    } else {
        diagnostic.label("a text begins here that does not end").fix("take it out", span, "")
    })
}

/// Words of the language in capitals, unless they may be keywords.
fn capitals(words: &[Word<'_>], origin: &Origin) -> Option<Diagnostic> {
    let keyword_may_follow = |word: &Word<'_>| matches!(word.text, "replied" | "containing" | "with");
    let meant: Vec<&Word<'_>> = words
        .iter()
        .enumerate()
        .filter(|(n, word)| {
            let behind = n.checked_sub(1).and_then(|before| words.get(before));
            mistake::is_capitals(word.text)
                && is_language_word(&word.text.to_lowercase())
                && !behind.is_some_and(keyword_may_follow)
        })
        .map(|(_, word)| word)
        .collect();
    let first = meant.first()?;
    let edits = meant
        .iter()
        .map(|word| Edit { span: origin.span(word.start, word.end()), replacement: word.text.to_lowercase() })
        .collect();
    let span = origin.span(first.start, first.end());
    Some(mistake::capital_word(span, first.text).fix_all("write it in lower case", edits))
}

/// A word with a slip of the finger: the one that could not be read, or the one before.
fn slip(error: &Error<Rule>, words: &[Word<'_>], at: usize, origin: &Origin) -> Option<Diagnostic> {
    let word = words.get(at)?;
    let expected: Vec<String> = error
        .parse_attempts()
        .map_or_else(Vec::new, |attempts| attempts.expected_tokens().iter().map(ToString::to_string).collect());
    let here = (word.is_plain() && !is_language_word(word.text))
        .then(|| nearest(word.text, expected.iter().map(String::as_str).filter(|token| is_language_word(token))))
        .flatten()
        .map(|meant| (word, meant.to_owned()));
    let before = || {
        let before = at.checked_sub(1)?;
        Some((words.get(before)?, misspelt(words, before)?.to_owned()))
    };
    let any = || Some((word, misspelt(words, at)?.to_owned()));
    let (word, meant) = here.or_else(before).or_else(any)?;
    let span = origin.span(word.start, word.end());
    Some(
        Diagnostic::new(Code::E0100, span, format!("`{}` cannot be read here", word.text))
            .label(format!("did you mean `{meant}`?"))
            .fix(format!("write `{meant}`"), span, meant),
    )
}

/// The word of the language that `words[at]` is near to, if it is none itself.
fn misspelt(words: &[Word<'_>], at: usize) -> Option<&'static str> {
    let word = words.get(at)?;
    let suspect = word.is_plain() && word.text.chars().count() >= SUSPECT_CHARS_MIN && !is_language_word(word.text);
    if !suspect { None } else { nearest(word.text, language_words().iter().map(String::as_str)) }
}

/// What could have stood there, as a list to read; empty if there is nothing helpful to say.
fn expected(error: &Error<Rule>) -> String {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else { return String::new() };
    let mut ways: Vec<String> = Vec::new();
    for way in positives.iter().filter_map(|rule| in_words(*rule)) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    if ways.len() > EXPECTED_SHOWN_MAX {
        return String::new();
    }
    match ways.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A rule in words that people know; none for what nobody has a name for.
fn in_words(rule: Rule) -> Option<String> {
    let words = match rule {
        Rule::condition | Rule::term | Rule::holding | Rule::negated => "a condition",
        Rule::event | Rule::temporal | Rule::chain | Rule::step => "an event, such as `replied`",
        Rule::operator => "a comparison, such as `is`, `contains` or `>`",
        Rule::comparison | Rule::test | Rule::test_group => "a comparison, such as `plan is \"pro\"`",
        Rule::message_ref => "a message, such as `campaign \"…\"` or `any message`",
        Rule::target => "`to`",
        Rule::via => "`via`",
        Rule::where_ => "`where`",
        Rule::window | Rule::within => "`within …`, `in the last …` or `ever`",
        Rule::bound | Rule::quantity => "`at least`, `at most` or `exactly`",
        Rule::integer | Rule::number => "a number",
        Rule::literal => "a value",
        Rule::string => "a text in double quotes",
        Rule::text_match => "a text or keyword",
        Rule::regex => "a pattern, such as `/…/`",
        Rule::list => "a list, such as `[\"a\", \"b\"]`",
        Rule::list_name => "the name of a list",
        Rule::path => "the name of an attribute",
        Rule::span | Rule::duration => "a length of time, such as `2 days`",
        Rule::dur_unit | Rule::cal_unit => "a unit, such as `days`",
        Rule::moment | Rule::date => "a date, such as `2026-03-28`",
        Rule::time => "a time, such as `09:00`",
        Rule::weekday | Rule::days => "days, such as `[mon, tue]`",
        Rule::percent => "a share, such as `10%`",
        Rule::times => "`times`",
        Rule::EOI => "nothing more",
        rule => {
            let name = format!("{rule:?}");
            return name.strip_prefix("k_").map(|word| format!("`{word}`"));
        }
    };
    Some(words.to_owned())
}

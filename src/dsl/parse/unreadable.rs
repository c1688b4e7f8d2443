//! What fits nowhere: where reading stopped, and what is said about it.

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::diagnostic::{Code, Diagnostic, Origin};

use super::Rule;
use super::expected::{expected, is_language_word};
use super::hint::{self, Stop};
use super::mistake::brief;
use super::word::words;

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
    let stop = Stop { text, words: &words, at, origin };
    if let Some(diagnostic) = hint::all(&stop, error) {
        return diagnostic;
    }
    let diagnostic = match (words.get(at), words.last()) {
        (Some(word), _) => {
            let message = format!("`{}` cannot be read here", brief(word.text));
            Diagnostic::new(Code::E0100, stop.span(word), message)
        }
        (None, Some(last)) => {
            let message = format!("something is missing behind `{}`", brief(last.text));
            Diagnostic::new(Code::E0100, stop.span(last), message)
        }
        (None, None) => Diagnostic::new(Code::E0100, origin.span(0, 0), "nothing is written here"),
    };
    // At the very beginning the whole is what was expected.
    let ways = if at == 0 { Some(what(rule).to_owned()) } else { expected(error) };
    match ways {
        Some(ways) => diagnostic.label(format!("expected {ways}")),
        None => diagnostic,
    }
}

/// Where reading stopped: at the beginning of the word that fits nowhere.
fn place(error: &Error<Rule>, text: &str) -> usize {
    let (InputLocation::Pos(rules) | InputLocation::Span((rules, _))) = error.location;
    let tokens = error.parse_attempts().map_or(rules, |attempts| attempts.max_position);
    let read = text.get(rules..tokens).unwrap_or_default().trim();
    // A word of the language was looked at because no name may be spelt so: it is itself what does not fit.
    if tokens <= rules || is_language_word(read) {
        return rules;
    }
    let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let inside = text.get(tokens..).is_some_and(|rest| rest.starts_with(of_word));
    let word_start = text.get(..tokens).unwrap_or(text).trim_end_matches(of_word).len();
    rules.max(if inside { word_start } else { tokens })
}

/// What a block is for.
fn what(rule: Rule) -> &'static str {
    match rule {
        Rule::event_block => "an event, such as `replied`",
        Rule::chain_block => "a sequence, such as `replied then … within 2 days`",
        Rule::span_block | Rule::offset_block | Rule::wait_block => "a length of time, such as `2 days`",
        Rule::frequency_block => "`every time`, `once` or `once per 30 days`",
        Rule::limit_block => "a limit, such as `at most 3 messages in 7 days`",
        _ => "a condition",
    }
}

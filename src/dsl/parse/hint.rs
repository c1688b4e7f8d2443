//! What was likely meant by a text that cannot be read.

use pest::error::Error;

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::suggest::{nearest, nearest_within};
use crate::diagnostic::{Code, Diagnostic, Origin, Span};

use super::Rule;
use super::expected::{is_language_word, language_words};
use super::mistake::{brief, capital_word, is_capitals, quoted};
use super::word::Word;

/// Where reading stopped.
pub(super) struct Stop<'a> {
    pub text: &'a str,
    pub words: &'a [Word<'a>],
    /// The word that fits nowhere; past the last if something is missing at the end.
    pub at: usize,
    pub origin: &'a Origin,
}

impl<'a> Stop<'a> {
    pub fn span(&self, word: &Word<'_>) -> Span {
        self.origin.span(word.start, word.end())
    }

    fn word(&self) -> Option<&Word<'a>> {
        self.words.get(self.at)
    }

    /// The word `n` places before the one that fits nowhere.
    fn before(&self, n: usize) -> Option<&Word<'a>> {
        self.words.get(self.at.checked_sub(n)?)
    }
}

/// The first hint that applies.
pub(super) fn all(stop: &Stop<'_>, error: &Error<Rule>) -> Option<Diagnostic> {
    open_quote(stop)
        .or_else(|| capitals(stop))
        .or_else(|| texts_joined(stop))
        .or_else(|| person_named(stop))
        .or_else(|| sums(stop))
        .or_else(|| counts(stop))
        .or_else(|| reserved_name(stop))
        .or_else(|| slip(stop, error))
        .or_else(|| parentheses(stop))
        .or_else(|| other_word(stop))
}

/// A `"` without its partner on the line.
fn open_quote(stop: &Stop<'_>) -> Option<Diagnostic> {
    let at = stop.word().map_or(stop.text.trim_end().len(), |word| word.start);
    let start = stop.text.get(..at)?.rfind('\n').map_or(0, |n| n + 1);
    let line = stop.text.get(start..)?.lines().next()?;
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
    let word = line.get(..last)?.trim_end_matches(char::is_alphanumeric).len();
    let span = stop.origin.span(start + last, start + last + 1);
    let diagnostic = Diagnostic::new(Code::E0101, span, "this `\"` has no partner");
    Some(if word < last {
        let opening = stop.origin.span(start + word, start + word);
        diagnostic.label("a text ends here that did not begin").fix("begin it", opening, "\"")
    } else {
        diagnostic.label("a text begins here that does not end").fix("take it out", span, "")
    })
}

/// Words of the language in capitals, unless they may be keywords.
fn capitals(stop: &Stop<'_>) -> Option<Diagnostic> {
    let keyword_may_follow = |word: &Word<'_>| matches!(word.text, "replied" | "containing" | "with");
    let meant = |(n, word): (usize, &'_ Word<'_>)| {
        let behind = n.checked_sub(1).and_then(|before| stop.words.get(before));
        let is_word = is_capitals(word.text) && is_language_word(&word.text.to_lowercase());
        is_word && !behind.is_some_and(keyword_may_follow)
    };
    let meant: Vec<&Word<'_>> =
        stop.words.iter().enumerate().filter(|found| meant(*found)).map(|(_, word)| word).collect();
    let first = meant.first()?;
    let edits =
        meant.iter().map(|word| Edit { span: stop.span(word), replacement: word.text.to_lowercase() }).collect();
    Some(capital_word(stop.span(first), first.text).fix_all("write it in lower case", edits))
}

/// `replied "yes" or "y"`: texts are not joined by `or`.
fn texts_joined(stop: &Stop<'_>) -> Option<Diagnostic> {
    let is_text = |word: &Word<'_>| word.text.starts_with('"') || (word.is_plain() && !is_language_word(word.text));
    for (n, word) in stop.words.iter().enumerate().take(stop.at) {
        let all = match word.text {
            "replied" | "containing" | "with" | "tapped" | "reacted" => "any of",
            "is" => "one of",
            _ => continue,
        };
        let mut texts = Vec::new();
        let mut end = n + 1;
        while let Some(text) = stop.words.get(end).filter(|word| is_text(word)) {
            texts.push(text);
            end += 1;
            match stop.words.get(end).filter(|word| matches!(word.text, "or" | ",")) {
                Some(_) => end += 1,
                None => break,
            }
        }
        // Reading stopped at the last of the texts, or took it for an attribute and stopped behind it.
        if texts.len() < 2 || !(stop.at + 1 == end || stop.at == end) {
            continue;
        }
        let (first, last) = texts.first().zip(texts.last())?;
        let list: Vec<String> = texts.iter().map(|text| in_quotes(text.text)).collect();
        let list = format!("{all} [{}]", list.join(", "));
        let span = stop.origin.span(first.start, last.end());
        return Some(Diagnostic::new(Code::E0100, span, "`or` stands between conditions, and these are texts").fix(
            "make them a list",
            span,
            list,
        ));
    }
    None
}

fn in_quotes(text: &str) -> String {
    if text.starts_with('"') { text.to_owned() } else { quoted(text) }
}

/// `person replied`, `user has replied`
fn person_named(stop: &Stop<'_>) -> Option<Diagnostic> {
    const VERBS: [&str; 16] = [
        "replied",
        "reacted",
        "removed",
        "tapped",
        "was",
        "received",
        "read",
        "failed",
        "performed",
        "entered",
        "left",
        "finished",
        "converted",
        "changed",
        "has",
        "never",
    ];
    let verb = stop.word().filter(|word| VERBS.contains(&word.text))?;
    let person = stop.before(1).filter(|word| word.is_plain() && !is_language_word(word.text))?;
    if stop.before(2).is_some_and(|word| !matches!(word.text, "and" | "or" | "not" | "(" | "then")) {
        return None;
    }
    let span = stop.span(person);
    let cut = Span::new(span.file, span.start, stop.span(verb).start);
    Some(
        Diagnostic::new(Code::E0100, span, format!("`{}` cannot be read here", person.text))
            .label(format!("a condition is about the person: begin with `{}`", verb.text))
            .fix("leave the person out", cut, ""),
    )
}

/// `sum of total > 50`, `average(total) > 50`, `total total > 50`
fn sums(stop: &Stop<'_>) -> Option<Diagnostic> {
    const SUMS: [&str; 10] = ["sum", "total", "average", "avg", "mean", "median", "max", "maximum", "min", "minimum"];
    const COMPARED: [&str; 6] = [">", ">=", "<", "<=", "is", "="];
    let around = stop.at.saturating_sub(2)..=stop.at;
    let (n, word) = stop.words.iter().enumerate().filter(|(n, _)| around.contains(n)).find(|(n, word)| {
        let next = |places: usize| stop.words.get(n + places);
        let of_many = next(1).is_some_and(|next| matches!(next.text, "of" | "("));
        // A slip behind an attribute of that name is no sum.
        let compared = next(1).is_some_and(|next| next.is_plain() && !is_language_word(next.text))
            && next(2).is_some_and(|next| COMPARED.contains(&next.text));
        SUMS.contains(&word.text) && (of_many || compared)
    })?;
    let behind = stop.words.get(n + 1).filter(|next| next.text != "(").unwrap_or(word);
    Some(
        Diagnostic::new(
            Code::E0510,
            stop.origin.span(word.start, behind.end()),
            "sums and averages of many events cannot be asked for",
        )
        .label("one event, or how many of them?")
        .note("compare one event: `performed \"…\" where total > 50 ever`; or count: `… at least 3 times in the last 30 days`")
        .note("a sum that is needed all the same is an attribute: a campaign adds to it, or your own system reports it"),
    )
}

/// `count of replied > 3`, `number of …`
fn counts(stop: &Stop<'_>) -> Option<Diagnostic> {
    let (word, of) = stop.before(1).zip(stop.word())?;
    if !matches!(word.text, "count" | "number") || !matches!(of.text, "of" | "(") {
        return None;
    }
    let span = stop.origin.span(word.start, of.end());
    Some(
        Diagnostic::new(Code::E0100, span, "how often something happened stands behind it")
            .label("for example `replied at least 3 times in the last 30 days`"),
    )
}

/// `via is "button"`: a word of the language as the name of a value.
fn reserved_name(stop: &Stop<'_>) -> Option<Diagnostic> {
    const OPERATORS: [&str; 12] =
        ["is", "contains", "starts", "ends", "matches", "does", ">", ">=", "<", "<=", "=", "!="];
    let word = stop.word().filter(|word| is_language_word(word.text))?;
    let next = stop.words.get(stop.at + 1)?;
    let begins = match stop.before(1) {
        Some(before) => matches!(before.text, "and" | "or" | "not" | "(" | "where"),
        None => true,
    };
    if !begins || !OPERATORS.contains(&next.text) {
        return None;
    }
    let behind_where = stop.words.iter().take(stop.at).any(|word| word.text == "where");
    let root = if behind_where { "event" } else { "person" };
    let name = format!("{root}.{}", word.text);
    Some(
        Diagnostic::new(Code::E0100, stop.span(word), format!("`{}` is a word of the language", word.text))
            .label(format!("as a name it is written `{name}`"))
            .fix(format!("write `{name}`"), stop.span(word), name),
    )
}

/// A slip of the finger: in the word that could not be read, or in the one before.
fn slip(stop: &Stop<'_>, error: &Error<Rule>) -> Option<Diagnostic> {
    let expected: Vec<String> = error
        .parse_attempts()
        .map_or_else(Vec::new, |attempts| attempts.expected_tokens().iter().map(ToString::to_string).collect());
    let expected = expected.iter().map(String::as_str).filter(|token| token.len() > 1 && is_alphabetic(token));
    let here = stop.word().filter(|word| word.is_plain() && !is_language_word(word.text));
    let here = here.and_then(|word| Some((word, nearest(word.text, expected)?)));
    let any = |word: &'_ Word<'_>| {
        // One change in four letters: a name that is new to the language is no slip.
        let changes = word.text.chars().count() / 5;
        let suspect = word.is_plain() && changes > 0 && !is_language_word(word.text);
        if suspect { nearest_within(word.text, language_words().iter().map(String::as_str), changes) } else { None }
    };
    let before = || stop.before(1).and_then(|word| Some((word, any(word)?)));
    let (word, meant) = here.or_else(before).or_else(|| stop.word().and_then(|word| Some((word, any(word)?))))?;
    let span = stop.span(word);
    Some(
        Diagnostic::new(Code::E0100, span, format!("`{}` cannot be read here", brief(word.text)))
            .label(format!("did you mean `{meant}`?"))
            .fix(format!("write `{meant}`"), span, meant),
    )
}

fn is_alphabetic(token: &str) -> bool {
    token.chars().all(char::is_alphabetic)
}

/// A parenthesis without its partner.
fn parentheses(stop: &Stop<'_>) -> Option<Diagnostic> {
    if let Some(word) = stop.word() {
        let open = stop.words.iter().take(stop.at).fold(0_i32, |open, word| match word.text {
            "(" => open + 1,
            ")" => open - 1,
            _ => open,
        });
        return (word.text == ")" && open == 0).then(|| {
            let span = stop.span(word);
            Diagnostic::new(Code::E0100, span, "this `)` has no partner").fix("take it out", span, "")
        });
    }
    let mut open = Vec::new();
    for word in stop.words {
        match word.text {
            "(" => open.push(word),
            ")" => {
                open.pop();
            }
            _ => {}
        }
    }
    let (first, last) = open.first().zip(stop.words.last())?;
    // Behind these something else is missing first.
    if matches!(last.text, "(" | "," | "[")
        || is_language_word(last.text) && last.text != "everyone" && last.text != "ever"
    {
        return None;
    }
    Some(Diagnostic::new(Code::E0100, stop.span(first), "this `(` has no partner").fix(
        "close it at the end",
        stop.span(last).after(),
        ")".repeat(open.len()),
    ))
}

/// Words that other languages have.
fn other_word(stop: &Stop<'_>) -> Option<Diagnostic> {
    let word = stop.word()?;
    let advice = match word.text {
        "between" => "days from one to another are written `from 2026-03-01 to 2026-03-31`",
        "unless" => "write `and not`",
        "if" | "when" | "else" => "a condition has no parts that depend on others: write `and`, `or`, `not`",
        _ => return None,
    };
    Some(
        Diagnostic::new(Code::E0100, stop.span(word), format!("`{}` has no meaning in the language", word.text))
            .label(advice),
    )
}

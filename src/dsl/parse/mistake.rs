//! The complaints about well-known mistakes: what to say, and what to write instead.

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{CalendarUnit, Unit};

use super::expected::is_language_word;

/// Words that begin a clause behind a text. Shorter ones are too near to everything.
const CLAUSE_WORDS: [&str; 9] = ["within", "where", "then", "ever", "since", "before", "exactly", "today", "yesterday"];

/// Characters of the author's text that a message repeats.
const REPEATED_CHARS_MAX: usize = 60;

/// The beginning of `text`, on one line, for a message that repeats it.
pub(super) fn brief(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c == '\n' { ' ' } else { c });
    let mut out: String = chars.by_ref().take(REPEATED_CHARS_MAX).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// `text` in double quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(super) fn open_string(span: Span, close: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, span, "this text is not closed")
        .label("`\"` is missing at its end")
        .fix("close it", close, "\"")
}

pub(super) fn open_pattern(span: Span, close: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, span, "this pattern is not closed")
        .label("`/` is missing at its end")
        .fix("close it", close, "/")
}

/// Where a text that is not closed was most likely meant to end: in front of the first clause.
pub(super) fn likely_end(text: &str) -> usize {
    const CLAUSES: [&str; 15] = [
        " within ",
        " in the last ",
        " to campaign ",
        " to it",
        " to any message",
        " ever",
        " then ",
        " and ",
        " or ",
        " since ",
        " at least ",
        " at most ",
        " via ",
        " where ",
        " with ",
    ];
    let text = text.trim_end();
    CLAUSES.iter().filter_map(|clause| text.find(clause)).min().unwrap_or(text.len())
}

pub(super) fn wrong_quotes(span: Span, written: &str, inner: &str) -> Diagnostic {
    Diagnostic::new(Code::E0102, span, format!("`{}` stands in quotes that are not `\"`", brief(written)))
        .label("text is written in double quotes")
        .fix("use double quotes", span, quoted(inner))
}

pub(super) fn bare_text(span: Span, text: &str) -> Diagnostic {
    let capitals = brief(text).to_uppercase();
    let diagnostic =
        Diagnostic::new(Code::E0103, span, format!("`{}` is text, and text is written in double quotes", brief(text)))
            .label(if text.contains(' ') { "no words of the language" } else { "not a word of the language" });
    let diagnostic = if text.bytes().all(|b| b.is_ascii_alphanumeric()) && text.bytes().any(|b| b.is_ascii_alphabetic())
    {
        diagnostic.note(format!(
            "only a keyword in capitals may stand bare: `replied {capitals}`; case does not matter to what it matches"
        ))
    } else {
        diagnostic
    };
    diagnostic.fix("quote it", span, quoted(text))
}

pub(super) fn bare_name(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(Code::E0104, span, format!("`{}` is a name, and names are written in double quotes", brief(name)))
        .fix("quote it", span, quoted(name))
}

/// Words behind a keyword that were meant as clauses: in capitals, or with a slip of the finger.
pub(super) fn misspelt_clause(span: Span, phrase: &str, words: &[(&str, Span)]) -> Option<Diagnostic> {
    let capitals: Vec<&(&str, Span)> =
        words.iter().skip(1).filter(|(word, _)| is_language_word(&word.to_lowercase()) && is_capitals(word)).collect();
    if let Some((word, at)) = capitals.first() {
        let edits =
            capitals.iter().map(|(word, span)| Edit { span: *span, replacement: word.to_lowercase() }).collect();
        return Some(capital_word(*at, word).fix_all(format!("write {}", lower_case(&capitals)), edits).fix(
            "if all of it is text, quote it",
            span,
            quoted(phrase),
        ));
    }
    let (word, at, meant) = words
        .iter()
        .skip(1)
        .filter(|(word, _)| word.chars().count() > 3)
        .find_map(|(word, at)| nearest(word, CLAUSE_WORDS).map(|meant| (*word, *at, meant)))?;
    Some(
        Diagnostic::new(Code::E0100, at, format!("`{}` cannot be read here", brief(word)))
            .label(format!("did you mean `{meant}`?"))
            .fix(format!("write `{meant}`"), at, meant)
            .fix("if all of it is text, quote it", span, quoted(phrase)),
    )
}

fn lower_case(words: &[&(&str, Span)]) -> String {
    words.iter().map(|(word, _)| format!("`{}`", word.to_lowercase())).collect::<Vec<_>>().join(", ")
}

/// Whether `word` has capitals and nothing else.
pub(super) fn is_capitals(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase())
}

pub(super) fn capital_word(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0118,
        span,
        format!("`{}` is a word of the language, and those are in lower case", brief(word)),
    )
    .note("text in capitals is a keyword: `replied YES`")
}

pub(super) fn bad_escape(span: Span, backslash: Span, escape: &str) -> Diagnostic {
    Diagnostic::new(Code::E0116, span, format!("`\\{escape}` means nothing in a text"))
        .label("an escape begins with `\\`")
        .note("there are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}` with 1 to 6 hexadecimal digits")
        .fix("if a backslash is meant, write two", backslash, "\\")
}

pub(super) fn bad_flags(span: Span, known: &str) -> Diagnostic {
    Diagnostic::new(Code::E0116, span, "a pattern has no such flag, or not twice")
        .note("there are `i` (case does not matter), `s` (`.` takes line breaks) and `m` (`^` and `$` at each line)")
        .fix("leave out what says nothing", span, known)
}

pub(super) fn bad_pattern(span: Span, error: &regex::Error) -> Diagnostic {
    let (code, why) = match error {
        regex::Error::CompiledTooBig(_) => return pattern_too_big(span),
        // The last line says what is wrong, the others draw a frame of their own.
        error => (Code::E0116, error.to_string()),
    };
    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    Diagnostic::new(code, span, "this pattern cannot be read")
        .label(why)
        .note("patterns have no look-around and no back-references, so that they take the same time on every text")
}

fn pattern_too_big(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0114, span, "this pattern is too large").label("more than 1 MiB when it is compiled")
}

pub(super) fn no_such(span: Span, what: &str, written: &str) -> Diagnostic {
    Diagnostic::new(Code::E0100, span, format!("`{written}` cannot be read: there is no such {what}"))
}

pub(super) fn last_misspelt(span: Span, written: &str, head: Span) -> Diagnostic {
    Diagnostic::new(Code::E0105, span, format!("`{written}` is written `in the last`")).fix(
        "write `in the last`",
        head,
        "in the last",
    )
}

pub(super) fn is_within(span: Span, head: Span) -> Diagnostic {
    Diagnostic::new(Code::E0105, span, "`is within` does not say in which direction")
        .fix("before now", head, "is in the last")
        .fix("from now on", head, "is in the next")
}

/// What a sign in the place of `is` means.
pub(super) fn comparing(sign: &str) -> &'static str {
    if matches!(sign, "!=" | "!==" | "<>") { "is not" } else { "is" }
}

/// A sign, or capitals, in the place of `meant`; `replacement` is that with the white space it needs.
pub(super) fn sign(code: Code, span: Span, written: &str, meant: &str, replacement: String) -> Diagnostic {
    Diagnostic::new(code, span, format!("`{written}` is written `{meant}`")).fix(
        format!("write `{meant}`"),
        span,
        replacement,
    )
}

/// What the letters behind a number can mean; the likeliest first.
pub(super) fn units_meant(letters: &str) -> Vec<Unit> {
    let units: &[Unit] = match letters.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => &[Unit::Second],
        "m" => &[Unit::Minute, Unit::Calendar(CalendarUnit::Month)],
        "min" | "mins" | "minute" | "minutes" => &[Unit::Minute],
        "h" | "hr" | "hrs" | "hour" | "hours" => &[Unit::Hour],
        "d" | "day" | "days" => &[Unit::Day],
        "w" | "wk" | "wks" | "week" | "weeks" => &[Unit::Week],
        "mo" | "mon" | "mth" | "mths" | "month" | "months" => &[Unit::Calendar(CalendarUnit::Month)],
        "y" | "yr" | "yrs" | "year" | "years" => &[Unit::Calendar(CalendarUnit::Year)],
        _ => &[],
    };
    units.to_vec()
}

pub(super) fn short_length(span: Span, written: &str, ways: Vec<String>) -> Diagnostic {
    let message = match ways.first() {
        Some(first) => format!("`{written}` is written `{first}`"),
        None => format!("`{written}` is no length of time"),
    };
    let diagnostic = Diagnostic::new(Code::E0111, span, message)
        .note("a length of time is a number and a unit: seconds, minutes, hours, days, weeks");
    ways.into_iter().fold(diagnostic, |diagnostic, way| diagnostic.fix(format!("write `{way}`"), span, way))
}

pub(super) fn bare_month(span: Span, amount: u32, unit: &str) -> Diagnostic {
    let days = if unit.starts_with("year") { 365 } else { 30 };
    let days = format!("{} days", u64::from(amount) * days);
    let whole = format!("{amount} calendar {unit}");
    Diagnostic::new(Code::E0112, span, format!("`{amount} {unit}` has no fixed length"))
        .label("months and years are units of the calendar")
        .fix("by the calendar", span, whole)
        .fix("always the same length", span, days)
}

pub(super) fn number_word(span: Span, word: &str, number: &str) -> Diagnostic {
    Diagnostic::new(Code::E0113, span, format!("`{word}` is a number, and numbers are written in digits")).fix(
        "in digits",
        span,
        number,
    )
}

pub(super) fn length_in_words(span: Span, written: &str, meant: &str, word: &str) -> Diagnostic {
    Diagnostic::new(Code::E0113, span, format!("`{word}` is a number, and numbers are written in digits"))
        .label(format!("`{written}` is written `{meant}`"))
        .fix("in digits", span, meant)
}

pub(super) fn bare_unit(span: Span, written: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(Code::E0119, span, format!("`{written}` does not say how many")).fix(
        format!("write `{meant}`"),
        span,
        meant,
    )
}

pub(super) fn bare_count(span: Span, written: &str) -> Diagnostic {
    Diagnostic::new(Code::E0115, span, format!("`{written}` does not say whether more or fewer count too"))
        .fix("this many or more", span.before(), "at least ")
        .fix("this many or fewer", span.before(), "at most ")
        .fix("this many and no others", span.before(), "exactly ")
}

pub(super) fn not_missing(span: Span, written: &str) -> Diagnostic {
    let meant = if written.ends_with("missing") { "is present" } else { "is missing" };
    Diagnostic::new(Code::E0120, span, format!("`{written}` is written `{meant}`")).fix(
        format!("write `{meant}`"),
        span,
        meant,
    )
}

pub(super) fn bare_reference(span: Span, name: &str) -> Diagnostic {
    let name = quoted(name);
    Diagnostic::new(Code::E0121, span, format!("`{}` alone does not say what it names", brief(&name)))
        .fix("a campaign", span, format!("campaign {name}"))
        .fix("a template", span, format!("template {name}"))
        .fix("a step of this campaign", span, format!("step {name}"))
}

pub(super) fn bare_missing(span: Span, written: &str) -> Diagnostic {
    Diagnostic::new(Code::E0122, span, format!("`{written}` stands in parentheses here")).fix(
        "put it in parentheses",
        span,
        format!("({written})"),
    )
}

pub(super) fn full_stop(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0123, span, "there is no full stop at the end").fix("take it out", span, "")
}

/// A mistake that is put right by leaving something out.
pub(super) fn superfluous(code: Code, span: Span, message: impl Into<String>, cut: Edit) -> Diagnostic {
    Diagnostic::new(code, span, message).fix_all("take it out", vec![cut])
}

pub(super) fn without_at_least(span: Span, at: Span, word: &str) -> Diagnostic {
    Diagnostic::new(Code::E0215, span, format!("`{word}` needs `at least` here")).fix(
        "write `at least`",
        at,
        "at least ",
    )
}

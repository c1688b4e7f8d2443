//! Patterns that say no more than keywords do.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::norm::normalise;

/// W0707: `pattern`, whose flags stand inside, is a plain keyword. `span` is where `matching /…/` stands.
pub fn plain(pattern: &str, span: Span) -> Option<Diagnostic> {
    let (flags, rest) = match pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')')) {
        Some((flags, rest)) if flags.bytes().all(|flag| flag.is_ascii_lowercase()) => (flags, rest),
        _ => ("", pattern),
    };
    // With `m` the anchors are those of lines.
    if flags.contains('m') {
        return None;
    }
    let (start, rest) = strip(rest, str::strip_prefix, &["^", r"\A"]);
    let (end, rest) = strip(rest, str::strip_suffix, &["$", r"\z"]);
    let rest = rest.strip_prefix(r"\b").unwrap_or(rest);
    let rest = rest.strip_suffix(r"\b").unwrap_or(rest);
    let group = ["(?:", "("].iter().find_map(|open| rest.strip_prefix(open)).and_then(|rest| rest.strip_suffix(')'));
    // `^a|b$` is `^a` or `b$`.
    let words: Vec<&str> = match group {
        Some(inner) => inner.split('|').collect(),
        None if start || end => vec![rest],
        None => rest.split('|').collect(),
    };
    if !words.iter().all(|word| is_plain(word)) {
        return None;
    }
    let how = match (start, end) {
        (true, true) => "",
        (true, false) => "starting with ",
        (false, false) => "containing ",
        (false, true) => return None,
    };
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let keyword = match quoted.as_slice() {
        [word] => format!("{how}{word}"),
        words => format!("{how}any of [{}]", words.join(", ")),
    };
    let many = if words.len() == 1 { "this pattern is a plain keyword" } else { "this pattern is a list of keywords" };
    Some(
        Diagnostic::new(Code::W0707, span, many)
            .note("a keyword is compared as whole words, whatever the case, accents and punctuation")
            .fix("write it as a keyword", span, keyword),
    )
}

/// Takes off one of `marks`, and says whether it was there.
fn strip<'t>(
    text: &'t str,
    off: fn(&'t str, &'static str) -> Option<&'t str>,
    marks: &[&'static str],
) -> (bool, &'t str) {
    match marks.iter().find_map(|mark| off(text, mark)) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// Letters, digits and single spaces.
fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || c == ' ') && word.trim() == word && !normalise(word).is_empty()
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::diagnostic::Span;

    fn fix(pattern: &str) -> Option<String> {
        let complaint = plain(pattern, Span::default())?;
        Some(complaint.fixes[0].edits[0].replacement.clone())
    }

    #[test]
    fn plain_patterns_are_seen_and_others_are_not() {
        for (pattern, keyword) in [
            ("(?i)refund", "containing \"refund\""),
            (r"\brefund\b", "containing \"refund\""),
            ("^yes$", "\"yes\""),
            (r"(?i)\Ayes please\z", "\"yes please\""),
            ("^yes", "starting with \"yes\""),
            ("yes|no", "containing any of [\"yes\", \"no\"]"),
            ("^(yes|no)$", "any of [\"yes\", \"no\"]"),
            ("(?i)^(?:yes|no)$", "any of [\"yes\", \"no\"]"),
        ] {
            assert_eq!(fix(pattern).as_deref(), Some(keyword), "{pattern}");
        }
        for pattern in ["yes$", "a.c", "[0-9]{4}", "^yes|no$", "(?m)^yes$", "yes?", r"\d", "", "(a)(b)", " yes", "-"] {
            assert_eq!(fix(pattern), None, "{pattern}");
        }
    }
}

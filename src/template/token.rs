//! The tokens inside `{{ … }}` and `{% … %}`. What a text has no use for is refused here by name.

use super::error::TemplateError;

/// A number is written with at most so many characters; a longer one would not be exact.
pub const NUMBER_CHARS_MAX: usize = 15;

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// As written; texts with their quotes.
    pub text: &'a str,
    pub offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words joined by dots, or one word.
    Word,
    Number,
    Text,
    Symbol,
}

/// A whole `{{ … }}` or `{% … %}`.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub tokens: Vec<Token<'a>>,
    /// Where the text goes on.
    pub end: usize,
    /// Whether it ends in a hyphen, which takes the white space behind it away.
    pub trims: bool,
}

/// White space as tags and their hyphens know it.
pub(super) const BLANKS: [char; 4] = [' ', '\n', '\r', '\t'];

/// Reads the tokens from `start`, just behind the opening, up to and with `closing`.
pub(super) fn read<'a>(source: &'a str, start: usize, closing: &str) -> Result<Tag<'a>, TemplateError> {
    let mut tokens = Vec::new();
    let mut at = start;
    loop {
        let rest = source.get(at..).unwrap_or_default();
        let rest = rest.trim_start_matches(BLANKS);
        at = source.len() - rest.len();
        let trims = rest.starts_with('-');
        if rest.strip_prefix('-').unwrap_or(rest).starts_with(closing) {
            return Ok(Tag { tokens, end: at + usize::from(trims) + closing.len(), trims });
        }
        let token = next(source, at, rest, closing)?;
        at += token.text.len();
        tokens.push(token);
    }
}

fn next<'a>(source: &str, offset: usize, rest: &'a str, closing: &str) -> Result<Token<'a>, TemplateError> {
    let token = |kind, length| Token { kind, text: rest.get(..length).unwrap_or(rest), offset };
    let Some(first) = rest.chars().next() else {
        let opening = if closing == "}}" { "{{" } else { "{%" };
        return Err(TemplateError::at(source, offset, format!("`{opening}` is not closed"))
            .help(format!("end it with `{closing}`")));
    };
    match first {
        '\'' | '"' => match rest.get(1..).and_then(|inner| inner.find(first)) {
            Some(length) => Ok(token(Kind::Text, length + 2)),
            None => Err(TemplateError::at(source, offset, format!("this text is not closed; it begins with {first}"))),
        },
        'a'..='z' | 'A'..='Z' | '_' => word(source, offset, rest),
        '0'..='9' => number(source, offset, rest),
        '+' | '-' if rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) => {
            number(source, offset, rest)
        }
        _ => match ["==", "!=", "<>", "<=", ">=", "<", ">", "|", ":", ","].iter().find(|s| rest.starts_with(**s)) {
            Some(symbol) => Ok(token(Kind::Symbol, symbol.len())),
            None => Err(unexpected(source, offset, first)),
        },
    }
}

fn word<'a>(source: &str, offset: usize, rest: &'a str) -> Result<Token<'a>, TemplateError> {
    let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
    let (text, behind) = rest.split_at(length);
    if !text.split('.').all(super::path::is_word) {
        return Err(TemplateError::at(source, offset, format!("`{text}` is no name"))
            .help("a name is made of letters, digits and `_`, and dots reach into it"));
    }
    match behind.chars().next() {
        Some(c @ ('[' | '(')) => Err(unexpected(source, offset + length, c)),
        _ => Ok(Token { kind: Kind::Word, text, offset }),
    }
}

fn number<'a>(source: &str, offset: usize, rest: &'a str) -> Result<Token<'a>, TemplateError> {
    let unsigned = rest.trim_start_matches(['+', '-']);
    let behind = unsigned.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '_' || c.is_alphabetic());
    let text = rest.strip_suffix(behind).unwrap_or(rest);
    let (whole, fraction) = text
        .get(rest.len() - unsigned.len()..)
        .unwrap_or_default()
        .split_once('.')
        .unwrap_or((text.get(rest.len() - unsigned.len()..).unwrap_or_default(), "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.contains("..") {
        return Err(TemplateError::at(source, offset, "texts have no ranges").help("write the values out"));
    }
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(TemplateError::at(source, offset, format!("`{text}` is no number")).help("a number is 3 or 2.5"));
    }
    if text.len() > NUMBER_CHARS_MAX {
        return Err(TemplateError::at(
            source,
            offset,
            format!("a number is written with at most {NUMBER_CHARS_MAX} characters"),
        ));
    }
    Ok(Token { kind: Kind::Number, text, offset })
}

fn unexpected(source: &str, offset: usize, c: char) -> TemplateError {
    let error = TemplateError::at(source, offset, format!("`{c}` has no meaning here"));
    match c {
        '(' | ')' => error.help("texts have no ranges and no parentheses; nest `if` instead"),
        '[' | ']' => error.help("reach into values with dots: `event.items.first_name`"),
        '=' => error.help("to compare, write `==`"),
        '&' => error.help("write `and`"),
        '‘' | '’' | '“' | '”' => error.help("write texts in straight quotes"),
        _ => error,
    }
}

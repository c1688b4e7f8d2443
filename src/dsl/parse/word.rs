//! A text in words, for complaints: what a reader's eye makes out without knowing the language.

/// A run of letters, digits and such, a text in quotes, or a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
}

impl Word<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is of letters, as words of the language are.
    pub fn is_plain(&self) -> bool {
        self.text.chars().all(|c| c.is_alphabetic() || c == '_')
    }
}

/// The words of `text`, without white space and comments.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = length(rest);
        let word = rest.get(..length).unwrap_or(rest);
        if !word.starts_with(|c: char| c.is_whitespace() || c == '#') {
            words.push(Word { text: word, start: at });
        }
        at += word.len().max(1);
    }
    words
}

/// How many bytes belong together at the beginning of `rest`.
fn length(rest: &str) -> usize {
    let run = |inside: fn(char) -> bool| rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
    let Some(first) = rest.chars().next() else { return 0 };
    match first {
        '#' => run(|c| c != '\n'),
        '"' | '`' => quoted(rest, first),
        c if c.is_whitespace() => run(char::is_whitespace),
        c if in_word(c) => run(in_word),
        c => c.len_utf8(),
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '.')
}

/// Up to the closing quote or the end of the line.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return at,
            c if c == quote && !escaped => return at + c.len_utf8(),
            _ => escaped = c == '\\' && !escaped && quote == '"',
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_whole_and_comments_go() {
        let texts: Vec<&str> = words("a.b is \"x \\\" y\" # no\n(`c d`) >= 2").iter().map(|word| word.text).collect();
        assert_eq!(texts, ["a.b", "is", "\"x \\\" y\"", "(", "`c d`", ")", ">", "=", "2"]);
    }

    #[test]
    fn an_open_quote_ends_with_its_line() {
        let texts: Vec<&str> = words("\"a b\nc \"").iter().map(|word| word.text).collect();
        assert_eq!(texts, ["\"a b", "c", "\""]);
    }
}

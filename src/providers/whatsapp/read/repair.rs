//! Bodies that are almost JSON: bytes that are no UTF-8, and halves of surrogate pairs. Both become U+FFFD.

use std::borrow::Cow;

/// A body as text.
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    repaired: bool,
}

impl Text<'_> {
    /// Whether a repair touched this part of the text.
    pub(super) fn repaired(&self, part: &str) -> bool {
        self.repaired && (part.contains('\u{FFFD}') || part.contains("\\ufffd"))
    }
}

/// The body as text, repaired where it must be. Offsets of what is healthy do not matter, so lengths may change.
pub(super) fn text(body: &[u8]) -> Text<'_> {
    let text = std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    if !text.contains("\\u") {
        return Text { repaired: matches!(text, Cow::Owned(_)), text };
    }
    match without_lone_surrogates(&text) {
        Some(fixed) => Text { text: Cow::Owned(fixed), repaired: true },
        None => Text { repaired: matches!(text, Cow::Owned(_)), text },
    }
}

/// The text with `\ufffd` in place of each escaped half of a pair; none if there is none.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let lone = lone_surrogates(text.as_bytes());
    let mut from = 0;
    let mut fixed = String::with_capacity(text.len());
    for at in &lone {
        fixed.push_str(text.get(from..*at)?);
        fixed.push_str("\\ufffd");
        from = at + ESCAPE_LEN;
    }
    fixed.push_str(text.get(from..)?);
    (!lone.is_empty()).then_some(fixed)
}

/// `\u` and four hex digits.
const ESCAPE_LEN: usize = 6;

/// Where escapes stand that are one half of a surrogate pair without the other.
fn lone_surrogates(text: &[u8]) -> Vec<usize> {
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'\\')) {
        at += found;
        at += match code_unit(text, at) {
            Some(0xD800..=0xDBFF) if matches!(code_unit(text, at + ESCAPE_LEN), Some(0xDC00..=0xDFFF)) => {
                2 * ESCAPE_LEN
            }
            Some(0xD800..=0xDFFF) => {
                lone.push(at);
                ESCAPE_LEN
            }
            Some(_) => ESCAPE_LEN,
            // Another escape, `\\` among them: its second character belongs to it.
            None => 2,
        };
    }
    lone
}

/// The code unit of the `\uXXXX` at `at`, if there is one.
fn code_unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + ESCAPE_LEN)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, hex| Some(unit * 16 + char::from(*hex).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else() {
        for (written, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\ude00 \u00ed \\ud83d \\""#, r#""\ud83d\ude00 \u00ed \\ud83d \\""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud83"#, r#""\ud83"#),
            ("\\", "\\"),
            ("\\é\\ud83d", "\\é\\ufffd"),
        ] {
            assert_eq!(text(written.as_bytes()).text, expected, "{written}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let text = text(b"{\"a\":\"\xff\"}");
        assert_eq!(text.text, "{\"a\":\"\u{FFFD}\"}");
        assert!(text.repaired("\u{FFFD}"));
        assert!(!text.repaired("a"));
    }
}

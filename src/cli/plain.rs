//! Text from strangers on a terminal: what would move the cursor, change colours or turn the direction of
//! writing is shown as an escape, so that one thing that happened stays one line.

use std::fmt::Write as _;

/// `text` without anything that a terminal acts on.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns_direction(c) {
            // Writing to a text does not fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm, and line separators.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_gets_through() {
        assert_eq!(plain("Sí 👍 ok"), "Sí 👍 ok");
        assert_eq!(plain("a\r\nb\u{1b}[31mred\u{9b}"), "a\\u{d}\\u{a}b\\u{1b}[31mred\\u{9b}");
        assert_eq!(plain("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
    }
}

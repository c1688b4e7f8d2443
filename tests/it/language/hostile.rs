//! Texts that nobody sensible writes: they are answered, at once and without a panic.

use antiphon::diagnostic::{Code, Diagnostic, Origin, Sources};
use antiphon::model::limit::CONDITION_BYTES_MAX;
use proptest::prelude::*;

use super::examples::RIGHT;
use super::{Block, codes, complaints, condition};

const BLOCKS: [Block; 9] = [
    Block::Condition,
    Block::Event,
    Block::Each,
    Block::Span,
    Block::Grace,
    Block::Offset,
    Block::Wait,
    Block::Frequency,
    Block::Limit,
];

/// Reads `text` as everything, and holds what is said about it against what may be said.
fn survive(text: &str) {
    for block in BLOCKS {
        let (found, sources) = complaints(block, text);
        for diagnostic in &found {
            sound(diagnostic, text, &sources);
        }
    }
}

fn sound(diagnostic: &Diagnostic, text: &str, sources: &Sources) {
    // The parser's calls are counted: within the length that is allowed they never run out.
    assert!(!diagnostic.message.contains("too long to be read"), "{text}");
    let spoken = [&diagnostic.message].into_iter().chain(diagnostic.labels.iter().map(|label| &label.text));
    for words in spoken.chain(&diagnostic.notes) {
        let own = words.replace(text, "");
        assert!(!own.contains("bad_") || text.contains("bad_"), "an internal name in: {words}");
        assert!(!own.contains("k_") || text.contains("k_"), "an internal name in: {words}");
        assert!(!words.ends_with('.') || words.ends_with("`.") || text.contains('.'), "a full stop: {words}");
    }
    for label in &diagnostic.labels {
        assert!(text.get(label.span.start..label.span.end).is_some(), "{:?} is no place in {text}", label.span);
    }
    for fix in &diagnostic.fixes {
        for edit in &fix.edits {
            assert!(text.get(edit.span.start..edit.span.end).is_some(), "{:?} is no place in {text}", edit.span);
        }
        assert!(
            !fix.message.is_empty() && fix.apply(sources.text(diagnostic.span().file)) != text,
            "{fix:?} does nothing"
        );
    }
}

/// Pieces that mean something in the language, and some that do not.
const PIECES: &[&str] = &[
    "and",
    "or",
    "not",
    "(",
    ")",
    "[",
    "]",
    ",",
    "\"",
    "\"x\"",
    "'x'",
    "`",
    "#",
    "\n",
    "/",
    "/a/i",
    "replied",
    "YES",
    "yes",
    "within",
    "2",
    "days",
    "2d",
    "of",
    "the",
    "message",
    "it",
    "answers",
    "in",
    "last",
    "then",
    "where",
    "is",
    "=",
    "!=",
    "&&",
    "!",
    ".",
    "to",
    "campaign",
    "was",
    "sent",
    "has",
    "never",
    "ever",
    "at",
    "least",
    "3",
    "times",
    "with",
    "same",
    "distinct",
    "x",
    "person.y",
    "known",
    "for",
    "everyone",
    "segment",
    "missing",
    "present",
    "10%",
    "2026-03-28",
    "09:00",
    "calendar",
    "month",
    "“",
    "”",
    "é",
    "\u{202e}",
    "\\",
    "\r",
    "\t",
    "AND",
    "NOT",
    "WITHIN",
];

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn any_printable_text_is_answered(text in "[ -~\n]{0,200}") {
        survive(&text);
    }

    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40), spaced: bool) {
        survive(&pieces.join(if spaced { " " } else { "" }));
    }

    #[test]
    fn a_condition_with_a_change_is_answered(
        which in 0..RIGHT.len(),
        from in any::<prop::sample::Index>(),
        length in 0..12_usize,
        put in prop::sample::select(PIECES),
    ) {
        let chars: Vec<char> = RIGHT[which].chars().collect();
        let from = from.index(chars.len());
        let mut text: String = chars[..from].iter().collect();
        text.push_str(put);
        text.extend(chars.iter().skip(from + length));
        survive(&text);
    }
}

#[test]
fn two_hundred_kilobytes_of_parentheses_are_refused() {
    let text = "(".repeat(200_000);
    for block in BLOCKS {
        assert_eq!(codes(&complaints(block, &text).0), [Code::E0114]);
    }
}

/// As many of `part` as fit, `first` in front and `last` behind.
fn longest(first: &str, part: &str, last: &str) -> String {
    let count = (CONDITION_BYTES_MAX - first.len() - last.len()) / part.len();
    format!("{first}{}{last}", part.repeat(count))
}

#[test]
fn the_longest_condition_is_read() {
    let text = longest("a is one of [\"x\"", ",\"some words in a list\"", "]");
    condition(&text);
    let depth = antiphon::dsl::parse::PARENTHESES_DEPTH_MAX;
    condition(&format!("{}everyone{}", "(".repeat(depth), ")".repeat(depth)));
}

#[test]
fn the_longest_texts_use_up_no_more_than_their_share() {
    let deep = "(".repeat(16);
    for (first, part, last) in [
        ("everyone", " and replied YES within 2 days", ""),
        ("everyone", " and replied YES within 2 days", " and"),
        ("", "not ", "everyone"),
        ("", "!", ""),
        ("replied", " then replied", " ever"),
        ("replied", " then replied", ""),
        ("replied", " within 1 day", ""),
        ("replied ever", " in the last 1 day", ""),
        ("replied", " within 1 day of any message", " ever"),
        ("replied", " at least 1 times", ""),
        ("replied ever", " to any message", ""),
        ("replied ", "yes ", ""),
        ("replied ", "y.", " ever"),
        ("a is ", "x ", ""),
        ("in segment ", "x ", ""),
        ("a is one of [", "1,", ""),
        ("performed \"x\" where (", "not a is 1 and ", ""),
        ("performed \"x\" where not (a is 1 or ", "performed \"y\" or ", ""),
        ("", "a is \"\\\\\"\n", ""),
        ("everyone ", "# x\n", ""),
        ("everyone", " for at least 1 day", ""),
        (&deep, "a is 1 and ", ""),
        (&deep, "replied where (", ""),
        ("", "within ", ""),
        ("", "1", ""),
        ("", "1 day ", ""),
        ("", "\"", ""),
        ("", "/", ""),
        ("", "“", ""),
    ] {
        survive(&longest(first, part, last));
    }
}

#[test]
fn nested_tests_of_events_take_no_more_than_flat_ones() {
    for depth in 1..=16 {
        let open = "(".repeat(depth);
        let close = ")".repeat(depth);
        survive(&format!("performed \"x\" where {open}a is 1{close} ever"));
        survive(&format!("performed \"x\" where {open}a is 1{close}"));
        survive(&format!("performed \"x\" where {open}a ist 1{close} ever"));
        survive(&format!("{open}replied where {open}"));
        survive(&format!("{}a is 1{close}", "(not ".repeat(depth)));
        survive(&format!("{}a ist 1{close}", "(not ".repeat(depth)));
        survive(&format!("{}a is 1{close} for 2 days", "(everyone and ".repeat(depth)));
    }
}

#[test]
fn a_text_of_one_byte_more_than_allowed_is_refused() {
    let text = |n: usize| format!("everyone{}", " ".repeat(n - "everyone".len()));
    let said = |n: usize| {
        let mut out = Vec::new();
        antiphon::dsl::parse::parse_condition(&text(n), &Origin::default(), &mut out);
        codes(&out)
    };
    assert_eq!(said(CONDITION_BYTES_MAX), []);
    assert_eq!(said(CONDITION_BYTES_MAX + 1), [Code::E0114]);
}

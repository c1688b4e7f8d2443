//! norm/1: how an inbound text and a keyword are made comparable. Nothing here knows rules or messages.
//!
//! The result depends on the tables of Unicode 18.0, which ICU4X compiles in; word and cluster
//! boundaries come from `unicode-segmentation`, whose tables are those of Unicode 17.0, so that only
//! characters new in 18.0 can be cut otherwise than that version says. A test holds both versions
//! fast: with other tables the stored state of keyword conditions would no longer fit, and norm/1
//! would have to become norm/2.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, RegionalIndicator, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_segmentation::UnicodeSegmentation;

/// A text after norm/1: its tokens, joined by single spaces. No token holds a space, so two texts
/// have the same tokens exactly if they are equal here.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Normal(String);

impl Normal {
    /// The tokens, joined by single spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no token is left: punctuation alone, or nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the first tokens are those of `keyword`. Nothing starts with an empty keyword.
    #[must_use]
    pub fn starts_with(&self, keyword: &Self) -> bool {
        !keyword.is_empty() && self.0.strip_prefix(keyword.as_str()).is_some_and(ends_token)
    }

    /// Whether the tokens of `keyword` stand here side by side. Nothing contains an empty keyword.
    #[must_use]
    pub fn contains(&self, keyword: &Self) -> bool {
        !keyword.is_empty()
            && self.0.match_indices(keyword.as_str()).any(|(at, found)| {
                let (before, rest) = self.0.split_at(at);
                (before.is_empty() || before.ends_with(' ')) && rest.strip_prefix(found).is_some_and(ends_token)
            })
    }
}

fn ends_token(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

/// norm/1 of `text`. It runs on every inbound message, so plain ASCII takes a path of its own.
#[must_use]
pub fn normalise(text: &str) -> Normal {
    Normal(if text.is_ascii() { of_ascii(text.as_bytes()) } else { of_any(text) })
}

/// The text as `exactly "…"` compares it: NFC and nothing else.
#[must_use]
pub fn exact(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// What the general path does, for ASCII: a run of letters and digits is a token, and a mark inside
/// it stays where the word rules of UAX #29 let it join its neighbours.
fn of_ascii(text: &[u8]) -> String {
    let mut tokens = String::with_capacity(text.len());
    let mut open = false;
    for (at, &byte) in text.iter().enumerate() {
        let inside = byte.is_ascii_alphanumeric() || (open && joins(text, at));
        if inside {
            if !open && !tokens.is_empty() {
                tokens.push(' ');
            }
            tokens.push(apostrophe(char::from(byte)).to_ascii_lowercase());
        }
        open = inside;
    }
    tokens
}

/// Whether the ASCII mark at `at` joins its neighbours into one word (WB6, WB7, WB11, WB12).
fn joins(text: &[u8], at: usize) -> bool {
    let (Some(before), Some(mark), Some(after)) =
        (at.checked_sub(1).and_then(|i| text.get(i)), text.get(at), text.get(at + 1))
    else {
        return false;
    };
    let letters = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    match mark {
        b'.' | b'\'' | b'`' => letters || digits,
        b':' => letters,
        b',' | b';' => digits,
        _ => false,
    }
}

fn of_any(text: &str) -> String {
    let folded = CaseMapper::new().fold_string(&plain(text)).into_owned();
    tokens(&without_accents(&folded))
}

/// The apostrophes that keyboards make, as one.
fn apostrophe(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{02BC}' | '`' | '\u{00B4}' => '\'',
        c => c,
    }
}

/// NFKC, without what only changes the look of a text; `_` becomes a space.
///
/// Apostrophes are replaced before NFKC, which would take U+00B4 apart, and once more after it, since
/// it makes some (`ŉ`, fullwidth `｀`): else norm/1 of its own result could differ.
fn plain(text: &str) -> String {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let pictographic = CodePointSetData::new::<ExtendedPictographic>();
    let mut plain = String::with_capacity(text.len());
    let mut previous = None;
    for c in ComposingNormalizerBorrowed::new_nfkc().normalize_iter(text.chars().map(apostrophe)) {
        let kept = match c {
            // Joins the parts of one emoji; elsewhere it only changes the look.
            '\u{200D}' => previous.is_some_and(|p| pictographic.contains(p)),
            // The keycap, and the skin tones.
            '\u{20E3}' | '\u{1F3FB}'..='\u{1F3FF}' => false,
            c => !ignorable.contains(c),
        };
        if kept {
            let c = if c == '_' { ' ' } else { apostrophe(c) };
            plain.push(c);
            previous = Some(c);
        }
    }
    plain
}

/// Removes the marks on Latin and Greek letters. In other scripts marks tell words apart and stay.
fn without_accents(folded: &str) -> String {
    let category = CodePointMapData::<GeneralCategory>::new();
    let script = CodePointMapData::<Script>::new();
    let mut on_latin_or_greek = false;
    let bare = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(folded.chars()).filter(|&c| {
        if GeneralCategoryGroup::Mark.contains(category.get(c)) {
            return !on_latin_or_greek;
        }
        on_latin_or_greek = matches!(script.get(c), Script::Latin | Script::Greek);
        true
    });
    ComposingNormalizerBorrowed::new_nfc().normalize_iter(bare).collect()
}

/// Words with a letter or number, and each emoji by itself; of equal emoji side by side one.
fn tokens(text: &str) -> String {
    let mut tokens = String::with_capacity(text.len());
    let mut push = |token: &str| {
        if !tokens.is_empty() {
            tokens.push(' ');
        }
        tokens.push_str(token);
    };
    let mut last_emoji = None;
    for segment in text.split_word_bounds() {
        if segment.chars().any(is_letter_or_number) {
            push(segment);
            last_emoji = None;
            continue;
        }
        for cluster in segment.graphemes(true).filter(|cluster| cluster.chars().any(is_emoji)) {
            if last_emoji != Some(cluster) {
                push(cluster);
                last_emoji = Some(cluster);
            }
        }
    }
    tokens
}

fn is_letter_or_number(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    GeneralCategoryGroup::Letter.contains(category) || GeneralCategoryGroup::Number.contains(category)
}

fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
        || CodePointSetData::new::<RegionalIndicator>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is(text: &str, tokens: &str) {
        assert_eq!(normalise(text).as_str(), tokens, "norm/1 of {text:?}");
    }

    #[test]
    fn case_width_marks_and_look_do_not_count() {
        for text in [
            "YES",
            "Yes!",
            "  yes. ",
            "Ｙｅｓ",
            "*yes*",
            "_yes_",
            "yes🏽",
            "\u{200E}yes\u{200F}",
            "y\u{AD}es",
            "\n«Yes»\r\n",
        ] {
            is(text, "yes");
        }
        is("Sí", "si");
        is("si", "si");
        is("SI!!", "si");
        is("STRASSE", "strasse");
        is("Straße", "strasse");
        is("ΝΑΊ", "ναι");
        is("İstanbul", "istanbul");
    }

    #[test]
    fn words_are_cut_as_people_read_them() {
        is("Yes, please", "yes please");
        is("yes-please", "yes please");
        is("oh yes", "oh yes");
        is("yesterday", "yesterday");
        is("y e s", "y e s");
        is("YES™", "yestm");
        for text in ["don't", "don’t", "don´t", "DON`T", "donʼt", "don｀t"] {
            is(text, "don't");
        }
        is("'yes'", "yes");
        is("a.m. 1,000.5 3;4 a:b 1:2 u_v", "a.m 1,000.5 3;4 a:b 1 2 u v");
        is("はい", "は い");
    }

    #[test]
    fn emoji_are_tokens_of_their_own() {
        is("YES 👍", "yes 👍");
        is("yes👍", "yes 👍");
        is("👍 yes", "👍 yes");
        for text in ["👍", "👍🏽", "👍👍👍", "👍 👍", "👍!👍🏿"] {
            is(text, "👍");
        }
        is("👍👎👍", "👍 👎 👍");
        is("👍 yes 👍", "👍 yes 👍");
        is("yes yes", "yes yes");
        is("❤️", "❤");
        is("❤️‍🔥", "❤\u{200D}🔥");
        is("👩🏽‍🚀", "👩\u{200D}🚀");
        is("🇩🇪🇫🇷", "🇩🇪 🇫🇷");
    }

    #[test]
    fn numbers_in_any_dress_are_numbers() {
        for text in ["1", "1️⃣", "１.", "①", "#1", "¹"] {
            is(text, "1");
        }
        is("٣", "٣");
    }

    #[test]
    fn marks_outside_latin_and_greek_stay() {
        is("й", "й");
        is("Й", "й");
        is("हिन्दी", "हिन्दी");
        is("نَعَم", "نَعَم");
        assert_ne!(normalise("и"), normalise("й"));
    }

    #[test]
    fn punctuation_alone_is_no_token() {
        for text in ["!!!", "", " ", "…", "_", "`", "\u{200B}", "#️⃣"] {
            assert!(normalise(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn keywords_match_whole_tokens_only() {
        let yes = normalise("YES");
        let no = Normal::default();
        for (text, starts, contains) in [
            ("yes", true, true),
            ("Yes, please", true, true),
            ("yes👍", true, true),
            ("oh yes", false, true),
            ("👍 yes", false, true),
            ("yesterday", false, false),
            ("yes-terday yeses", true, true),
            ("yesterday, yes", false, true),
            ("my yesyes", false, false),
            ("y e s", false, false),
            ("YES™", false, false),
            ("", false, false),
        ] {
            let text = normalise(text);
            assert_eq!(text.starts_with(&yes), starts, "{text:?}");
            assert_eq!(text.contains(&yes), contains, "{text:?}");
            assert!(!text.starts_with(&no) && !text.contains(&no));
        }
        assert!(normalise("please call me back").contains(&normalise("Call me")));
        assert!(!normalise("call, then me").contains(&normalise("call me")));
    }

    #[test]
    fn exact_texts_differ_by_case_and_marks_but_not_by_composition() {
        assert_eq!(exact("Se\u{301}"), "Sé");
        assert_ne!(exact("Yes!"), exact("yes"));
    }

    #[test]
    fn the_tables_are_those_that_the_doc_names() {
        assert_eq!(unicode_segmentation::UNICODE_VERSION, (17, 0, 0));
        // ICU4X does not tell its version; the number of assigned code points does.
        let category = CodePointMapData::<GeneralCategory>::new();
        let unassigned: usize =
            category.iter_ranges_for_value(GeneralCategory::Unassigned).map(|range| range.count()).sum();
        assert_eq!(0x0011_0000 - unassigned, 312_389);
    }

    #[test]
    fn every_character_of_an_alphabet_is_stable() {
        let (category, script) = (CodePointMapData::<GeneralCategory>::new(), CodePointMapData::<Script>::new());
        let is_one_of_many = |c| {
            category.get(c) == GeneralCategory::PrivateUse || [Script::Han, Script::Hangul].contains(&script.get(c))
        };
        for c in ('\0'..=char::MAX).filter(|&c| category.get(c) != GeneralCategory::Unassigned && !is_one_of_many(c)) {
            for text in [c.to_string(), format!("a{c}b"), format!("👍{c}👍")] {
                let once = normalise(&text);
                assert_eq!(normalise(once.as_str()), once, "U+{:04X} in {text:?}", u32::from(c));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn ascii_takes_the_same_way_faster(text in "[ -~\t\r\n]{0,40}|[aZ1.,:;'`_ -]{0,20}") {
            prop_assert_eq!(of_ascii(text.as_bytes()), of_any(&text));
        }

        #[test]
        fn the_result_is_its_own_norm(text in "\\PC{0,30}|(?s).{0,30}|[aÀéſßΐ\u{301}\u{345}\u{200D}\u{34F}ŉ'’👍🏽🇩🇪⃣ ़क\u{94D}й１_.:]{0,16}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(once.as_str()), once.clone());
            prop_assert!(!once.as_str().contains("  ") && once.as_str().trim() == once.as_str());
        }
    }
}

//! The words of the language, and what could have stood at a place in words that people know: never a rule's name.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use pest::error::{Error, ErrorVariant};

use super::Rule;

/// More ways to go on than these are not listed.
const EXPECTED_SHOWN_MAX: usize = 5;

/// Every word of the language: each is a rule of its own, named after it, or a unit.
pub(super) fn language_words() -> &'static BTreeSet<String> {
    static WORDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        const UNITS: [&str; 16] = [
            "second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month",
            "months", "year", "years", "time", "times",
        ];
        // Kept free so that they can get a meaning later.
        const RESERVED: [&str; 5] = ["between", "unless", "when", "if", "else"];
        Rule::all_rules()
            .iter()
            .filter_map(|rule| format!("{rule:?}").strip_prefix("k_").map(str::to_owned))
            .chain(UNITS.map(str::to_owned))
            .chain(RESERVED.map(str::to_owned))
            .collect()
    })
}

/// Whether `word` is one that the language knows.
pub(super) fn is_language_word(word: &str) -> bool {
    language_words().contains(word)
}

/// What could have stood there, as a list to read; none if there is nothing helpful to say.
pub(super) fn expected(error: &Error<Rule>) -> Option<String> {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else { return None };
    let mut ways: Vec<String> = Vec::new();
    for way in positives.iter().filter_map(|rule| in_words(*rule)) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    if ways.iter().any(|way| way.starts_with("a length")) {
        // The rest of `in the last`, which some write behind other words.
        ways.retain(|way| !matches!(way.as_str(), "`the`" | "`last`" | "`past`"));
    }
    if ways.iter().any(|way| way.starts_with("a message")) {
        for way in ways.iter_mut().filter(|way| *way == "`the`") {
            *way = "`the message it answers`".to_owned();
        }
    }
    if ways.len() > EXPECTED_SHOWN_MAX {
        ways.retain(|way| !way.starts_with('`'));
    }
    // The end is the last thing to think of.
    ways.sort_by_key(|way| way == THE_END);
    match ways.split_last()? {
        _ if ways.len() > EXPECTED_SHOWN_MAX => None,
        (last, []) => Some(last.clone()),
        (last, others) => Some(format!("{} or {last}", others.join(", "))),
    }
}

const THE_END: &str = "the end";

/// A rule in words that people know; none for what nobody has a name for.
fn in_words(rule: Rule) -> Option<String> {
    let words = match rule {
        Rule::condition | Rule::term | Rule::holding | Rule::negated => "a condition",
        Rule::event | Rule::temporal | Rule::chain | Rule::step => "an event, such as `replied`",
        Rule::operator => "a comparison, such as `is`, `contains` or `>`",
        Rule::comparison | Rule::test | Rule::test_group => "a comparison, such as `plan is \"pro\"`",
        Rule::message_ref => "a message, such as `campaign \"…\"` or `any message`",
        Rule::target => "`to`",
        Rule::via => "`via`",
        Rule::where_ => "`where`",
        Rule::window | Rule::within => "`within …`, `in the last …` or `ever`",
        Rule::bound | Rule::quantity => "`at least`, `at most` or `exactly`",
        Rule::integer | Rule::number => "a number",
        Rule::literal => "a value",
        Rule::string => "a text in double quotes",
        Rule::text_match => "a text or keyword",
        Rule::regex => "a pattern, such as `/…/`",
        Rule::list => "a list, such as `[\"a\", \"b\"]`",
        Rule::list_name => "the name of a list",
        Rule::path => "the name of an attribute",
        Rule::span | Rule::duration => "a length of time, such as `2 days`",
        Rule::dur_unit | Rule::cal_unit => "a unit, such as `days`",
        Rule::moment | Rule::date => "a date, such as `2026-03-28`",
        Rule::time => "a time, such as `09:00`",
        Rule::weekday | Rule::days => "days, such as `[mon, tue]`",
        Rule::percent => "a share, such as `10%`",
        Rule::times => "`times`",
        Rule::EOI => THE_END,
        rule => {
            let name = format!("{rule:?}");
            return name.strip_prefix("k_").map(|word| format!("`{word}`"));
        }
    };
    Some(words.to_owned())
}

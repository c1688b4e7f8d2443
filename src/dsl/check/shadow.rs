//! Keywords of an outcome that an earlier outcome takes first.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::norm::{Normal, normalise};
use crate::model::rule::{Condition, Counted, Happened, Match, Phrase, TextTest};

/// Words that a complaint repeats.
const WORDS_SHOWN_MAX: usize = 3;

/// W0703 for each of `outcomes`, in the order in which they are asked, that has keywords which an earlier one has too:
/// of a message that fits both, the earlier is the outcome. Behind each the place of its condition.
pub fn keywords(outcomes: &[(&Condition, Span)]) -> Vec<Diagnostic> {
    let events: Vec<Vec<Heard<'_>>> = outcomes.iter().map(|(condition, _)| heard(condition)).collect();
    let mut out = Vec::new();
    for (n, (_, span)) in outcomes.iter().enumerate() {
        let later = events.get(n).map(Vec::as_slice).unwrap_or_default();
        for (before, (condition, at)) in events.iter().zip(outcomes).take(n) {
            // What asks for more than the message is not sure to take it.
            let sure = matches!(condition, Condition::Happened(_) | Condition::Any(_));
            let taken: BTreeSet<&str> =
                before.iter().filter(|_| sure).flat_map(|before| later.iter().flat_map(|l| before.takes(l))).collect();
            if taken.is_empty() {
                continue;
            }
            let mut words: Vec<String> = taken.iter().take(WORDS_SHOWN_MAX).map(|word| format!("`{word}`")).collect();
            if taken.len() > WORDS_SHOWN_MAX {
                words.push("…".to_owned());
            }
            let message = format!("an earlier outcome is the answer to {} already", words.join(", "));
            out.push(
                Diagnostic::new(Code::W0703, *span, message)
                    .also(*at, "this one comes first")
                    .note("of several outcomes at one instant the first in the list is taken"),
            );
            break;
        }
    }
    out
}

/// A message that a condition listens for.
struct Heard<'c> {
    event: &'c Match,
    /// The keywords after norm/1, each with its spelling. None: any text, or no keywords.
    words: Vec<(&'c str, Normal)>,
    exact: BTreeSet<Normal>,
}

fn heard(condition: &Condition) -> Vec<Heard<'_>> {
    match condition {
        Condition::Happened(happened) => one(happened).into_iter().collect(),
        Condition::All(parts) | Condition::Any(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Condition::Happened(happened) => one(happened),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn one(happened: &Happened) -> Option<Heard<'_>> {
    let Phrase::One(event) = &happened.what else { return None };
    if happened.counted != Counted::ONCE {
        return None;
    }
    let words = match &event.text {
        Some(TextTest::AnyOf(words) | TextTest::Containing(words) | TextTest::StartingWith(words)) => {
            words.iter().map(|word| (word.as_str(), normalise(word))).collect()
        }
        _ => Vec::new(),
    };
    let exact = match &event.text {
        Some(TextTest::AnyOf(_)) => words.iter().map(|(_, normal)| normal.clone()).collect(),
        _ => BTreeSet::new(),
    };
    Some(Heard { event, words, exact })
}

impl Heard<'_> {
    /// The keywords of `later` whose messages are heard here, all of them.
    fn takes<'l>(&self, later: &'l Heard<'_>) -> Vec<&'l str> {
        let (here, there) = (self.event, later.event);
        let wider = here.verb == there.verb
            && (here.target.is_none() || here.target == there.target)
            && (here.via.is_none() || here.via == there.via)
            && (here.filter.is_none() || here.filter == there.filter)
            && (here.in_time.is_none() || here.in_time == there.in_time);
        if !wider {
            return Vec::new();
        }
        later.words.iter().filter(|(_, word)| self.takes_all(word, &there.text)).map(|(word, _)| *word).collect()
    }

    /// Whether every message with the keyword `word`, tested as `there`, passes here.
    fn takes_all(&self, word: &Normal, there: &Option<TextTest>) -> bool {
        let whole = matches!(there, Some(TextTest::AnyOf(_)));
        match &self.event.text {
            None => true,
            Some(TextTest::AnyOf(_)) => whole && self.exact.contains(word),
            Some(TextTest::Containing(_)) => self.words.iter().any(|(_, own)| word.contains(own)),
            Some(TextTest::StartingWith(_)) => {
                !matches!(there, Some(TextTest::Containing(_)))
                    && self.words.iter().any(|(_, own)| word.starts_with(own))
            }
            Some(TextTest::Exactly(_) | TextTest::Matching(_) | TextTest::ButtonId(_)) => false,
        }
    }
}

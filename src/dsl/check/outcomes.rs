//! Keywords of an outcome that an earlier outcome of the same wait already takes.

use crate::model::norm::{Normal, normalise};
use crate::model::rule::{Condition, Counted, Happened, Match, Phrase, TextTest, Times};

/// What an earlier outcome leaves of a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shadowed {
    /// Nothing.
    All,
    /// All but these keywords.
    Some(Vec<String>),
}

impl Shadowed {
    /// What to say about the outcome `name`.
    pub fn says(&self, name: &str) -> String {
        match self {
            Self::All => format!("the outcome `{name}` never wins: an earlier one takes all its messages"),
            Self::Some(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("{} never leads to the outcome `{name}`: an earlier one takes it", words.join(", "))
            }
        }
    }
}

/// The earlier outcomes that take messages which `condition` is about as well, with what they take.
pub fn shadowed<T: Copy>(earlier: &[(T, &Condition)], condition: &Condition) -> Vec<(T, Shadowed)> {
    let Some((happened, later)) = message(condition) else { return Vec::new() };
    let found = earlier.iter().filter_map(|(which, condition)| {
        let (first, event) = message(condition)?;
        let comparable = first.window == happened.window && takes_more(event, later);
        Some((*which, takes(event.text.as_ref(), later.text.as_ref())?)).filter(|_| comparable)
    });
    found.collect()
}

/// A condition that one message of theirs fulfils.
fn message(condition: &Condition) -> Option<(&Happened, &Match)> {
    let Condition::Happened(happened) = condition else { return None };
    let Phrase::One(event) = &happened.what else { return None };
    (happened.counted == Counted::Times(Times::AtLeast(1))).then_some((happened, event))
}

/// Whether all but the text of `first` is no narrower than `later`.
fn takes_more(first: &Match, later: &Match) -> bool {
    fn same_or_any<T: PartialEq>(first: &Option<T>, later: &Option<T>) -> bool {
        first.is_none() || first == later
    }
    first.verb == later.verb
        && same_or_any(&first.target, &later.target)
        && same_or_any(&first.via, &later.via)
        && same_or_any(&first.filter, &later.filter)
        && same_or_any(&first.in_time, &later.in_time)
}

/// What a test of texts takes of another one that is about whole messages.
fn takes(first: Option<&TextTest>, later: Option<&TextTest>) -> Option<Shadowed> {
    let Some(first) = first else { return Some(Shadowed::All) };
    let TextTest::AnyOf(words) = later? else { return None };
    let matches = |words: &[String], fits: fn(&Normal, &Normal) -> bool, message: &Normal| {
        words.iter().any(|keyword| fits(message, &normalise(keyword)))
    };
    let is_taken = |word: &&String| {
        let message = normalise(word);
        match first {
            TextTest::AnyOf(words) => matches(words, |message, keyword| message == keyword, &message),
            TextTest::Containing(words) => matches(words, Normal::contains, &message),
            TextTest::StartingWith(words) => matches(words, Normal::starts_with, &message),
            TextTest::Exactly(_) | TextTest::Matching(_) | TextTest::ButtonId(_) => false,
        }
    };
    let taken: Vec<String> = words.iter().filter(is_taken).cloned().collect();
    match taken.len() {
        0 => None,
        n if n == words.len() => Some(Shadowed::All),
        _ => Some(Shadowed::Some(taken)),
    }
}

//! Atoms: the smallest things that conditions remember about a person. An atom is named by a hash of
//! its normal form, so that all rules that hold it share one memory, also across rule sets.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::norm::normalise;
use crate::model::rule::{Match, Phrase, Sequence, TextTest, Then, Times, Window};
use crate::model::time::Span;

/// Changes whenever the meaning of a stored memory changes: the normal form, norm/1, attribution.
const MEANING: &str = "atom/1 norm/1 attribution/1";

/// An atom's name in states: the first 8 bytes of SHA-256 over its normal form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AtomKey([u8; 8]);

/// What of the matching events is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Form {
    /// The seconds of the newest ones.
    Times,
    /// How many there were, as far as it matters.
    Count,
    /// The newest first event, and the newest that came in time after one.
    Follows,
}

/// One atom of a rule set.
#[derive(Debug)]
pub struct Atom {
    pub key: AtomKey,
    pub form: Form,
    /// How many times are kept, or where the count stops: the most that any condition asks for.
    pub keep: u32,
    /// For a sequence: how long after the first event the second still counts.
    pub within: Span,
    /// The numbers of the event tests: of the one, or of first and then.
    pub first: u32,
    pub then: Option<u32>,
    /// The watched conditions that hold it, in dependency order.
    pub conditions: Vec<u32>,
    /// Those among them that look at it through a window.
    pub timed: Vec<u32>,
    /// For a sequence: the campaigns that its completion starts.
    pub triggers: Vec<u32>,
}

impl Atom {
    /// Whether a late event changes more than where it stands by itself.
    #[must_use]
    pub fn is_order_sensitive(&self) -> bool {
        self.form == Form::Follows
    }
}

/// Which memory answers `times` within `window` of `what`.
#[must_use]
pub fn form(what: &Phrase, times: Times, window: Window) -> Form {
    match (what, window) {
        (Phrase::Sequence(_), _) => Form::Follows,
        (Phrase::One(_), Window::Ever) if times.enough() > 1 => Form::Count,
        // Once is once: the newest second tells it too.
        (Phrase::One(_), _) => Form::Times,
    }
}

/// The name of the atom that remembers `form` of `what`. How many are kept is no part of it.
#[must_use]
pub fn key(what: &Phrase, form: Form) -> AtomKey {
    let bytes = postcard::to_stdvec(&(MEANING, form, normal(what))).expect("rules are plain data of known length");
    let digest = Sha256::digest(&bytes);
    let mut key = [0; 8];
    for (to, from) in key.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    AtomKey(key)
}

/// One form for phrases that mean the same: keywords after norm/1, sorted, each once.
#[must_use]
pub fn normal(what: &Phrase) -> Phrase {
    match what {
        Phrase::One(one) => Phrase::One(Box::new(normal_match(one))),
        Phrase::Sequence(sequence) => Phrase::Sequence(Box::new(Sequence {
            first: normal_match(&sequence.first),
            steps: sequence
                .steps
                .iter()
                .map(|step| Then { event: normal_match(&step.event), ..step.clone() })
                .collect(),
            grace: sequence.grace,
        })),
    }
}

fn normal_match(rule: &Match) -> Match {
    let keywords = |words: &[String]| {
        let mut normal: Vec<String> = words.iter().map(|word| normalise(word).as_str().to_owned()).collect();
        normal.sort_unstable();
        normal.dedup();
        normal
    };
    let text = rule.text.as_ref().map(|text| match text {
        TextTest::AnyOf(words) => TextTest::AnyOf(keywords(words)),
        TextTest::Containing(words) => TextTest::Containing(keywords(words)),
        TextTest::StartingWith(words) => TextTest::StartingWith(keywords(words)),
        other => other.clone(),
    });
    Match { text, ..rule.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rule::Verb;
    use crate::model::time::Length;

    fn replied(words: &[&str]) -> Phrase {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Phrase::One(Box::new(Match { text: Some(TextTest::AnyOf(words)), ..Match::any(Verb::Replied) }))
    }

    #[test]
    fn keywords_that_mean_the_same_make_the_same_atom() {
        let key = |words: &[&str]| key(&replied(words), Form::Times);
        assert_eq!(key(&["YES", "sí"]), key(&["Si!", "yes", "Yes."]));
        assert_ne!(key(&["YES"]), key(&["NO"]));
    }

    #[test]
    fn another_form_is_another_memory() {
        assert_ne!(key(&replied(&["YES"]), Form::Times), key(&replied(&["YES"]), Form::Count));
    }

    #[test]
    fn counts_ever_need_no_times() {
        let yes = replied(&["YES"]);
        assert_eq!(form(&yes, Times::AtLeast(1), Window::Ever), Form::Times);
        assert_eq!(form(&yes, Times::AtMost(0), Window::Ever), Form::Times);
        assert_eq!(form(&yes, Times::AtLeast(2), Window::Ever), Form::Count);
        assert_eq!(form(&yes, Times::AtLeast(2), Window::Last(Length::Elapsed(Span(1)))), Form::Times);
    }
}

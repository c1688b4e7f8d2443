//! Atoms: the smallest things that conditions remember about a person. An atom is named by a hash of
//! its normal form, so that all rules that hold it share one memory, also across rule sets.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::Chain;
use super::window::Part;
use crate::model::norm::normalise;
use crate::model::rule::{Counted, Happened, Match, Phrase, Sequence, TextTest, Then, Window};
use crate::model::time::Span;

/// Changes whenever the meaning of a stored memory changes: the normal form, norm/1, attribution.
const MEANING: &str = "atom/2 norm/1 attribution/1";

/// An atom's name in states: the first 8 bytes of SHA-256 over its normal form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AtomKey([u8; 8]);

impl AtomKey {
    /// The name of `what`, which is plain data.
    #[must_use]
    pub fn of(what: &impl Serialize) -> Self {
        let bytes = postcard::to_stdvec(&(MEANING, what)).expect("rules are plain data of known length");
        let mut key = [0; 8];
        for (to, from) in key.iter_mut().zip(Sha256::digest(&bytes).iter()) {
            *to = *from;
        }
        Self(key)
    }

    /// The hash alone.
    #[must_use]
    pub fn bytes(self) -> [u8; 8] {
        self.0
    }
}

/// How matches or completions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// The seconds of the newest ones.
    Times,
    /// How many there were, as far as it matters.
    Count,
    /// How many on each of the two newest local days that had any.
    Days,
}

/// What is remembered, and of which event tests, by their numbers.
#[derive(Debug)]
pub enum What {
    /// Where the matches of a test lie.
    Tally { test: u32, form: Form },
    /// Which values of a property came with the matches.
    Values { test: u32, property: String, by_day: bool },
    /// Whether the newest of the matches of `among` passed `test`.
    Newest { test: u32, among: u32 },
    /// How far a sequence got, and where its completions lie.
    Sequence { chain: Chain, form: Form },
    /// Since when a condition has held without a break.
    Held,
}

/// One atom of a rule set.
#[derive(Debug)]
pub struct Atom {
    pub key: AtomKey,
    pub what: What,
    /// Matches elsewhere are not remembered.
    pub part: Part,
    /// How many are kept, or where the count stops: the most that any condition asks for.
    pub keep: u32,
    /// Of an absence: every first step that waits for its verdict matters, not only the earliest.
    pub keep_all: bool,
    /// No condition looks at what lies further back than this; none: some do, for good.
    pub back: Option<Span>,
    /// It lives in the memory of a journey, not in that of the person.
    pub scoped: bool,
    /// What it remembers depends on how the person's days lie.
    pub local: bool,
    /// Decisions of the engine are among what it looks for.
    pub moves: bool,
    /// Changes of attributes are among what it looks for.
    pub changes: bool,
    /// The watched conditions that hold it, in dependency order.
    pub conditions: Vec<u32>,
    /// Those among them that time alone can change through it.
    pub timed: Vec<u32>,
    /// For a sequence: the campaigns that its completion starts.
    pub triggers: Vec<u32>,
}

impl Atom {
    /// Whether a late event changes more than where it stands by itself.
    #[must_use]
    pub fn is_order_sensitive(&self) -> bool {
        self.changes || matches!(self.what, What::Sequence { .. } | What::Held)
    }

    /// Whether what it has remembered serves `wanted`, the same atom of another rule set, too: more than that asks
    /// for changes no truth.
    #[must_use]
    pub fn serves(&self, wanted: &Self) -> bool {
        let is_far_enough = match (self.back, wanted.back) {
            (None, _) => true,
            (Some(back), Some(wanted)) => back >= wanted,
            (Some(_), None) => false,
        };
        self.keep >= wanted.keep && (self.keep_all || !wanted.keep_all) && is_far_enough
    }

    /// The sequence, if it is one.
    #[must_use]
    pub fn chain(&self) -> Option<&Chain> {
        match &self.what {
            What::Sequence { chain, .. } => Some(chain),
            _ => None,
        }
    }
}

/// Which memory answers `happened`: all that makes it another one, besides the phrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    Tally(Form),
    Values { property: String, by_day: bool },
    Newest,
}

impl Kind {
    #[must_use]
    pub fn of(happened: &Happened) -> Self {
        let window = happened.window;
        match &happened.counted {
            Counted::Times(times) => Self::Tally(form(&happened.what, times.enough(), window)),
            Counted::Distinct { property, .. } => {
                Self::Values { property: property.clone(), by_day: window == Window::Yesterday }
            }
            Counted::Newest => Self::Newest,
        }
    }
}

fn form(what: &Phrase, enough: u32, window: Window) -> Form {
    match (what, window) {
        (_, Window::Yesterday) => Form::Days,
        (_, Window::Since(_) | Window::Before(_) | Window::Days(..)) => Form::Count,
        (Phrase::One(_), Window::Ever | Window::SinceEntry) if enough > 1 => Form::Count,
        // Once is once: the newest second tells it too.
        (_, Window::Ever | Window::SinceEntry | Window::Last(_) | Window::This(_)) => Form::Times,
    }
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

/// The same for one event test.
#[must_use]
pub fn normal_match(rule: &Match) -> Match {
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
    use crate::model::rule::{Times, Verb};
    use crate::model::time::{Length, Span};

    fn replied(words: &[&str]) -> Phrase {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Phrase::One(Box::new(Match { text: Some(TextTest::AnyOf(words)), ..Match::any(Verb::Replied) }))
    }

    #[test]
    fn keywords_that_mean_the_same_make_the_same_atom() {
        let key = |words: &[&str]| AtomKey::of(&normal(&replied(words)));
        assert_eq!(key(&["YES", "sí"]), key(&["Si!", "yes", "Yes."]));
        assert_ne!(key(&["YES"]), key(&["NO"]));
    }

    #[test]
    fn counts_ever_need_no_times() {
        let kind =
            |times: Times, window| Kind::of(&Happened { what: replied(&["YES"]), counted: times.into(), window });
        let last = Window::Last(Length::Elapsed(Span(1)));
        assert_eq!(kind(Times::AtLeast(1), Window::Ever), Kind::Tally(Form::Times));
        assert_eq!(kind(Times::AtMost(0), Window::Ever), Kind::Tally(Form::Times));
        assert_eq!(kind(Times::AtLeast(2), Window::Ever), Kind::Tally(Form::Count));
        assert_eq!(kind(Times::AtLeast(2), last), Kind::Tally(Form::Times));
        assert_eq!(kind(Times::AtLeast(2), Window::Yesterday), Kind::Tally(Form::Days));
    }
}

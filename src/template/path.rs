//! Paths: the names under which texts and steps reach values, and the values behind them.

use std::fmt;

use serde_json::Value as Json;

use crate::model::compare::reach;
use crate::model::value::Properties;

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// Attributes of the person.
    Person,
    /// The event that started the journey.
    Event,
    /// The event that ended the latest wait.
    Answer,
    /// The journey itself.
    Journey,
    /// What the server's settings allow to be known.
    Env,
}

/// A path: a root and a name below it, whose dots reach into nested values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    pub root: Root,
    pub name: String,
}

/// The values behind the roots. A root without values makes every path below it missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values<'a> {
    pub person: Option<&'a Properties>,
    pub event: Option<&'a Properties>,
    pub answer: Option<&'a Properties>,
    pub journey: Option<&'a Properties>,
    pub env: Option<&'a Properties>,
}

impl Root {
    /// All roots, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Person, Self::Event, Self::Answer, Self::Journey, Self::Env];

    /// The word before the first dot.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Event => "event",
            Self::Answer => "answer",
            Self::Journey => "journey",
            Self::Env => "env",
        }
    }

    /// The reverse of [`Root::as_str`].
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|root| root.as_str() == word)
    }
}

impl Path {
    /// The path that `text` is, if it is nothing else: words of letters, digits and `_`, joined by dots.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (root, name) = text.split_once('.')?;
        let root = Root::read(root)?;
        name.split('.').all(is_word).then(|| Self { root, name: name.to_owned() })
    }
}

/// Whether `word` is a name as the language has them.
pub(super) fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.root.as_str(), self.name)
    }
}

impl<'a> Values<'a> {
    /// The value of `path`; none if it is missing or null.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&'a Json> {
        self.below(path.root, &path.name)
    }

    pub(super) fn below(&self, root: Root, name: &str) -> Option<&'a Json> {
        let values = match root {
            Root::Person => self.person,
            Root::Event => self.event,
            Root::Answer => self.answer,
            Root::Journey => self.journey,
            Root::Env => self.env,
        };
        reach(values?, name).filter(|value| !value.is_null())
    }
}

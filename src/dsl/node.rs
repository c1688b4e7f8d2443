//! A YAML file as a tree that knows where every key and every value stands.
//! No reader of YAML lives here: `document` builds this tree, `envelope` reads it.

use std::ops::Range;

use serde_json::Value as Json;

/// A value with its place: the bytes of the file that it takes up.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: Range<usize>,
    pub content: Content,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map. Keys are texts, and none stands twice in one map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: String,
    pub at: Range<usize>,
}

/// A value that holds no others.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// Null, a boolean, a number or a text, by the core schema of YAML 1.2.
    pub value: Json,
    pub style: Style,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Scalar {
    /// The boolean that YAML 1.1 makes of this text, where YAML 1.2 leaves it a text.
    #[must_use]
    pub fn ambiguous(&self) -> Option<bool> {
        let text = self.value.as_str().filter(|_| self.style == Style::Plain)?;
        match text.to_ascii_lowercase().as_str() {
            "y" | "yes" | "on" => Some(true),
            "n" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

impl Node {
    /// Whether this was complained of already, because YAML's readers differ about it.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.ambiguous().is_some())
    }

    /// The text, if this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(scalar) => scalar.value.as_str(),
            _ => None,
        }
    }

    /// What this is, in a word, for complaints.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match &self.content {
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
            Content::Scalar(scalar) => match scalar.value {
                Json::Null => "nothing",
                Json::Bool(_) => "true or false",
                Json::Number(_) => "a number",
                _ => "a text",
            },
        }
    }

    /// Whether nothing is written here.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.value.is_null())
    }

    /// The same without places.
    #[must_use]
    pub fn json(&self) -> Json {
        match &self.content {
            Content::Scalar(scalar) => scalar.value.clone(),
            Content::List(items) => items.iter().map(Self::json).collect(),
            Content::Map(entries) => {
                Json::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.json())).collect())
            }
        }
    }
}

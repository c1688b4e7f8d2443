//! A string of a rule file where a value is wanted: a path, a text with tags, or the string itself.

use serde_json::Value as Json;

use super::error::{RenderError, TemplateError};
use super::locale::Locale;
use super::path::{Path, Values};
use super::text::{Text, Use};

/// What a string stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// Nothing but a path: its value, with its type.
    Path(Path),
    /// A text with tags.
    Text(Text),
    /// A string without tags.
    Literal(String),
}

impl Template {
    /// Reads a string.
    ///
    /// # Errors
    /// The first mistake in a text with tags.
    pub fn read(source: &str) -> Result<Self, TemplateError> {
        if let Some(path) = Path::read(source) {
            return Ok(Self::Path(path));
        }
        if source.contains("{{") || source.contains("{%") {
            return Text::parse(source).map(Self::Text);
        }
        Ok(Self::Literal(source.to_owned()))
    }

    /// Every place where a path stands, in order.
    #[must_use]
    pub fn uses(&self) -> Vec<Use> {
        match self {
            Self::Path(path) => vec![Use { path: path.clone(), offset: 0, may_be_missing: false }],
            Self::Text(text) => text.uses().to_vec(),
            Self::Literal(_) => Vec::new(),
        }
    }

    /// The value that it stands for; null for a path whose value is missing.
    ///
    /// # Errors
    /// [`RenderError`], of a text with tags.
    pub fn fill(&self, values: &Values<'_>, locale: &Locale) -> Result<Json, RenderError> {
        Ok(match self {
            Self::Path(path) => values.get(path).cloned().unwrap_or(Json::Null),
            Self::Text(text) => Json::String(text.render(values, locale)?),
            Self::Literal(text) => Json::String(text.clone()),
        })
    }
}

//! What can be wrong with a text, when it is read and when it is filled in. No message holds a value.

use std::fmt;

/// A text that cannot be read. Only its first mistake is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Where it is, in bytes from the start of the text.
    pub offset: usize,
    /// The line of `offset`, from 1.
    pub line: usize,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
}

impl TemplateError {
    /// A mistake at `offset` of `source`.
    #[must_use]
    pub fn at(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = source.as_bytes().get(..offset).unwrap_or(source.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Self { offset, line, message: message.into(), help: None }
    }

    /// The same with a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

impl std::error::Error for TemplateError {}

/// A text that cannot be filled in with these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenderError {
    /// The result, or a value on the way to it, is longer than [`super::text::TEXT_BYTES_MAX`].
    TooLong,
    /// A filter cannot do what it is asked to.
    Filter {
        /// The filter.
        name: &'static str,
        /// Why not.
        problem: &'static str,
    },
    /// Liquid failed on a text that it had accepted.
    Liquid,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the text is longer than {} bytes", super::text::TEXT_BYTES_MAX),
            Self::Filter { name, problem } => write!(f, "`{name}`: {problem}"),
            Self::Liquid => f.write_str("the text could not be filled in"),
        }
    }
}

impl std::error::Error for RenderError {}

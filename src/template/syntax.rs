//! What may stand inside a tag: operands, filters, conditions. Every name and count is checked here.

use crate::diagnostic::suggest::nearest;

use super::error::TemplateError;
use super::filter;
use super::path::{Path, Root};
use super::text::Use;
use super::token::{Kind, Token};

/// Filters behind one value.
pub const FILTERS_MAX: usize = 16;
/// Comparisons in one condition, and values in one `when`.
pub const COMPARISONS_MAX: usize = 32;

/// A reader of the tokens of one tag, which collects the paths it meets.
pub(super) struct Tokens<'a, 's> {
    source: &'s str,
    tokens: std::slice::Iter<'a, Token<'s>>,
    /// Where the tag ends, for complaints about what is missing.
    end: usize,
    uses: &'a mut Vec<Use>,
}

impl<'a, 's> Tokens<'a, 's> {
    pub fn new(source: &'s str, tokens: &'a [Token<'s>], end: usize, uses: &'a mut Vec<Use>) -> Self {
        Self { source, tokens: tokens.iter(), end, uses }
    }

    fn peek(&self) -> Option<Token<'s>> {
        self.tokens.as_slice().first().copied()
    }

    fn takes(&mut self, text: &str) -> bool {
        let taken = self.peek().is_some_and(|token| token.text == text && token.kind != Kind::Text);
        if taken {
            self.tokens.next();
        }
        taken
    }

    fn error(&self, message: impl Into<String>) -> TemplateError {
        TemplateError::at(self.source, self.peek().map_or(self.end, |token| token.offset), message)
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), TemplateError> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(self.error(format!("`{}` is not expected here", token.text))),
        }
    }

    /// `value | filter: argument, argument | …`
    pub fn output(&mut self) -> Result<(), TemplateError> {
        let first = self.uses.len();
        self.operand()?;
        let is_path = self.uses.len() > first;
        let mut has_default = false;
        for count in 0.. {
            if !self.takes("|") {
                break;
            }
            if count == FILTERS_MAX {
                return Err(self.error(format!("a value takes at most {FILTERS_MAX} filters")));
            }
            has_default |= self.filter()? == "default";
        }
        self.end()?;
        if let Some(used) = self.uses.get_mut(first).filter(|_| is_path && has_default) {
            used.may_be_missing = true;
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<&'s str, TemplateError> {
        let known = || format!("the filters are {}", filter::names().collect::<Vec<_>>().join(", "));
        let Some(name) = self.peek().filter(|token| token.kind == Kind::Word) else {
            return Err(self.error("the name of a filter is expected behind `|`").help(known()));
        };
        let Some(definition) = filter::find(name.text) else {
            let error = self.error(format!("`{}` is no filter", name.text));
            return Err(match nearest(name.text, filter::names()) {
                Some(near) => error.help(format!("did you mean `{near}`? {}", known())),
                None => error.help(known()),
            });
        };
        self.tokens.next();
        let mut count = 0;
        if self.takes(":") {
            self.operand()?;
            count += 1;
            while self.takes(",") {
                self.operand()?;
                count += 1;
            }
        }
        let (least, most) = definition.arguments;
        if (least..=most).contains(&count) {
            return Ok(name.text);
        }
        let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let message = format!("`{}` takes {wanted} values behind its colon, not {count}", name.text);
        Err(TemplateError::at(self.source, name.offset, message))
    }

    /// `value == value and value contains value or value`
    pub fn condition(&mut self) -> Result<(), TemplateError> {
        const OPERATORS: [&str; 7] = ["==", "!=", "<>", "<=", ">=", "<", ">"];
        for _ in 0..COMPARISONS_MAX {
            let left = self.peek();
            self.optional_operand()?;
            if self.peek().is_some_and(|token| token.text == "contains") {
                if left.is_some_and(|left| left.kind == Kind::Word && Path::read(left.text).is_none()) {
                    return Err(self.error("only a value can contain something"));
                }
                self.tokens.next();
                self.optional_operand()?;
            } else if OPERATORS.iter().any(|operator| self.takes(operator)) {
                self.optional_operand()?;
            }
            if !(self.takes("and") || self.takes("or")) {
                return match self.peek() {
                    Some(token) if token.text == "|" => Err(self.error("a condition takes no filters")),
                    _ => self.end(),
                };
            }
        }
        Err(self.error(format!("a condition has at most {COMPARISONS_MAX} comparisons")))
    }

    /// The value of a `case`.
    pub fn subject(&mut self) -> Result<(), TemplateError> {
        self.optional_operand()?;
        self.end()
    }

    /// `value, value or value`
    pub fn alternatives(&mut self) -> Result<(), TemplateError> {
        for _ in 0..COMPARISONS_MAX {
            self.optional_operand()?;
            if !(self.takes(",") || self.takes("or")) {
                return self.end();
            }
        }
        Err(self.error(format!("`when` takes at most {COMPARISONS_MAX} values")))
    }

    /// An operand where a missing value is as good as any.
    fn optional_operand(&mut self) -> Result<(), TemplateError> {
        let first = self.uses.len();
        self.operand()?;
        self.uses.iter_mut().skip(first).for_each(|used| used.may_be_missing = true);
        Ok(())
    }

    fn operand(&mut self) -> Result<(), TemplateError> {
        const CONSTANTS: [&str; 6] = ["nil", "null", "true", "false", "empty", "blank"];
        let roots =
            || format!("values begin with {}", Root::ALL.map(|root| format!("`{}.`", root.as_str())).join(", "));
        let Some(token) = self.peek().filter(|token| token.kind != Kind::Symbol) else {
            return Err(self.error("a value is expected here").help(roots()));
        };
        if token.kind == Kind::Word && !CONSTANTS.contains(&token.text) {
            let Some(path) = Path::read(token.text) else {
                let error = self.error(format!("`{}` is no value", token.text));
                return Err(match Root::read(token.text) {
                    Some(_) => error.help(format!("say which: `{}.name`", token.text)),
                    None => error.help(roots()),
                });
            };
            self.uses.push(Use { path, offset: token.offset, may_be_missing: false });
        }
        self.tokens.next();
        Ok(())
    }
}

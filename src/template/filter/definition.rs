//! What a filter is, the table of them, and how Liquid is made to call them.

use std::fmt;

use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{Error, Expression, Filter, FilterReflection, ParseFilter, Result, Runtime, Value, ValueView};

use super::{number, text, time};
use crate::template::error::RenderError;
use crate::template::locale::Locale;
use crate::template::text::TEXT_BYTES_MAX;

/// A filter.
#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    /// How many values may stand behind its colon: least and most.
    pub(in crate::template) arguments: (usize, usize),
    pub(super) apply: Apply,
}

/// Input, arguments, locale; the problem is told to the author, so it holds no value.
pub(super) type Apply = fn(&Value, &[Value], &Locale) -> std::result::Result<Value, &'static str>;

/// What a filter says when its result would be longer than a text may be.
pub(super) const TOO_LONG: &str = "too long";

const fn filter(name: &'static str, arguments: (usize, usize), apply: Apply) -> Definition {
    Definition { name, arguments, apply }
}

/// By name.
const FILTERS: [Definition; 38] = [
    filter("abs", (0, 0), number::abs),
    filter("append", (1, 1), text::append),
    filter("at_least", (1, 1), number::at_least),
    filter("at_most", (1, 1), number::at_most),
    filter("capitalize", (0, 0), text::capitalize),
    filter("ceil", (0, 0), number::ceil),
    filter("date", (0, 1), time::date),
    filter("day", (0, 0), time::day),
    filter("default", (1, 1), text::default),
    filter("divided_by", (1, 1), number::divided_by),
    filter("downcase", (0, 0), text::downcase),
    filter("escape", (0, 0), text::escape),
    filter("first", (0, 0), text::first),
    filter("floor", (0, 0), number::floor),
    filter("join", (0, 1), text::join),
    filter("last", (0, 0), text::last),
    filter("lstrip", (0, 0), text::lstrip),
    filter("minus", (1, 1), number::minus),
    filter("modulo", (1, 1), number::modulo),
    filter("newline_to_br", (0, 0), text::newline_to_br),
    filter("plus", (1, 1), number::plus),
    filter("prepend", (1, 1), text::prepend),
    filter("remove", (1, 1), text::remove),
    filter("remove_first", (1, 1), text::remove_first),
    filter("replace", (2, 2), text::replace),
    filter("replace_first", (2, 2), text::replace_first),
    filter("round", (0, 1), number::round),
    filter("rstrip", (0, 0), text::rstrip),
    filter("size", (0, 0), text::size),
    filter("slice", (1, 2), text::slice),
    filter("strip", (0, 0), text::strip),
    filter("strip_newlines", (0, 0), text::strip_newlines),
    filter("time", (0, 0), time::time),
    filter("times", (1, 1), number::times),
    filter("truncate", (0, 2), text::truncate),
    filter("truncatewords", (0, 2), text::truncatewords),
    filter("upcase", (0, 0), text::upcase),
    filter("url_encode", (0, 0), text::url_encode),
];

/// All filters, by name.
#[must_use]
pub fn all() -> &'static [Definition] {
    const { &FILTERS }
}

/// The names of all filters, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|filter| filter.name)
}

/// The filter of that name.
pub(in crate::template) fn find(name: &str) -> Option<&'static Definition> {
    all().iter().find(|filter| filter.name == name)
}

/// What went wrong while a text was filled in: the place where a filter tells it, since Liquid's own
/// errors hold the values.
#[derive(Debug, Default)]
pub(in crate::template) struct Problem(pub Option<RenderError>);

/// A filter as Liquid meets it when it reads a text.
#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Known(pub &'static Definition);

impl FilterReflection for Known {
    fn name(&self) -> &str {
        self.0.name
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Known {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        Ok(Box::new(Applied { filter: self.0, arguments: arguments.positional.collect() }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

/// A filter with its arguments, as it stands in a text.
#[derive(Debug)]
struct Applied {
    filter: &'static Definition,
    arguments: Vec<Expression>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.filter.name)
    }
}

impl Filter for Applied {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let arguments: Vec<Value> =
            self.arguments.iter().map(|value| Ok(value.evaluate(runtime)?.into_owned())).collect::<Result<_>>()?;
        let locale = runtime.registers().get_mut::<Locale>().clone();
        let result = (self.filter.apply)(&input.to_value(), &arguments, &locale).and_then(|value| match &value {
            Value::Scalar(scalar) if scalar.to_kstr().len() > TEXT_BYTES_MAX => Err(TOO_LONG),
            _ => Ok(value),
        });
        result.map_err(|problem| {
            let error = match problem {
                TOO_LONG => RenderError::TooLong,
                problem => RenderError::Filter { name: self.filter.name, problem },
            };
            runtime.registers().get_mut::<Problem>().0 = Some(error);
            Error::with_msg(problem)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_each_name_once() {
        assert!(names().is_sorted_by(|a, b| a < b));
    }
}

//! Filters of numbers, in exact decimals. What is no number counts as 0, as Liquid has it.

use std::str::FromStr;

use liquid_core::{Value, ValueView};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::template::locale::Locale;

type Result = std::result::Result<Value, &'static str>;

const TOO_LARGE: &str = "the result is too large";
const BY_ZERO: &str = "nothing can be divided by 0";

fn number(value: &Value) -> Decimal {
    let Some(scalar) = value.as_scalar() else { return Decimal::ZERO };
    let text = scalar.to_kstr();
    let text = text.trim();
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).unwrap_or(Decimal::ZERO)
}

fn operand(arguments: &[Value]) -> Decimal {
    arguments.first().map_or(Decimal::ZERO, number)
}

/// A whole number as one; another as its digits, so that it stays exact.
fn written(number: Decimal) -> Value {
    let number = number.normalize();
    match i64::try_from(number) {
        Ok(whole) if number.scale() == 0 => Value::scalar(whole),
        _ => Value::scalar(number.to_string()),
    }
}

fn checked(number: Option<Decimal>) -> Result {
    number.map(written).ok_or(TOO_LARGE)
}

pub(super) fn abs(input: &Value, _: &[Value], _: &Locale) -> Result {
    Ok(written(number(input).abs()))
}

pub(super) fn at_least(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    Ok(written(number(input).max(operand(arguments))))
}

pub(super) fn at_most(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    Ok(written(number(input).min(operand(arguments))))
}

pub(super) fn ceil(input: &Value, _: &[Value], _: &Locale) -> Result {
    Ok(written(number(input).ceil()))
}

pub(super) fn floor(input: &Value, _: &[Value], _: &Locale) -> Result {
    Ok(written(number(input).floor()))
}

pub(super) fn plus(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    checked(number(input).checked_add(operand(arguments)))
}

pub(super) fn minus(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    checked(number(input).checked_sub(operand(arguments)))
}

pub(super) fn times(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    checked(number(input).checked_mul(operand(arguments)))
}

fn is_whole(value: Option<&Value>) -> bool {
    value.and_then(ValueView::as_scalar).is_some_and(|scalar| scalar.to_integer().is_some())
}

/// Of two whole numbers the quotient is whole too, rounded down; `2.0` is not one.
pub(super) fn divided_by(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let (a, b) = (number(input), operand(arguments));
    if b.is_zero() {
        return Err(BY_ZERO);
    }
    let quotient = a.checked_div(b);
    let is_whole = is_whole(Some(input)) && is_whole(arguments.first());
    checked(if is_whole { quotient.map(|q| q.floor()) } else { quotient })
}

/// The remainder has the sign of the divisor.
pub(super) fn modulo(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let (a, b) = (number(input), operand(arguments));
    if b.is_zero() {
        return Err(BY_ZERO);
    }
    let rest = a.checked_rem(b);
    checked(rest.and_then(|rest| {
        let fits = rest.is_zero() || rest.is_sign_negative() == b.is_sign_negative();
        if fits { Some(rest) } else { rest.checked_add(b) }
    }))
}

/// To so many digits behind the point; halves away from 0.
pub(super) fn round(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let digits = u32::try_from(i64::try_from(operand(arguments)).unwrap_or(0)).unwrap_or(0);
    Ok(written(number(input).round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)))
}

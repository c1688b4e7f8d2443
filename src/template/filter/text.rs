//! Filters of texts and lists. Other values are taken as they would be written.

use liquid_core::model::{KStringCow, State};
use liquid_core::{Value, ValueView};
use unicode_segmentation::UnicodeSegmentation;

use super::definition::TOO_LONG;
use crate::template::locale::Locale;
use crate::template::text::TEXT_BYTES_MAX;

type Result = std::result::Result<Value, &'static str>;

/// How many characters, or words, `truncate` and `truncatewords` leave when they are not told.
const TRUNCATED_CHARS: i64 = 50;
const TRUNCATED_WORDS: i64 = 15;

fn argument(arguments: &[Value], index: usize) -> KStringCow<'_> {
    arguments.get(index).map_or_else(|| KStringCow::from_static(""), ValueView::to_kstr)
}

fn whole(arguments: &[Value], index: usize, otherwise: i64) -> std::result::Result<i64, &'static str> {
    match arguments.get(index) {
        None => Ok(otherwise),
        Some(value) => value.as_scalar().and_then(|value| value.to_integer()).ok_or("a whole number is expected"),
    }
}

fn written(text: impl Into<String>) -> Result {
    Ok(Value::scalar(text.into()))
}

pub(super) fn append(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    written(format!("{}{}", input.to_kstr(), argument(arguments, 0)))
}

pub(super) fn prepend(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    written(format!("{}{}", argument(arguments, 0), input.to_kstr()))
}

/// The first letter large, the others small.
pub(super) fn capitalize(input: &Value, _: &[Value], _: &Locale) -> Result {
    let text = input.to_kstr();
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase).collect::<String>();
    written(first + &chars.as_str().to_lowercase())
}

pub(super) fn downcase(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().to_lowercase())
}

pub(super) fn upcase(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().to_uppercase())
}

/// The argument instead of nothing: nil, false, an empty text, an empty list.
pub(super) fn default(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let is_missing = input.query_state(State::DefaultValue);
    Ok(if is_missing { arguments.first().cloned().unwrap_or(Value::Nil) } else { input.clone() })
}

pub(super) fn escape(input: &Value, _: &[Value], _: &Locale) -> Result {
    let mut escaped = String::new();
    for c in input.to_kstr().chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    written(escaped)
}

pub(super) fn first(input: &Value, _: &[Value], _: &Locale) -> Result {
    Ok(input.as_array().and_then(|list| list.first()).map_or(Value::Nil, ValueView::to_value))
}

pub(super) fn last(input: &Value, _: &[Value], _: &Locale) -> Result {
    Ok(input.as_array().and_then(|list| list.last()).map_or(Value::Nil, ValueView::to_value))
}

/// The items of a list with something between them: a comma, if nothing else is asked for.
pub(super) fn join(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let Some(list) = input.as_array() else { return Ok(input.clone()) };
    let between = arguments.first().map_or_else(|| KStringCow::from_static(", "), ValueView::to_kstr);
    let mut joined = String::new();
    for (index, item) in list.values().enumerate() {
        if index > 0 {
            joined.push_str(&between);
        }
        joined.push_str(&item.to_kstr());
        if joined.len() > TEXT_BYTES_MAX {
            return Err(TOO_LONG);
        }
    }
    written(joined)
}

pub(super) fn strip(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().trim())
}

pub(super) fn lstrip(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().trim_start())
}

pub(super) fn rstrip(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().trim_end())
}

pub(super) fn strip_newlines(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().replace(['\r', '\n'], ""))
}

pub(super) fn newline_to_br(input: &Value, _: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().replace("\r\n", "\n").replace('\n', "<br />\n"))
}

pub(super) fn remove(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().replace(argument(arguments, 0).as_str(), ""))
}

pub(super) fn remove_first(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().replacen(argument(arguments, 0).as_str(), "", 1))
}

/// All places. The length is reckoned first: a chain of these grows with every link.
pub(super) fn replace(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let (text, from, to) = (input.to_kstr(), argument(arguments, 0), argument(arguments, 1));
    let growth = text.matches(from.as_str()).count().saturating_mul(to.len().saturating_sub(from.len()));
    if text.len().saturating_add(growth) > TEXT_BYTES_MAX {
        return Err(TOO_LONG);
    }
    written(text.replace(from.as_str(), to.as_str()))
}

pub(super) fn replace_first(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    written(input.to_kstr().replacen(argument(arguments, 0).as_str(), argument(arguments, 1).as_str(), 1))
}

/// Characters of a text, items of a list.
pub(super) fn size(input: &Value, _: &[Value], _: &Locale) -> Result {
    let size = match (input.as_array(), input.as_object()) {
        (Some(list), _) => list.size(),
        (_, Some(object)) => object.size(),
        _ => i64::try_from(input.to_kstr().graphemes(true).count()).unwrap_or(i64::MAX),
    };
    Ok(Value::scalar(size))
}

/// So many characters from a place on, counted from 0, or from the end if negative.
pub(super) fn slice(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let (from, length) = (whole(arguments, 0, 0)?, whole(arguments, 1, 1)?);
    let text = input.to_kstr();
    let all: Vec<&str> = text.graphemes(true).collect();
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let from = if from < 0 { from.saturating_add(count) } else { from };
    // Before the beginning there is nothing, and nothing has no length.
    let (Ok(from), Ok(length)) = (usize::try_from(from), usize::try_from(length)) else { return written("") };
    written(all.into_iter().skip(from).take(length).collect::<String>())
}

/// At most so many characters, the last of them an ellipsis where something was cut off.
pub(super) fn truncate(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let length = usize::try_from(whole(arguments, 0, TRUNCATED_CHARS)?).unwrap_or(0);
    let ellipsis = arguments.get(1).map_or_else(|| KStringCow::from_static("..."), ValueView::to_kstr);
    let text = input.to_kstr();
    if text.graphemes(true).count() <= length {
        return written(text.as_str());
    }
    let kept = length.saturating_sub(ellipsis.graphemes(true).count());
    written(text.graphemes(true).take(kept).collect::<String>() + &ellipsis)
}

/// At most so many words.
pub(super) fn truncatewords(input: &Value, arguments: &[Value], _: &Locale) -> Result {
    let length = usize::try_from(whole(arguments, 0, TRUNCATED_WORDS)?).unwrap_or(0);
    let ellipsis = arguments.get(1).map_or_else(|| KStringCow::from_static("..."), ValueView::to_kstr);
    let text = input.to_kstr();
    if text.split_whitespace().count() <= length {
        return written(text.as_str());
    }
    written(text.split_whitespace().take(length).collect::<Vec<_>>().join(" ") + &ellipsis)
}

/// As a part of an address: all but letters, digits, `-`, `.`, `_` and `~` as `%` and two digits.
pub(super) fn url_encode(input: &Value, _: &[Value], _: &Locale) -> Result {
    let mut encoded = String::new();
    for byte in input.to_kstr().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    written(encoded)
}

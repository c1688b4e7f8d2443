//! JSON bodies of the APIs, whatever their Content-Type says.

use serde_json::Value;

use super::problem::Problem;
use crate::model::value::Properties;

/// The object in a body; nothing at all is an empty one.
///
/// # Errors
/// 400 for what is no JSON or no object.
pub fn object(body: &[u8]) -> Result<Properties, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Properties::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut object)) => {
            object.values_mut().for_each(without_nul);
            Ok(object.into_iter().map(|(name, value)| (clean(name), value)).collect())
        }
        Ok(_) => Err(Problem::bad_request("the body must be a JSON object")),
        Err(error) => Err(Problem::bad_request(format!(
            "the body is not JSON that can be read: line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// Not every database stores a NUL in a text.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{FFFD}"),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(object) => {
            object.values_mut().for_each(without_nul);
            if object.keys().any(|name| name.contains('\0')) {
                *object = std::mem::take(object).into_iter().map(|(name, value)| (clean(name), value)).collect();
            }
        }
        _ => {}
    }
}

fn clean(name: String) -> String {
    if name.contains('\0') { name.replace('\0', "\u{FFFD}") } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_an_empty_object_and_other_kinds_are_refused() {
        assert_eq!(object(b" \n").expect("nothing"), Properties::new());
        assert_eq!(object(b"{}").expect("empty"), Properties::new());
        for wrong in ["[]", "null", "\"x\"", "{", "{\"a\":NaN}"] {
            assert_eq!(object(wrong.as_bytes()).expect_err(wrong).status(), 400, "{wrong}");
        }
    }

    #[test]
    fn depth_has_a_bound() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nested(126).as_bytes()).is_ok());
        assert!(object(nested(127).as_bytes()).is_err());
        assert!(object(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_nul_becomes_a_replacement_character() {
        let read = object(br#"{"a\u0000":["\u0000",{"b\u0000":1}]}"#).expect("an object");
        assert_eq!(Value::Object(read), json!({"a\u{FFFD}": ["\u{FFFD}", {"b\u{FFFD}": 1}]}));
    }
}

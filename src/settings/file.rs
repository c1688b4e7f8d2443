//! The settings file: YAML, flattened to the names of the table. It sets what the environment does not.

use std::collections::BTreeMap;

use serde_yaml::Value;

/// A settings file is small; what is larger is something else.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Reads the text of a settings file into upper-case names and values; sequences become comma-separated lists.
///
/// # Errors
/// What is wrong with the text, in sentences for an operator.
pub fn read(text: &str) -> Result<BTreeMap<String, String>, Vec<String>> {
    if text.len() > FILE_BYTES_MAX {
        return Err(vec![format!("it has {} bytes; a settings file has at most {FILE_BYTES_MAX}", text.len())]);
    }
    let value: Value = serde_yaml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let mut found = BTreeMap::new();
    let mut complaints = Vec::new();
    match value {
        Value::Null => {}
        Value::Mapping(_) => flatten("", &value, &mut found, &mut complaints),
        _ => complaints.push("it must be a mapping of names to values".to_owned()),
    }
    if complaints.is_empty() { Ok(found) } else { Err(complaints) }
}

fn flatten(name: &str, value: &Value, found: &mut BTreeMap<String, String>, complaints: &mut Vec<String>) {
    if let Value::Mapping(mapping) = value {
        for (key, value) in mapping {
            match key.as_str() {
                Some(key) if name.is_empty() => flatten(key, value, found, complaints),
                Some(key) => flatten(&format!("{name}_{key}"), value, found, complaints),
                None => complaints.push(format!("below `{name}`: every name must be a text")),
            }
        }
        return;
    }
    match scalar(value) {
        Some(text) => {
            if found.insert(name.to_ascii_uppercase(), text).is_some() {
                complaints.push(format!("`{name}` is set twice"));
            }
        }
        None => complaints.push(format!("`{name}` must be a text, a number, or a list of such")),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Number(n) => Some(n.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Sequence(items) => {
            let items: Option<Vec<_>> = items.iter().filter(|item| !item.is_sequence()).map(scalar).collect();
            items.map(|items| items.join(","))
        }
        Value::Mapping(_) | Value::Tagged(_) => None,
    }
}

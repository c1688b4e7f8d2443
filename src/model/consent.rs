//! Who does not want to hear from us, and why. Several reasons can stand at once; each source lifts its own.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::value::Properties;

/// The attribute that says whether any reason stands. Built in, never missing.
pub const UNSUBSCRIBED: &str = "unsubscribed";
/// The attribute that lists the reasons.
pub const REASONS: &str = "unsubscribed_reasons";

/// A whole message that is a stop word.
pub const KEYWORD: &str = "keyword";
/// The API, or a step of a campaign.
pub const API: &str = "api";
/// The link in a message. Only the API and steps can lift it: whoever follows it cannot be asked again.
pub const LINK: &str = "unsubscribe link";

/// What the API or a step really writes when it writes `written` to [`UNSUBSCRIBED`]: it sets its own reason,
/// and lifts no other than its own and the link's. A nightly synchronisation must not undo somebody's STOP.
/// None if nothing changes.
#[must_use]
pub fn by_program(attributes: &Properties, written: &Json) -> Option<Properties> {
    let unsubscribed = match written {
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_i64() == Some(1),
        Json::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if unsubscribed { set(attributes, API) } else { lift(attributes, &[API, LINK]) }
}

/// The two attributes when `reason` stands; none if it does already.
#[must_use]
pub fn set(attributes: &Properties, reason: &str) -> Option<Properties> {
    let mut reasons = standing(attributes);
    reasons.insert(reason).then(|| written(&reasons))
}

/// The two attributes when these reasons stand no more; none if none of them does.
#[must_use]
pub fn lift(attributes: &Properties, lifted: &[&str]) -> Option<Properties> {
    let mut reasons = standing(attributes);
    let before = reasons.len();
    reasons.retain(|reason| !lifted.contains(reason));
    (reasons.len() < before).then(|| written(&reasons))
}

fn standing(attributes: &Properties) -> BTreeSet<&str> {
    let listed = attributes.get(REASONS).and_then(Json::as_array).into_iter().flatten();
    listed.filter_map(Json::as_str).collect()
}

fn written(reasons: &BTreeSet<&str>) -> Properties {
    let listed = if reasons.is_empty() { Json::Null } else { json!(reasons) };
    Properties::from_iter([(UNSUBSCRIBED.to_owned(), json!(!reasons.is_empty())), (REASONS.to_owned(), listed)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(reasons: &[&str]) -> Properties {
        Properties::from_iter([(REASONS.to_owned(), json!(reasons))])
    }

    #[test]
    fn a_program_lifts_its_own_reason_and_the_links() {
        let lifted = by_program(&person(&[API, KEYWORD, LINK]), &json!(false)).unwrap();
        assert_eq!(lifted[REASONS], json!([KEYWORD]));
        assert_eq!(lifted[UNSUBSCRIBED], json!(true));
        let lifted = by_program(&person(&[LINK]), &json!("no")).unwrap();
        assert_eq!((&lifted[UNSUBSCRIBED], &lifted[REASONS]), (&json!(false), &Json::Null));
        assert_eq!(by_program(&person(&[KEYWORD]), &json!(false)), None);
    }

    #[test]
    fn a_reason_that_stands_is_not_written_again() {
        assert_eq!(by_program(&person(&[API]), &json!(1)), None);
        let both = by_program(&person(&[KEYWORD]), &json!("TRUE")).unwrap();
        assert_eq!(both[REASONS], json!([API, KEYWORD]));
    }
}

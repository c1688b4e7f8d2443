//! Who does not want to hear from us, and why. Several reasons can stand at once; each source lifts its own.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::event::Kind;
use crate::model::norm::normalise;
use crate::model::rule::Schema;
use crate::model::value::Properties;

/// The attribute that says whether any reason stands. Built in, never missing.
pub const UNSUBSCRIBED: &str = "unsubscribed";
/// The attribute that lists the reasons: `keyword`, `api`.
pub const REASONS: &str = "unsubscribed_reasons";

/// The words that change it, ready to be compared with whole messages.
#[derive(Clone, Debug, Default)]
pub struct Words {
    stop: BTreeSet<String>,
    start: BTreeSet<String>,
}

impl Words {
    /// Those of the schema; none where it does without.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        if !schema.opt_out_keywords {
            return Self::default();
        }
        let list = |name| {
            let words = schema.lists.get(name).into_iter().flatten();
            words.map(|word| normalise(word).as_str().to_owned()).collect()
        };
        Self { stop: list("stop"), start: list("start") }
    }

    /// What a message writes that is a stop or start word as a whole, where the person's attributes are
    /// `attributes`. It takes effect with the message, before any condition is evaluated, and the message stays
    /// an ordinary one.
    #[must_use]
    pub fn written(&self, kind: &Kind, message: &Properties, attributes: &Properties) -> Option<Properties> {
        let body = message.get("body").filter(|_| *kind == Kind::Inbound)?.as_str()?;
        let said = normalise(body);
        if self.stop.contains(said.as_str()) {
            consent(attributes, "keyword", true)
        } else if self.start.contains(said.as_str()) {
            consent(attributes, "keyword", false)
        } else {
            None
        }
    }
}

/// What a call that writes `unsubscribed` really writes: it sets and lifts the API's own reason. A nightly
/// synchronisation must not undo somebody's STOP.
#[must_use]
pub fn by_call(written: &Json, attributes: &Properties) -> Option<Properties> {
    let unsubscribed = match written {
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_i64() == Some(1),
        Json::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    consent(attributes, "api", unsubscribed)
}

/// The two attributes when `reason` stands, or stands no more; none if that is so already.
fn consent(attributes: &Properties, reason: &str, stands: bool) -> Option<Properties> {
    let listed = attributes.get(REASONS).and_then(Json::as_array).into_iter().flatten();
    let mut reasons: BTreeSet<&str> = listed.filter_map(Json::as_str).collect();
    let changed = if stands { reasons.insert(reason) } else { reasons.remove(reason) };
    if !changed {
        return None;
    }
    let listed = if reasons.is_empty() { Json::Null } else { json!(reasons) };
    Some(Properties::from_iter([(UNSUBSCRIBED.to_owned(), json!(!reasons.is_empty())), (REASONS.to_owned(), listed)]))
}

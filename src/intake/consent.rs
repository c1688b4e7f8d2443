//! Who does not want to hear from us, and why. Several reasons can stand at once; each source lifts its own.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::pass::Pass;
use crate::model::event::Kind;
use crate::model::id::PersonId;
use crate::model::inbound::Arrival;
use crate::model::norm::normalise;
use crate::model::rule::Schema;
use crate::model::value::Properties;

/// The attribute that says whether any reason stands. Built in, never missing.
pub(super) const UNSUBSCRIBED: &str = "unsubscribed";
/// The attribute that lists the reasons: `keyword`, `api`.
pub(super) const REASONS: &str = "unsubscribed_reasons";

/// The words that change it, ready to be compared with whole messages.
#[derive(Default)]
pub(super) struct Words {
    stop: BTreeSet<String>,
    start: BTreeSet<String>,
}

impl Words {
    /// Those of the schema; none where it does without.
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
}

impl Pass<'_> {
    /// What a whole message that is a stop or start word writes. It takes effect with the message, before any
    /// condition is evaluated, and the message stays an ordinary one.
    pub(super) fn keyword(&self, person: PersonId, arrival: &Arrival) -> Option<Properties> {
        let body = arrival.properties.get("body").filter(|_| arrival.kind == Kind::Inbound)?.as_str()?;
        let said = normalise(body);
        if self.context.words.stop.contains(said.as_str()) {
            self.consent(person, "keyword", true)
        } else if self.context.words.start.contains(said.as_str()) {
            self.consent(person, "keyword", false)
        } else {
            None
        }
    }

    /// What a call that writes `unsubscribed` really writes: it sets and lifts the API's own reason. A nightly
    /// synchronisation must not undo somebody's STOP.
    pub(super) fn by_call(&self, person: PersonId, written: &Json) -> Option<Properties> {
        let unsubscribed = match written {
            Json::Bool(flag) => *flag,
            Json::Number(number) => number.as_i64() == Some(1),
            Json::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
            _ => false,
        };
        self.consent(person, "api", unsubscribed)
    }

    /// The two attributes when `reason` stands, or stands no more; none if that is so already.
    fn consent(&self, person: PersonId, reason: &str, stands: bool) -> Option<Properties> {
        let attributes = &self.subjects.get(&person)?.person.attributes;
        let listed = attributes.get(REASONS).and_then(Json::as_array).into_iter().flatten();
        let mut reasons: BTreeSet<&str> = listed.filter_map(Json::as_str).collect();
        let changed = if stands { reasons.insert(reason) } else { reasons.remove(reason) };
        if !changed {
            return None;
        }
        let listed = if reasons.is_empty() { Json::Null } else { json!(reasons) };
        Some(Properties::from_iter([
            (UNSUBSCRIBED.to_owned(), json!(!reasons.is_empty())),
            (REASONS.to_owned(), listed),
        ]))
    }
}

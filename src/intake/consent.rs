//! What messages and calls do to somebody's `unsubscribed`.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::pass::Pass;
use crate::model::consent;
use crate::model::event::Kind;
use crate::model::id::PersonId;
use crate::model::inbound::Arrival;
use crate::model::norm::normalise;
use crate::model::rule::Schema;
use crate::model::value::Properties;

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
        let attributes = &self.subjects.get(&person)?.person.attributes;
        if self.context.words.stop.contains(said.as_str()) {
            consent::set(attributes, consent::KEYWORD)
        } else if self.context.words.start.contains(said.as_str()) {
            consent::lift(attributes, &[consent::KEYWORD])
        } else {
            None
        }
    }

    /// What a call that writes `unsubscribed` really writes.
    pub(super) fn by_call(&self, person: PersonId, written: &Json) -> Option<Properties> {
        consent::by_program(&self.subjects.get(&person)?.person.attributes, written)
    }
}

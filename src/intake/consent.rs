//! Messages and calls that change whether somebody wants to hear from us: what they write is decided in
//! `resolve` and `model`.

use serde_json::Value as Json;

use super::pass::Pass;
use crate::model::consent;
use crate::model::id::PersonId;
use crate::model::inbound::Arrival;
use crate::model::value::Properties;

impl Pass<'_> {
    /// What a whole message that is a stop or start word writes.
    pub(super) fn keyword(&self, person: PersonId, arrival: &Arrival) -> Option<Properties> {
        let attributes = &self.subjects.get(&person)?.person.attributes;
        self.context.words.written(&arrival.kind, &arrival.properties, attributes)
    }

    /// What a call that writes `unsubscribed` really writes.
    pub(super) fn by_call(&self, person: PersonId, written: &Json) -> Option<Properties> {
        consent::by_program(&self.subjects.get(&person)?.person.attributes, written)
    }
}

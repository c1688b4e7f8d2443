//! Messages and calls that change whether somebody wants to hear from us: what they write is decided in `resolve`.

use serde_json::Value as Json;

use super::pass::Pass;
use crate::model::id::PersonId;
use crate::model::inbound::Arrival;
use crate::model::value::Properties;
use crate::resolve::consent;

impl Pass<'_> {
    /// What a whole message that is a stop or start word writes.
    pub(super) fn keyword(&self, person: PersonId, arrival: &Arrival) -> Option<Properties> {
        let attributes = &self.subjects.get(&person)?.person.attributes;
        self.context.words.written(&arrival.kind, &arrival.properties, attributes)
    }

    /// What a call that writes `unsubscribed` really writes.
    pub(super) fn by_call(&self, person: PersonId, written: &Json) -> Option<Properties> {
        consent::by_call(written, &self.subjects.get(&person)?.person.attributes)
    }
}

//! The words of messages by which people say that they do not want to hear from us, or do again.

use std::collections::BTreeSet;

use crate::model::consent;
use crate::model::event::Kind;
use crate::model::norm::normalise;
use crate::model::rule::Schema;
use crate::model::value::Properties;

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
            consent::set(attributes, consent::KEYWORD)
        } else if self.start.contains(said.as_str()) {
            consent::lift(attributes, &[consent::KEYWORD])
        } else {
            None
        }
    }
}

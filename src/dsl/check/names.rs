//! Everything a rule may name, and the complaint about what is not there.

use std::collections::{BTreeMap, BTreeSet};

use super::keywords::Keywords;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::envelope::schema::{Declared, built_in};
use crate::dsl::syntax::Name;
use crate::model::rule::{Property, RuleSet};
use crate::model::value::Type;

/// The names of all files together.
#[derive(Debug, Default)]
pub struct Names {
    pub declared: Declared,
    /// Where each segment is named.
    pub segments: BTreeMap<String, Span>,
    /// Those of the segments whose members come from outside.
    pub manual: BTreeSet<String>,
    pub campaigns: BTreeMap<String, CampaignNames>,
    /// The entries of all lists.
    pub keywords: Keywords,
    pub schedules: BTreeMap<String, ScheduleNames>,
    /// What the rule set in force has.
    pub before: Before,
}

/// A schedule.
#[derive(Debug)]
pub struct ScheduleNames {
    pub at: Span,
    /// Whether it starts campaigns.
    pub starts: bool,
}

/// The names of the rule set that another one takes the place of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    pub segments: BTreeSet<String>,
    pub campaigns: BTreeSet<String>,
    pub lists: BTreeSet<String>,
}

impl From<&RuleSet> for Before {
    fn from(rules: &RuleSet) -> Self {
        Self {
            segments: rules.segments.iter().map(|segment| segment.name.clone()).collect(),
            campaigns: rules.campaigns.iter().map(|campaign| campaign.name.clone()).collect(),
            lists: rules.schema.lists.keys().cloned().collect(),
        }
    }
}

/// A campaign and the ids of its steps.
#[derive(Debug)]
pub struct CampaignNames {
    pub at: Span,
    pub steps: Vec<String>,
}

/// Events of our own, which need no declaration.
pub const OWN_EVENTS: [&str; 6] =
    ["message_edited", "message_revoked", "number_changed", "preference_changed", "chat_opened", "call_permission"];

/// What every inbound message has, whatever the schema says.
const MESSAGE_PROPERTIES: [(&str, Type, bool); 9] = [
    ("body", Type::Text, false),
    ("sender", Type::Phone, true),
    ("our_number", Type::Phone, true),
    ("channel", Type::Text, true),
    ("kind", Type::Text, true),
    ("via", Type::Text, true),
    ("button_id", Type::Text, false),
    ("media_type", Type::Text, false),
    ("answers", Type::Text, false),
];

/// The values that a property of inbound messages can have, where they are few and known.
fn listed(property: &str) -> &'static [&'static str] {
    match property {
        "channel" => &["whatsapp", "sms"],
        "via" => &["text", "button", "list", "media", "flow"],
        _ => &[],
    }
}

/// What every inbound message has under `name`.
pub fn message_property(name: &str) -> Option<Property> {
    let (_, ty, always_set) = MESSAGE_PROPERTIES.iter().find(|(own, ..)| *own == name)?;
    let one_of = listed(name).iter().map(|word| (*word).to_owned()).collect();
    Some(Property { ty: *ty, one_of, always_set: *always_set })
}

/// Whose value a path reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'e> {
    Person,
    /// An inbound message.
    Message,
    /// A custom event.
    Event(&'e str),
    /// An event that carries nothing of its own.
    Nothing,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Declared, or built in; with the place of the declaration where there is one.
    Yes(Property, Option<Span>),
    /// Nothing declares names of this kind, so that any name goes.
    Unchecked,
    No,
}

impl Names {
    /// What is known of `name` as a value of `owner`.
    pub fn value(&self, owner: Owner<'_>, name: &str) -> Known {
        let schema = &self.declared.schema;
        match owner {
            Owner::Person => {
                if let Some(property) = built_in(name) {
                    return Known::Yes(property, None);
                }
                let at = self.declared.attributes_at.get(name);
                known(schema.person.get(name), at.map(|at| self.schema_span(at)), self.declared.person)
            }
            Owner::Message => {
                if let Some(property) = message_property(name) {
                    return Known::Yes(property, None);
                }
                known(self.declared.flows.get(name), None, schema.declared)
            }
            Owner::Event(event) => {
                if !self.declared.events || OWN_EVENTS.contains(&event) {
                    return Known::Unchecked;
                }
                // The event itself is complained of where it is named.
                let Some(properties) = schema.events.get(event) else { return Known::Unchecked };
                let at = self.declared.properties_at.get(&(event.to_owned(), name.to_owned()));
                known(properties.get(name), at.map(|at| self.schema_span(at)), true)
            }
            Owner::Nothing => Known::No,
        }
    }

    /// The declared type of `name` as a value of `owner`.
    pub fn ty(&self, owner: Owner<'_>, name: &str) -> Option<Type> {
        match self.value(owner, name) {
            Known::Yes(property, _) => Some(property.ty),
            Known::Unchecked | Known::No => None,
        }
    }

    /// Whether `name` is a field that flows return, seen from a message.
    pub fn is_flow_field(&self, owner: Owner<'_>, name: &str) -> bool {
        owner == Owner::Message
            && self.declared.flows.contains_key(name)
            && !MESSAGE_PROPERTIES.iter().any(|(own, ..)| *own == name)
    }

    /// The names that `owner` has, for suggestions.
    pub fn values(&self, owner: Owner<'_>) -> Vec<&str> {
        let schema = &self.declared.schema;
        match owner {
            Owner::Person => {
                let built_in = ["id", "known_since", "phone", "email", "unsubscribed"];
                schema.person.keys().map(String::as_str).chain(built_in).collect()
            }
            Owner::Message => {
                let own = MESSAGE_PROPERTIES.iter().map(|(name, ..)| *name);
                self.declared.flows.keys().map(String::as_str).chain(own).collect()
            }
            Owner::Event(event) => {
                schema.events.get(event).into_iter().flatten().map(|(name, _)| name.as_str()).collect()
            }
            Owner::Nothing => Vec::new(),
        }
    }

    /// Whether `event` may be named.
    pub fn is_event(&self, event: &str) -> bool {
        !self.declared.events || OWN_EVENTS.contains(&event) || self.declared.schema.events.contains_key(event)
    }

    /// Whether some event carries `property`, and which.
    pub fn event_with(&self, property: &str) -> Option<&str> {
        let events = &self.declared.schema.events;
        events.iter().find(|(_, properties)| properties.contains_key(property)).map(|(event, _)| event.as_str())
    }

    /// Where entry `n` of `list` stands; none of a list that is built in.
    pub fn entry_span(&self, list: &str, n: usize) -> Option<Span> {
        self.declared.entries_at.get(list)?.get(n).map(|at| self.schema_span(at))
    }

    /// A place in the schema's file.
    pub fn schema_span(&self, at: &std::ops::Range<usize>) -> Span {
        Span::new(self.declared.file, at.start, at.end)
    }
}

fn known(property: Option<&Property>, at: Option<Span>, checked: bool) -> Known {
    match property {
        Some(property) => Known::Yes(property.clone(), at),
        None if checked => Known::No,
        None => Known::Unchecked,
    }
}

/// The complaint about a name that is not there, with the nearest that is.
/// `quoted`: the span takes in the quotes, and so must what is put in its place.
pub fn unknown<'k>(
    code: Code,
    span: Span,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
    quoted: bool,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let complaint = Diagnostic::new(code, span, format!("there is no {what} `{name}`"));
    match nearest(name, known.iter().copied()) {
        Some(near) if quoted => complaint.fix(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
        Some(near) => complaint.fix(format!("did you mean `{near}`?"), span, near),
        None if !known.is_empty() && known.len() <= 12 => complaint.note(format!("known: `{}`", known.join("`, `"))),
        None => complaint,
    }
}

/// The complaint about a segment or campaign that is not there. `gone`: the rule set in force has it.
pub fn unknown_or_gone<'k>(
    name: &Name,
    what: &str,
    known: impl IntoIterator<Item = &'k str>,
    gone: bool,
) -> Diagnostic {
    if gone {
        return removed(name.span, what, &name.node);
    }
    unknown(Code::E0301, name.span, what, &name.node, known, true)
}

/// The complaint about a name that the rule set in force has and this one has not.
pub fn removed(span: Span, what: &str, name: &str) -> Diagnostic {
    Diagnostic::new(Code::E0303, span, format!("{what} `{name}` is taken out of the rules, and is still used here"))
        .label("it is there in the rules that are in force")
        .note(format!("take it out of here first, or keep the {what}"))
}

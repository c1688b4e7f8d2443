//! The steps that write: attributes, events, manual segments.

use super::scope::Scope;
use super::value::{Missing, Roots};
use crate::diagnostic::Code;
use crate::dsl::check::names::{Known, OWN_EVENTS, Owner};
use crate::dsl::check::values::with_article;
use crate::dsl::envelope::deeds::{ChangeFile, ManualFile, RecordFile, UpdateFile};
use crate::dsl::envelope::fields;
use crate::dsl::node::Node;
use crate::dsl::report::Report;
use crate::model::limit::EVENT_NAME_BYTES_MAX;
use crate::model::rule::{Action, Expression, Property, Update};
use crate::model::value::{Type, Value};

impl Scope<'_> {
    /// Attributes to be changed.
    pub(super) fn updates(
        &mut self,
        files: &[UpdateFile<'_>],
        roots: &Roots,
        report: &mut Report<'_>,
    ) -> Option<Vec<(String, Update)>> {
        let updates: Vec<Option<(String, Update)>> =
            files.iter().map(|file| self.update(file, roots, report)).collect();
        updates.into_iter().collect()
    }

    fn update(&mut self, file: &UpdateFile<'_>, roots: &Roots, report: &mut Report<'_>) -> Option<(String, Update)> {
        let name = &file.name;
        if ["id", "known_since", "email", "phone"].contains(&name.as_str()) {
            report
                .error(Code::E0304, file.at.clone(), format!("a step cannot change `{name}`"))
                .note("what says who somebody is comes from the API alone");
            return None;
        }
        let property = match self.names.value(Owner::Person, name) {
            Known::Yes(property, _) => Some(property),
            Known::Unchecked => None,
            Known::No => {
                let known = self.names.values(Owner::Person);
                report.unknown(Code::E0301, file.at.clone(), &format!("there is no attribute `{name}`"), name, &known);
                None
            }
        };
        let update = match file.change {
            ChangeFile::Set(node) => {
                Update::Set(self.typed(&format!("`{name}`"), property.as_ref(), node, Missing::Null, roots, report)?)
            }
            ChangeFile::Unset => {
                if property.is_some_and(|property| property.always_set) {
                    let message = format!("`{name}` is always set, and this takes it away");
                    report.error(Code::E0320, file.at.clone(), message);
                    return None;
                }
                Update::Unset
            }
            ChangeFile::Add(node) => Update::Add(self.item(file, property.as_ref(), node, roots, report)?),
            ChangeFile::Remove(node) => Update::Remove(self.item(file, property.as_ref(), node, roots, report)?),
        };
        Some((name.clone(), update))
    }

    /// An element of a list.
    fn item(
        &mut self,
        file: &UpdateFile<'_>,
        property: Option<&Property>,
        node: &Node,
        roots: &Roots,
        report: &mut Report<'_>,
    ) -> Option<Expression> {
        let name = &file.name;
        let ty = match property.map(|property| property.ty) {
            None => None,
            Some(Type::ListOfText) => Some(Type::Text),
            Some(Type::ListOfNumber) => Some(Type::Number),
            Some(ty) => {
                let message = format!("`{name}` is {}, and only a list has elements", with_article(ty));
                report.error(Code::E0320, file.at.clone(), message);
                return None;
            }
        };
        let element = ty.map(|ty| Property { ty, one_of: Vec::new(), always_set: false });
        self.typed(&format!("an element of `{name}`"), element.as_ref(), node, Missing::Refused, roots, report)
    }

    /// A value that goes where `property` is declared, which is called `what`.
    fn typed(
        &mut self,
        what: &str,
        property: Option<&Property>,
        node: &Node,
        missing: Missing,
        roots: &Roots,
        report: &mut Report<'_>,
    ) -> Option<Expression> {
        let value = self.expression(node, roots, missing, report)?;
        if let Some(property) = property {
            self.check_type(what, property, node, &value, roots, report)?;
        }
        Some(value)
    }

    /// Literals and paths have a type; a text with tags is read under the declared type when it is written.
    fn check_type(
        &mut self,
        what: &str,
        property: &Property,
        node: &Node,
        value: &Expression,
        roots: &Roots,
        report: &mut Report<'_>,
    ) -> Option<()> {
        let ty = match value {
            Expression::Literal(literal) => match Value::read(literal, property.ty) {
                Some(Value::Text(text)) if !property.one_of.is_empty() && !property.one_of.contains(&text) => {
                    let known: Vec<&str> = property.one_of.iter().map(String::as_str).collect();
                    let message = format!("{what} is never `{text}`");
                    report.unknown(Code::E0322, node.at.clone(), &message, &text, &known);
                    return None;
                }
                Some(_) => return Some(()),
                None => None,
            },
            Expression::Path(path) => match self.type_of(path, roots) {
                Some(Type::Text | Type::Phone) if matches!(property.ty, Type::Text | Type::Phone) => return Some(()),
                Some(ty) if ty != property.ty => Some(ty),
                Some(_) | None => return Some(()),
            },
            Expression::Text(_) => return Some(()),
        };
        let found = ty.map_or_else(|| node.noun().to_owned(), with_article);
        let message = format!("{what} is {}, and this is {found}", with_article(property.ty));
        report.error(Code::E0320, node.at.clone(), message);
        None
    }

    /// An event that the journey's person has then performed.
    pub(super) fn record(&mut self, file: &RecordFile<'_>, roots: &Roots, report: &mut Report<'_>) -> Option<Action> {
        let name = file.name.text()?.to_owned();
        if OWN_EVENTS.contains(&name.as_str()) {
            let complaint = report.error(Code::E0304, file.name.at.clone(), format!("a step cannot record `{name}`"));
            complaint.note("this event says what a provider has told us");
            return None;
        }
        if name.is_empty() || name.len() > EVENT_NAME_BYTES_MAX {
            let message = format!("the name of an event has 1 to {EVENT_NAME_BYTES_MAX} bytes");
            report.error(Code::E0114, file.name.at.clone(), message);
            return None;
        }
        if !self.names.is_event(&name) {
            let known: Vec<&str> = self.names.declared.schema.events.keys().map(String::as_str).collect();
            report.unknown(Code::E0301, file.name.at.clone(), &format!("there is no event `{name}`"), &name, &known);
            return None;
        }
        let owner = Owner::Event(&name);
        let mut properties = Vec::new();
        for (key, node) in &file.properties {
            let property = match self.names.value(owner, &key.name) {
                Known::Yes(property, _) => Some(property),
                Known::Unchecked => None,
                Known::No => {
                    let message = format!("the event `{name}` has no `{}`", key.name);
                    report.unknown(Code::E0301, key.at.clone(), &message, &key.name, &self.names.values(owner));
                    None
                }
            };
            let always = property.as_ref().is_some_and(|property| property.always_set);
            let missing = if always { Missing::Refused } else { Missing::Null };
            let value = self.typed(&format!("`{}`", key.name), property.as_ref(), node, missing, roots, report);
            properties.push(value.map(|value| (key.name.clone(), value)));
        }
        self.refuse_left_out(file, &name, report);
        Some(Action::RecordEvent { properties: properties.into_iter().collect::<Option<_>>()?, name })
    }

    /// A property that is always set is set here as well.
    fn refuse_left_out(&self, file: &RecordFile<'_>, name: &str, report: &mut Report<'_>) {
        let declared = self.names.declared.schema.events.get(name).into_iter().flatten();
        let is_given = |name: &str| file.properties.iter().any(|(key, _)| key.name == name);
        let missing: Vec<String> = declared
            .filter(|(name, property)| property.always_set && !is_given(name))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let message = format!("this event always has {}", missing.join(" and "));
            report.error(Code::E0903, file.name.at.clone(), message).label("give it under `props`");
        }
    }

    /// A manual segment that the journey's person joins or leaves.
    pub(super) fn manual(&mut self, file: &ManualFile<'_>, report: &mut Report<'_>) -> Option<Action> {
        let segment = fields::text(file.segment, "the name of a segment", report)?.to_owned();
        if !self.names.manual.contains(&segment) {
            let message = if self.names.segments.contains_key(&segment) {
                format!("`{segment}` has a condition, which alone says who is in it")
            } else {
                format!("there is no manual segment `{segment}`")
            };
            let known: Vec<&str> = self.names.manual.iter().map(String::as_str).collect();
            report.unknown(Code::E0301, file.segment.at.clone(), &message, &segment, &known);
            return None;
        }
        Some(Action::ManualSegment { segment, join: file.join })
    }
}

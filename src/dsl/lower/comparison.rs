//! Comparisons: the name, its type, the operator, and what a missing value gives.

use super::scope::Scope;
use super::sequence::owner;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{self, Known, Owner};
use crate::dsl::check::redundant::decided;
use crate::dsl::check::values::{self, Declaration, with_article};
use crate::dsl::envelope::schema::type_word;
use crate::dsl::syntax::{self, IfMissing, List, ListKind, Literal, OperatorKind, Root};
use crate::model::compare::{Comparison, Op};
use crate::model::rule::Property;
use crate::model::value::{Type, Value, nfc};

/// What a name is declared as, if names of its kind are declared at all.
pub(super) struct Subject {
    /// As it is written, without the root.
    pub name: String,
    /// As it is stored.
    pub stored: String,
    pub property: Option<Property>,
    pub declared_at: Option<Span>,
}

impl Subject {
    fn declaration(&self) -> Declaration<'_> {
        Declaration { name: &self.name, property: self.property.as_ref(), at: self.declared_at }
    }

    /// Points to the declaration, if there is one.
    pub fn declared(&self, complaint: Diagnostic) -> Diagnostic {
        let Some((at, property)) = self.declared_at.zip(self.property.as_ref()) else { return complaint };
        complaint.also(at, format!("declared as {}", type_word(property.ty)))
    }

    pub fn ty(&self) -> Option<Type> {
        self.property.as_ref().map(|property| property.ty)
    }
}

impl Scope<'_> {
    /// A test on a value of `owner`.
    pub(super) fn comparison(&mut self, written: &syntax::Comparison, owner: Owner<'_>) -> Option<Comparison> {
        let subject = self.subject(&written.path, owner)?;
        let op = self.op(&written.operator, &subject);
        let if_missing = self.if_missing(written, &subject);
        self.warn_of_decided(written.span, op.as_ref(), &subject);
        Some(Comparison { name: subject.stored.clone(), ty: subject.ty(), op: op?, if_missing: if_missing? })
    }

    pub(super) fn subject(&mut self, path: &syntax::Path, owner: Owner<'_>) -> Option<Subject> {
        let name = path.name.clone();
        if owner == Owner::Person && path.root == Root::Event {
            let message = format!("`event.{name}` is of an event, and here is a person");
            return self.refuse(Diagnostic::new(Code::E0305, path.span, message).note(BEHIND_WHERE));
        }
        // What a flow returns lies one level deeper.
        let stored = if self.names.is_flow_field(owner, &name) { format!("flow.data.{name}") } else { name.clone() };
        match self.names.value(owner, &name) {
            Known::Yes(property, declared_at) => Some(Subject { name, stored, property: Some(property), declared_at }),
            Known::Unchecked => Some(Subject { name, stored, property: None, declared_at: None }),
            Known::No => {
                let complaint = self.unknown_value(path, owner);
                self.refuse(complaint)
            }
        }
    }

    fn unknown_value(&self, path: &syntax::Path, owner: Owner<'_>) -> Diagnostic {
        if owner == Owner::Person
            && path.root == Root::None
            && let Some(event) = self.names.event_with(&path.name)
        {
            let message = format!("`{}` is of the event `{event}`, and here is a person", path.name);
            return Diagnostic::new(Code::E0305, path.span, message).note(BEHIND_WHERE);
        }
        let what = if owner == Owner::Person { "attribute" } else { "property" };
        let known: Vec<String> = self
            .names
            .values(owner)
            .into_iter()
            .map(|name| match path.root {
                Root::None => name.to_owned(),
                Root::Person => format!("person.{name}"),
                Root::Event => format!("event.{name}"),
            })
            .collect();
        let written = match path.root {
            Root::None => path.name.clone(),
            Root::Person => format!("person.{}", path.name),
            Root::Event => format!("event.{}", path.name),
        };
        let complaint = names::unknown(Code::E0301, path.span, what, &written, known.iter().map(String::as_str), false);
        if owner == Owner::Nothing {
            return complaint
                .note("what people write, and events of your own, have properties; other events have none");
        }
        complaint
    }

    /// Tests of what is always set, or can only be what is listed.
    fn warn_of_decided(&mut self, span: Span, op: Option<&Op>, subject: &Subject) {
        let Some(property) = subject.property.as_ref().filter(|property| property.always_set) else { return };
        let all = |values: &[Value]| {
            let is_there =
                |one: &String| values.iter().any(|value| matches!(value, Value::Text(text) if *text == nfc(one)));
            !property.one_of.is_empty() && property.one_of.iter().all(is_there)
        };
        let (truth, why) = match op {
            Some(Op::Missing) => (false, "marked `always_set`"),
            Some(Op::Present) => (true, "marked `always_set`"),
            Some(Op::OneOf(values)) if all(values) => (true, "all that it can be"),
            Some(Op::NotOneOf(values)) if all(values) => (false, "all that it can be"),
            _ => return,
        };
        let complaint = decided(span, truth);
        self.complaints.push(match subject.declared_at {
            Some(at) => complaint.also(at, why),
            None => complaint.label(format!("`{}` is always set", subject.name)),
        });
    }

    /// The name under which a property of `event` is stored. `clause` takes no values of the person.
    pub(super) fn property(&mut self, path: &syntax::Path, event: &syntax::Event, clause: &str) -> Option<String> {
        if path.root == Root::Person {
            let message = format!("`person.{}` is of the person, and {clause} is about what events carry", path.name);
            return self.refuse(Diagnostic::new(Code::E0305, path.span, message).also(event.span, "of this event"));
        }
        let complaints = self.complaints.len();
        let subject = self.subject(path, owner(&event.node));
        for complaint in self.complaints.split_off(complaints) {
            self.complaints.push(complaint.also(event.span, "of this event"));
        }
        subject.map(|subject| subject.stored)
    }

    /// A negative test does not say what becomes of those without a value: the author has to.
    fn if_missing(&mut self, written: &syntax::Comparison, subject: &Subject) -> Option<bool> {
        let presence = matches!(written.operator.node, OperatorKind::Missing | OperatorKind::Present);
        if let Some(clause) = written.missing {
            if presence {
                return self.refuse(
                    Diagnostic::new(Code::E0312, clause.span, "this test says already what a missing value gives").fix(
                        "leave it out",
                        clause.span,
                        "",
                    ),
                );
            }
            return Some(clause.node == IfMissing::True);
        }
        let negative = matches!(
            written.operator.node,
            OperatorKind::IsNot(_) | OperatorKind::NotOneOf(_) | OperatorKind::DoesNotContain(_)
        );
        let always_set = subject.property.as_ref().is_some_and(|property| property.always_set);
        if !negative || always_set {
            return Some(false);
        }
        let name = &subject.name;
        let message = format!("`{name}` can be missing, and `{}` does not say what to do then", negative_word(written));
        let end = written.operator.span.after();
        let mut complaint = Diagnostic::new(Code::E0312, written.span, message)
            .label(format!("without `{name}`: in or out?"))
            .fix("take those without it in", end, " (or missing)")
            .fix("leave them out", end, " (and present)");
        if let Some(at) = subject.declared_at {
            complaint = complaint.also(at, "not marked `always_set`");
        }
        self.refuse(complaint)
    }

    fn op(&mut self, operator: &syntax::Operator, subject: &Subject) -> Option<Op> {
        match &operator.node {
            OperatorKind::Missing => Some(Op::Missing),
            OperatorKind::Present => Some(Op::Present),
            OperatorKind::Is(literal) => self.is(literal, subject),
            OperatorKind::IsNot(literal) => self.literal(literal, subject).map(Op::IsNot),
            OperatorKind::OneOf(list) => self.literals(list, subject).map(Op::OneOf),
            OperatorKind::NotOneOf(list) => self.literals(list, subject).map(Op::NotOneOf),
            OperatorKind::More(literal) => self.ordered(literal, subject).map(Op::More),
            OperatorKind::AtLeast(literal) => self.ordered(literal, subject).map(Op::AtLeast),
            OperatorKind::Less(literal) => self.ordered(literal, subject).map(Op::Less),
            OperatorKind::AtMost(literal) => self.ordered(literal, subject).map(Op::AtMost),
            OperatorKind::Contains(literal) => self.element(literal, subject).map(Op::Contains),
            OperatorKind::DoesNotContain(literal) => self.element(literal, subject).map(Op::DoesNotContain),
            OperatorKind::StartsWith(text) => {
                self.texts_only(text.span, subject)?;
                Some(Op::StartsWith(nfc(&text.text)))
            }
            OperatorKind::EndsWith(text) => {
                self.texts_only(text.span, subject)?;
                Some(Op::EndsWith(nfc(&text.text)))
            }
            OperatorKind::Matches(pattern) => {
                self.texts_only(pattern.span, subject)?;
                Some(Op::Matches(pattern.node.clone()))
            }
            OperatorKind::Time(test) => self.time_test(test, operator.span, subject),
        }
    }

    /// A time is never a day, but it lies on one.
    fn is(&mut self, literal: &Literal, subject: &Subject) -> Option<Op> {
        let day = matches!(literal.node, syntax::LiteralKind::Moment(syntax::MomentKind::Date(_)));
        match values::checked(literal, subject.declaration()) {
            Ok(value) => Some(Op::Is(value)),
            Err(mut complaint) => {
                if day && subject.ty() == Some(Type::Time) {
                    complaint.notes.clear();
                    *complaint = complaint.fix("at any time of that day", literal.span.before(), "on ");
                }
                self.refuse(*complaint)
            }
        }
    }

    pub(super) fn literal(&mut self, literal: &Literal, subject: &Subject) -> Option<Value> {
        values::checked(literal, subject.declaration()).map_or_else(|complaint| self.refuse(*complaint), Some)
    }

    fn element(&mut self, literal: &Literal, subject: &Subject) -> Option<Value> {
        values::part(literal, subject.declaration()).map_or_else(|complaint| self.refuse(*complaint), Some)
    }

    /// What has an order: numbers, texts, times, dates.
    fn ordered(&mut self, literal: &Literal, subject: &Subject) -> Option<Value> {
        let value = self.literal(literal, subject)?;
        if matches!(value, Value::Boolean(_)) {
            return self.refuse(Diagnostic::new(
                Code::E0320,
                literal.span,
                "`true` and `false` are neither more nor less",
            ));
        }
        Some(value)
    }

    fn literals(&mut self, list: &List, subject: &Subject) -> Option<Vec<Value>> {
        match &list.node {
            ListKind::Literals(literals) => {
                let values: Vec<Option<Value>> =
                    literals.iter().map(|literal| self.literal(literal, subject)).collect();
                let values: Vec<Value> = values.into_iter().collect::<Option<_>>()?;
                let first = values.first().map(Value::natural_type);
                match literals.iter().zip(&values).find(|(_, value)| Some(value.natural_type()) != first) {
                    Some((literal, _)) => {
                        self.refuse(Diagnostic::new(Code::E0320, literal.span, "the values of a list are of one type"))
                    }
                    None => Some(values),
                }
            }
            ListKind::Named(name) => {
                let words = self.list(name, list.span)?;
                self.texts_only(list.span, subject)?;
                Some(words.iter().map(|word| Value::Text(nfc(word))).collect())
            }
        }
    }

    fn texts_only(&mut self, span: Span, subject: &Subject) -> Option<()> {
        match subject.ty() {
            None | Some(Type::Text | Type::Phone) => Some(()),
            Some(ty) => {
                let message = format!("`{}` is {}, and this asks for a text", subject.name, with_article(ty));
                self.refuse(subject.declared(Diagnostic::new(Code::E0320, span, message)))
            }
        }
    }
}

const BEHIND_WHERE: &str = "properties of an event stand behind its `where`";

fn negative_word(written: &syntax::Comparison) -> &'static str {
    match written.operator.node {
        OperatorKind::NotOneOf(_) => "is not one of",
        OperatorKind::DoesNotContain(_) => "does not contain",
        _ => "is not",
    }
}

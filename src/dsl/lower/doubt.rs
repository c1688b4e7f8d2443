//! Conditions that are true of more people than their authors think of.

use super::history::is_deed;
use super::scope::{Place, Scope};
use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{Known, Owner};
use crate::dsl::parse::unit_word;
use crate::dsl::syntax::{self, ConditionKind, Lead, OperatorKind, WindowKind};

impl Scope<'_> {
    /// `not (x is "…")`, the whole of which stands at `span`, takes in those without an x.
    pub(super) fn warn_of_missing(&mut self, span: Span, inner: &syntax::Condition) {
        let ConditionKind::Comparison(comparison) = &inner.node else { return };
        if comparison.missing.is_some() || !is_positive(&comparison.operator.node) {
            return;
        }
        let name = &comparison.path.name;
        if matches!(self.names.value(Owner::Person, name), Known::Yes(property, _) if property.always_set) {
            return;
        }
        let complaint = Diagnostic::new(Code::W0702, span, format!("this is also true of people without `{name}`"));
        self.complaints.push(match said_directly(span, comparison) {
            Some(edits) => {
                let with = |clause: &str| {
                    let mut edits = edits.clone();
                    let behind = Span::new(span.file, comparison.span.end, span.end);
                    edits.push(Edit { span: behind, replacement: clause.to_owned() });
                    edits
                };
                complaint
                    .fix_all("if that is meant, say so", with(" (or missing)"))
                    .fix_all("leave them out", with(" (and present)"))
            }
            None => complaint.note(format!("to leave them out, add `and {name} is present`")),
        });
    }

    /// `has not replied within 7 days` holds of somebody who is known since yesterday.
    pub(super) fn warn_of_people_just_met(&mut self, written: &syntax::Condition) {
        if self.place == Place::Journey {
            return;
        }
        let conjuncts = match &written.node {
            ConditionKind::All(parts) => parts.as_slice(),
            _ => std::slice::from_ref(written),
        };
        if conjuncts.iter().any(|part| matches!(part.node, ConditionKind::KnownFor(_))) {
            return;
        }
        for part in conjuncts {
            let ConditionKind::History(history) = &part.node else { continue };
            let absent = history.lead.is_some_and(|lead| lead.node == Lead::HasNot);
            let length = match history.window.as_ref().map(|window| &window.node) {
                Some(WindowKind::InTheLast(length) | WindowKind::Within(length)) => length,
                _ => continue,
            };
            if !absent || !is_deed(&history.chain.first.node) {
                continue;
            }
            // `known for at least` takes no units of the calendar.
            let length = match length.elapsed() {
                Some(_) => format!("{} {}", length.amount, unit_word(length.amount, length.unit)),
                None => {
                    let days = length.longest().0 / 86_400;
                    format!("{days} {}", if days == 1 { "day" } else { "days" })
                }
            };
            self.complaints.push(
                Diagnostic::new(Code::W0705, part.span, "this is also true of people whom we know since yesterday")
                    .fix("leave them out", part.span.before(), format!("known for at least {length} and ")),
            );
        }
    }
}

fn is_positive(operator: &OperatorKind) -> bool {
    !matches!(
        operator,
        OperatorKind::Missing
            | OperatorKind::Present
            | OperatorKind::IsNot(_)
            | OperatorKind::NotOneOf(_)
            | OperatorKind::DoesNotContain(_)
    )
}

/// `not (x is y)` as `x is not y`, up to what it says about a missing value; for operators that have a negative.
fn said_directly(span: Span, comparison: &syntax::Comparison) -> Option<Vec<Edit>> {
    let operator = comparison.operator.span;
    let word = |length: usize| Span::new(operator.file, operator.start, operator.start + length);
    let negative = match comparison.operator.node {
        OperatorKind::Is(_) | OperatorKind::OneOf(_) => {
            Edit { span: word("is".len()), replacement: "is not".to_owned() }
        }
        OperatorKind::Contains(_) => Edit { span: word("contains".len()), replacement: "does not contain".to_owned() },
        _ => return None,
    };
    let not = Span::new(span.file, span.start, comparison.span.start);
    Some(vec![Edit { span: not, replacement: String::new() }, negative])
}

//! Rules about which phrases go together that need nothing but the syntax tree: no schema, no other rule.

mod chain;
mod history;
mod trigger;

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::limit::ATOMS_PER_RULE_MAX;

use super::syntax::{Condition, ConditionKind, History};

pub use chain::STEPS_PER_SEQUENCE_MAX;
pub(super) use history::may_be_ever;
pub use trigger::{Trigger, check_each_trigger, check_event_trigger, not_a_trigger};

/// Checks a condition and everything in it.
pub fn check_condition(condition: &Condition, out: &mut Vec<Diagnostic>) {
    let mut atoms = 0;
    walk(condition, &mut atoms, out);
    if atoms > ATOMS_PER_RULE_MAX {
        out.push(
            Diagnostic::new(
                Code::E0114,
                condition.span,
                format!("this has {atoms} tests, and no condition has more than {ATOMS_PER_RULE_MAX}"),
            )
            .note("a part of it can be a segment of its own, and stand here as `in segment \"…\"`"),
        );
    }
}

fn walk(condition: &Condition, atoms: &mut usize, out: &mut Vec<Diagnostic>) {
    match &condition.node {
        ConditionKind::All(parts) | ConditionKind::Any(parts) => {
            for part in parts {
                walk(part, atoms, out);
            }
        }
        ConditionKind::Not(inner) => {
            if let ConditionKind::History(history) = &inner.node {
                // With parentheses around it, the condition is longer than its history.
                if inner.span == history.span && !history.chain.steps.is_empty() {
                    out.push(not_first(condition.span, history));
                }
            }
            walk(inner, atoms, out);
        }
        ConditionKind::ForAtLeast(inner, _) => walk(inner, atoms, out),
        ConditionKind::History(history) => {
            *atoms += 1;
            history::check(history, out);
        }
        _ => *atoms += 1,
    }
}

/// `not A then B`: is all of it negated, or the first step?
fn not_first(whole: Span, history: &History) -> Diagnostic {
    let not = Span::new(whole.file, whole.start, whole.start + "not".len());
    let diagnostic = Diagnostic::new(Code::E0208, not, "a sequence does not begin with what did not happen")
        .also(history.chain.span, "this sequence");
    let around = vec![
        Edit { span: history.span.before(), replacement: "(".to_owned() },
        Edit { span: history.span.after(), replacement: ")".to_owned() },
    ];
    let diagnostic = diagnostic.fix_all("it is not so that the whole happened", around);
    if history.lead.is_none() {
        return diagnostic.fix("the same in other words", not, "has not");
    }
    diagnostic
}

/// Takes out what stands between the ends of two clauses.
fn cut(behind: Span, clause: Span) -> Edit {
    Edit { span: Span::new(clause.file, behind.end, clause.end), replacement: String::new() }
}

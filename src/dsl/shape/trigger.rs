//! Triggers: single happenings. What counts or looks back is for conditions.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{Chain, EventKind, History, Lead, WindowKind};

use super::{chain, cut};

/// Which trigger something stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Event,
    Each,
}

/// Checks the event of a trigger.
pub fn check_event_trigger(chain: &Chain, out: &mut Vec<Diagnostic>) {
    out.extend(nothing_happens(chain));
    chain::check(chain, false, out);
}

/// Checks the sequence of a trigger.
pub fn check_each_trigger(chain: &Chain, out: &mut Vec<Diagnostic>) {
    if chain.steps.is_empty() {
        out.extend(nothing_happens(chain));
        out.push(one_event(chain.span));
    }
    chain::check(chain, false, out);
}

fn one_event(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0218, span, "`each` is for sequences, and this is one event")
        .label("no `then`")
        .note("one event stands under `event`")
}

fn nothing_happens(chain: &Chain) -> Option<Diagnostic> {
    let EventKind::WasSent { not: Some(not), .. } = chain.first.node else { return None };
    let first = chain.first.span;
    let was = Span::new(first.file, first.start, first.start + "was".len());
    Some(
        Diagnostic::new(Code::E0202, not, "a trigger is something that happens")
            .label("this is something that does not")
            .fix_all("take it out", vec![cut(was, not)]),
    )
}

/// Why `history` is no trigger of the wanted kind. `not` is where that word stands in front of it.
#[must_use]
pub fn not_a_trigger(history: &History, not: Option<Span>, wanted: Trigger) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if let Some(not) = not {
        out.push(
            Diagnostic::new(Code::E0208, not, "a trigger does not begin with what did not happen")
                .note("a condition that becomes true stands under `becomes`"),
        );
    }
    match wanted {
        Trigger::Event if !history.chain.steps.is_empty() => out.push(
            Diagnostic::new(Code::E0218, history.chain.span, "`event` is for one event, and this is a sequence")
                .note("a sequence stands under `each`"),
        ),
        Trigger::Each if history.chain.steps.is_empty() => out.push(one_event(history.chain.span)),
        _ => {}
    }
    lead(history, &mut out);
    let mut behind = history.chain.span;
    let times = history.times.as_ref().map(|clause| clause.span);
    let distinct = history.distinct.as_ref().map(|clause| clause.span);
    for counted in [times, distinct].into_iter().flatten() {
        out.push(
            Diagnostic::new(Code::E0202, counted, "a trigger is one happening, and is not counted")
                .note("a condition that becomes true stands under `becomes`")
                .fix_all("take it out", vec![cut(behind, counted)]),
        );
        behind = counted;
    }
    out.extend(window(history, behind));
    out
}

fn lead(history: &History, out: &mut Vec<Diagnostic>) {
    let Some(lead) = &history.lead else { return };
    let without = Span::new(lead.span.file, lead.span.start, history.chain.span.start);
    let diagnostic = match lead.node {
        Lead::Has => Diagnostic::new(Code::E0202, lead.span, "a trigger is the happening itself, without `has`"),
        Lead::MostRecently => Diagnostic::new(Code::E0202, lead.span, "a trigger is the newest event by itself"),
        Lead::HasNot | Lead::Never => {
            out.push(
                Diagnostic::new(Code::E0202, lead.span, "a trigger is something that happens")
                    .label("this is something that does not")
                    .note("a condition that becomes true stands under `becomes`"),
            );
            return;
        }
    };
    out.push(diagnostic.fix("take it out", without, ""));
}

fn window(history: &History, behind: Span) -> Option<Diagnostic> {
    let window = history.window.as_ref()?;
    let diagnostic = Diagnostic::new(Code::E0202, window.span, "a trigger happens now, and has no window");
    Some(match window.node {
        WindowKind::Within(_) if history.chain.steps.is_empty() && history.chain.within_of.is_none() => diagnostic
            .label("in time for what?")
            .fix("in time for its message", window.span.after(), " of the message it answers")
            .fix("in time after a message", window.span.after(), " of any message"),
        _ => diagnostic.fix_all("take it out", vec![cut(behind, window.span)]),
    })
}

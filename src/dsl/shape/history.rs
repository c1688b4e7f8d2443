//! Histories: which of lead, sequence, count and window go together.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{Bound, EventKind, History, How, Lead, LiteralKind, MomentKind, Of, WindowKind};

use super::{chain, cut};

/// Checks a history in a condition.
pub(super) fn check(history: &History, out: &mut Vec<Diagnostic>) {
    chain::check(&history.chain, history.window.is_none() && history.chain.steps.is_empty(), out);
    negatives(history, out);
    counts(history, out);
    never(history, out);
    if history.window.is_none() && !may_be_ever(history) {
        out.push(no_window(history));
    }
}

/// The last clause before the window.
fn before_window(history: &History) -> Span {
    let distinct = history.distinct.as_ref().map(|clause| clause.span);
    distinct.or(history.times.as_ref().map(|clause| clause.span)).unwrap_or(history.chain.span)
}

fn negatives(history: &History, out: &mut Vec<Diagnostic>) {
    let (Some(lead), EventKind::WasSent { not, .. }) = (&history.lead, &history.chain.first.node) else { return };
    if let (Lead::MostRecently, Some(not)) = (lead.node, not) {
        let was = Span::new(not.file, history.chain.first.span.start, history.chain.first.span.start + "was".len());
        let negated = vec![edit(lead.span.before(), "not "), cut(was, *not)];
        out.push(
            Diagnostic::new(Code::E0206, *not, "`most recently` looks at what happened, and this did not")
                .also(lead.span, "this asks for the newest event")
                .fix_all("the newest was another one, or there is none", negated),
        );
    }
    if lead.node == Lead::HasNot || (lead.node == Lead::Never && not.is_some()) {
        out.push(chain::twice_negated(lead.span, history.chain.first.span, *not));
    }
}

fn counts(history: &History, out: &mut Vec<Diagnostic>) {
    let times = history.times.as_ref().map(|clause| clause.span);
    let distinct = history.distinct.as_ref().map(|clause| clause.span);
    let Some(counted) = times.or(distinct) else {
        if let Some(lead) = history.lead.as_ref().filter(|lead| lead.node == Lead::MostRecently)
            && is_sequence(history)
        {
            out.push(
                Diagnostic::new(Code::E0207, lead.span, "a sequence has no most recent event")
                    .also(history.chain.span, "this is a sequence"),
            );
        }
        return;
    };
    if is_sequence(history) {
        out.push(
            Diagnostic::new(Code::E0207, counted, "a sequence is not counted")
                .also(history.chain.span, "this is a sequence")
                .note("a campaign can record an event whenever the sequence completes, and that can be counted"),
        );
    } else if let (Some(times), Some(distinct)) = (times, distinct) {
        out.push(
            Diagnostic::new(Code::E0206, distinct, "events are counted here and different values too")
                .also(times, "either this")
                .fix_all("count the values", vec![cut(history.chain.span, times)])
                .fix_all("count the events", vec![cut(times, distinct)]),
        );
    } else if let Some(diagnostic) = counted_and_negated(history, counted) {
        out.push(diagnostic);
    }
}

/// `has not … at least 3 times` and its like.
fn counted_and_negated(history: &History, counted: Span) -> Option<Diagnostic> {
    if let Some(lead) = history.lead.as_ref().filter(|lead| lead.node != Lead::Has) {
        let word = match lead.node {
            Lead::HasNot => "has not",
            Lead::Never => "never",
            _ => "most recently",
        };
        let diagnostic = Diagnostic::new(Code::E0206, counted, format!("`{word}` and a count do not go together"))
            .also(lead.span, "this asks for one event");
        let without = Span::new(lead.span.file, lead.span.start, history.chain.span.start);
        let bound =
            history.times.as_ref().map(|times| times.node).or(history.distinct.as_ref().map(|d| d.node.bound))?;
        return Some(match opposite(bound).filter(|_| lead.node != Lead::MostRecently) {
            Some(words) => {
                let edits = vec![edit(without, ""), edit(words_of(&bound, counted, history), words)];
                diagnostic.fix_all(format!("write `{words} {}`", bound.count.node), edits)
            }
            None => diagnostic,
        });
    }
    let EventKind::WasSent { not: Some(not), .. } = &history.chain.first.node else { return None };
    let first = history.chain.first.span;
    Some(
        Diagnostic::new(Code::E0206, counted, "`was not sent` and a count do not go together")
            .also(*not, "this asks for no event")
            .fix_all("count what was sent", vec![cut(Span::new(first.file, first.start, first.start + 3), *not)]),
    )
}

fn edit(span: Span, text: &str) -> crate::diagnostic::diagnostic::Edit {
    crate::diagnostic::diagnostic::Edit { span, replacement: text.to_owned() }
}

/// What is said instead of `not` with this bound.
fn opposite(bound: Bound) -> Option<&'static str> {
    match bound.how {
        How::AtLeast => Some("fewer than"),
        How::AtMost => Some("more than"),
        How::MoreThan => Some("at most"),
        How::FewerThan => Some("at least"),
        How::Exactly => None,
    }
}

/// The words of the bound in front of its number.
fn words_of(bound: &Bound, counted: Span, history: &History) -> Span {
    let skipped = if history.times.is_some() { 0 } else { "with ".len() };
    let end = bound.count.span.start.saturating_sub(1);
    Span::new(counted.file, counted.start + skipped, end)
}

/// `E within D of M` is one too.
fn is_sequence(history: &History) -> bool {
    let of_message = history.chain.within_of.as_ref().is_some_and(|clause| matches!(clause.of.node, Of::Message(_)));
    of_message || !history.chain.steps.is_empty()
}

fn never(history: &History, out: &mut Vec<Diagnostic>) {
    let Some(lead) = history.lead.as_ref().filter(|lead| lead.node == Lead::Never) else { return };
    let Some(window) = history.window.as_ref().filter(|window| window.node != WindowKind::Ever) else { return };
    out.push(
        Diagnostic::new(Code::E0205, window.span, "`never` is for all time")
            .also(lead.span, "and this says so")
            .fix("only in that time", lead.span, "has not")
            .fix_all("for all time", vec![cut(before_window(history), window.span)]),
    );
}

/// Where leaving the window out is no oversight: it is `ever` then.
pub(in crate::dsl) fn may_be_ever(history: &History) -> bool {
    let never = history.lead.as_ref().is_some_and(|lead| lead.node == Lead::Never);
    let deadline = match history.chain.steps.last() {
        Some(last) => last.within.is_some() || chain::is_absence(last),
        None => history.chain.within_of.is_some(),
    };
    never || deadline
}

fn no_window(history: &History) -> Diagnostic {
    let end = history.span.after();
    if let EventKind::Changed { from: Some(from), to: Some(to), .. } = &history.chain.first.node
        && history.chain.steps.is_empty()
        && history.times.is_none()
        && [from, to].iter().all(|value| matches!(value.node, LiteralKind::Moment(MomentKind::Date(_))))
    {
        let clause = history.chain.first.span;
        let path_end = Span::new(clause.file, from.span.start.saturating_sub("from ".len()), from.span.start);
        return Diagnostic::new(
            Code::E0223,
            from.span.to(to.span),
            "these days are read as values, and no window is left",
        )
        .fix("these values, at any time", end, " ever")
        .fix("any change in these days", path_end.before(), "at least 1 time ");
    }
    Diagnostic::new(Code::E0203, history.span, "this does not say when")
        .label("at any time, or lately?")
        .fix("at any time", end, " ever")
        .fix("lately, for example", end, " in the last 30 days")
}

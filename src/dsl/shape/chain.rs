//! Sequences: what their steps may be, and what `it` can mean.

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{Chain, Event, EventKind, Message, MessageKind, Of, Step};

use super::cut;

/// Events of one sequence.
pub const STEPS_PER_SEQUENCE_MAX: usize = 5;

/// Checks one event or a sequence. `window` says whether one may be written behind it.
pub(super) fn check(chain: &Chain, window: bool, out: &mut Vec<Diagnostic>) {
    // The send that `within … of` a message counts from is one too.
    let unseen = chain.within_of.as_ref().is_some_and(|clause| matches!(clause.of.node, Of::Message(_)));
    let steps = chain.steps.len() + 1 + usize::from(unseen);
    if steps > STEPS_PER_SEQUENCE_MAX {
        let message = format!("this sequence has {steps} steps, and none has more than {STEPS_PER_SEQUENCE_MAX}");
        out.push(Diagnostic::new(Code::E0114, chain.span, message));
    }
    if let (EventKind::WasSent { not: Some(not), .. }, false) = (&chain.first.node, chain.steps.is_empty()) {
        out.push(
            Diagnostic::new(Code::E0208, *not, "a sequence does not begin with what did not happen")
                .note("what did not happen stands behind `then`, with a deadline: `then was not sent … within 2 days`"),
        );
    }
    answered(chain, window, out);
    references(chain, out);
    for (n, step) in chain.steps.iter().enumerate() {
        self::step(step, chain.steps.get(n + 1), out);
    }
}

/// Whether the step is about something that does not happen.
pub(super) fn is_absence(step: &Step) -> bool {
    step.not.is_some() || matches!(step.event.node, EventKind::WasSent { not: Some(_), .. })
}

fn step(step: &Step, next: Option<&Step>, out: &mut Vec<Diagnostic>) {
    if let (Some(not), EventKind::WasSent { not: inner, .. }) = (step.not, &step.event.node) {
        out.push(twice_negated(not, step.event.span, *inner));
    }
    if !is_absence(step) {
        return;
    }
    match (next, &step.within) {
        (None, None) => {
            out.push(
                Diagnostic::new(Code::E0204, step.span, "what does not happen needs a deadline")
                    .label("until when?")
                    .fix("say by when, for example", step.span.after(), " within 2 days"),
            )
        }
        (Some(_), Some(within)) => {
            let behind = step.same.as_ref().map_or(step.event.span, |same| same.span);
            out.push(
                Diagnostic::new(Code::E0209, within.span, "the deadline of this step is the next step")
                    .label("it must not happen between the steps beside it")
                    .fix_all("take it out", vec![cut(behind, within.span)]),
            );
        }
        _ => {}
    }
    if let Some(next) = next.filter(|next| is_absence(next)) {
        out.push(
            Diagnostic::new(Code::E0209, next.span, "a step that must not happen is followed by one that must")
                .also(step.span, "this must not happen either")
                .note("two things that must not happen are two conditions with `and` between them"),
        );
    }
}

/// `not was sent`, `has not was sent` and what has even more negatives. `not` is what stands in front of the event.
pub(super) fn twice_negated(not: Span, event: Span, inner: Option<Span>) -> Diagnostic {
    let was = Span::new(event.file, event.start, event.start + "was".len());
    if let Some(inner) = inner {
        return Diagnostic::new(Code::E0225, not.to(inner), "this is negated twice").fix_all(
            "if it must happen, take both out",
            vec![Edit { span: Span::new(not.file, not.start, was.start), replacement: String::new() }, cut(was, inner)],
        );
    }
    Diagnostic::new(Code::E0225, not.to(was), "the negative of `was sent` is written `was not sent`").fix(
        "write `was not sent`",
        not.to(was),
        "was not",
    )
}

/// `within D of the message it answers` stands behind what can answer.
fn answered(chain: &Chain, window: bool, out: &mut Vec<Diagnostic>) {
    let Some(clause) = chain.within_of.as_ref().filter(|clause| matches!(clause.of.node, Of::Answered)) else { return };
    let answers = matches!(
        chain.first.node,
        EventKind::Replied(_)
            | EventKind::Tapped { .. }
            | EventKind::Reacted { .. }
            | EventKind::RemovedReaction { .. }
    );
    if !answers {
        let diagnostic = Diagnostic::new(Code::E0226, clause.of.span, "this event answers no message")
            .also(chain.first.span, "replies, taps and reactions do");
        out.push(if window {
            diagnostic.fix_all("count back from now", vec![cut(clause.length.span, clause.span)])
        } else {
            diagnostic.fix_all("take it out", vec![cut(chain.first.span, clause.span)])
        });
    }
}

/// `it` needs an earlier step that is about a message.
fn references(chain: &Chain, out: &mut Vec<Diagnostic>) {
    let unseen = chain.within_of.as_ref().and_then(|clause| match &clause.of.node {
        Of::Message(message) => Some(message),
        Of::Answered => None,
    });
    out.extend(unseen.and_then(it).map(nothing_earlier));
    let mut seen = unseen.is_some();
    out.extend(chain.first.node.message().and_then(it).filter(|_| !seen).map(nothing_earlier));
    seen |= is_message_step(&chain.first);
    for step in &chain.steps {
        out.extend(step.event.node.message().and_then(it).filter(|_| !seen).map(nothing_earlier));
        seen |= is_message_step(&step.event) && !is_absence(step);
    }
}

fn it(message: &Message) -> Option<Span> {
    matches!(message.node, MessageKind::It).then_some(message.span)
}

fn nothing_earlier(it: Span) -> Diagnostic {
    Diagnostic::new(Code::E0214, it, "`it` is the message of an earlier step, and there is none")
        .note("such steps are `was sent`, `received`, `read` and `failed to receive`")
        .fix("if any will do", it, "any message")
}

fn is_message_step(event: &Event) -> bool {
    matches!(
        event.node,
        EventKind::WasSent { .. } | EventKind::Received(_) | EventKind::Read(_) | EventKind::FailedToReceive(_)
    )
}

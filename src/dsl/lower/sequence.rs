//! Chains: one event, or several in sequence.

use super::scope::{Scope, in_words};
use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::check::names::Owner;
use crate::dsl::syntax::{At, Chain, EventKind, Length, Of, Path, Step};
use crate::model::rule::{Match, Phrase, Sequence, Then, Verb};
use crate::model::time;

impl Scope<'_> {
    /// What one event, or several in sequence, mean.
    pub fn phrase(&mut self, chain: &Chain) -> Option<Phrase> {
        let first = self.event(&chain.first);
        let mut together = time::Span::default();
        let clause = chain.within_of.as_ref().map(|clause| (&clause.length, &clause.of.node));
        let (first, mut steps) = match clause {
            Some((length, Of::Message(message))) => {
                let sent = self.delivery(Verb::WasSent, message);
                let within = self.deadline(length, &mut together);
                let then = first.zip(within).map(|(event, within)| then(false, event, None, Some(within)));
                (sent, vec![then])
            }
            Some((length, Of::Answered)) => {
                let within = self.deadline(length, &mut time::Span::default());
                self.warn_beyond_attribution(length);
                let first = first.zip(within).map(|(event, within)| Match { in_time: Some(within), ..event });
                (first, Vec::new())
            }
            None => (first, Vec::new()),
        };
        let mut earlier = &chain.first;
        for step in &chain.steps {
            steps.push(self.step(step, earlier, &mut together));
            if !is_absence(step) {
                earlier = &step.event;
            }
        }
        if steps.is_empty() {
            return first.map(|event| Phrase::One(Box::new(event)));
        }
        let steps: Vec<Then> = steps.into_iter().collect::<Option<_>>()?;
        let verdict = steps.last().is_some_and(|step| step.not);
        let grace = if verdict { self.grace } else { time::Span::default() };
        Some(Phrase::Sequence(Box::new(Sequence { first: first?, steps, grace })))
    }

    /// `earlier` is the nearest step before it that happens.
    fn step(&mut self, step: &Step, earlier: &At<EventKind>, together: &mut time::Span) -> Option<Then> {
        let event = self.event(&step.event);
        let same = step.same.as_ref().map(|path| self.same(path, earlier, &step.event));
        let within = step.within.as_ref().map(|within| self.deadline(&within.node, together));
        let (same, within) = (flat(same)?, flat(within)?);
        Some(then(is_absence(step), event?, same, within))
    }

    /// The property, which both events have.
    fn same(&mut self, path: &At<Path>, earlier: &At<EventKind>, event: &At<EventKind>) -> Option<String> {
        let why = "`with same` compares two events";
        let here = self.property(&path.node, owner(&event.node), why)?;
        let (there, also) = (owner(&earlier.node), earlier.span);
        let complaints = self.complaints.len();
        let found = self.property(&path.node, there, why);
        for complaint in self.complaints.iter_mut().skip(complaints) {
            *complaint = complaint.clone().also(also, "of this event");
        }
        let found = found?;
        let types = [owner(&event.node), there].map(|owner| self.names.ty(owner, &path.node.name));
        if found != here || matches!(types, [Some(one), Some(other)] if one != other) {
            return self.refuse(
                Diagnostic::new(Code::E0320, path.span, format!("`{}` is not of one type in both events", here))
                    .also(also, "the other event"),
            );
        }
        Some(here)
    }

    /// What lies between two events. `together` is how long the whole can take.
    fn deadline(&mut self, length: &Length, together: &mut time::Span) -> Option<time::Length> {
        *together = together.0.checked_add(length.longest().0).map_or(*together, time::Span);
        self.keep(length, *together)?;
        Some(length.meant())
    }

    /// Beyond the attribution window only direct answers are attributed.
    fn warn_beyond_attribution(&mut self, length: &Length) {
        let window = self.names.declared.schema.attribution_window;
        // A deadline in units of the calendar lasts to the end of its day.
        let rest = if length.elapsed().is_some() { time::Span::default() } else { time::Span::DAY };
        if length.longest().0.saturating_add(rest.0) <= window.0 {
            return;
        }
        let setting = in_words(window);
        self.complaints
            .push(Diagnostic::new(Code::W0711, length.span, "this is longer than replies are taken for answers").note(
            format!(
                "after {setting} (`attribution.window` of the schema) only a quote, a button or a reaction is an answer"
            ),
        ));
    }
}

fn then(not: bool, event: Match, same: Option<String>, within: Option<time::Length>) -> Then {
    Then { not, event, same, within }
}

/// Whether the step is about something that does not happen.
fn is_absence(step: &Step) -> bool {
    step.not.is_some() || matches!(step.event.node, EventKind::WasSent { not: Some(_), .. })
}

/// What the properties of an event are those of.
pub(super) fn owner(event: &EventKind) -> Owner<'_> {
    match event {
        EventKind::Replied(_)
        | EventKind::Tapped { .. }
        | EventKind::Reacted { .. }
        | EventKind::RemovedReaction { .. } => Owner::Message,
        EventKind::Performed { name, .. } => Owner::Event(&name.node),
        _ => Owner::Nothing,
    }
}

/// Nothing written is nothing meant; something written without a meaning is none at all.
pub(super) fn flat<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    part.map_or(Some(None), |meant| meant.map(Some))
}

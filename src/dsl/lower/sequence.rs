//! Chains: one event, or several in sequence.

use super::scope::{GONE, Scope, in_words};
use crate::diagnostic::{Code, Diagnostic};
use crate::dsl::check::names::Owner;
use crate::dsl::envelope::schema::type_word;
use crate::dsl::syntax::{At, Chain, Event, EventKind, Length, Of, Path, Step};
use crate::model::rule::{Match, Phrase, Sequence, Then, Verb};
use crate::model::time;
use crate::model::value::Type;

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
    fn step(&mut self, step: &Step, earlier: &Event, together: &mut time::Span) -> Option<Then> {
        let event = self.event(&step.event);
        let same = step.same.as_ref().map(|path| self.same(path, earlier, &step.event));
        let within = step.within.as_ref().map(|within| self.deadline(&within.node, together));
        let (same, within) = (flat(same)?, flat(within)?);
        Some(then(is_absence(step), event?, same, within))
    }

    /// The property, which both events have.
    fn same(&mut self, path: &At<Path>, earlier: &Event, event: &Event) -> Option<String> {
        let here = self.property(&path.node, event, "`with same`")?;
        let there = self.property(&path.node, earlier, "`with same`")?;
        let types = [event, earlier].map(|event| self.names.ty(owner(&event.node), &path.node.name));
        if here == there && !matches!(types, [Some(one), Some(other)] if one != other) {
            return Some(here);
        }
        let of = |ty: Option<Type>| ty.map_or("here it is another value", type_word);
        let name = &path.node.name;
        self.refuse(
            Diagnostic::new(Code::E0320, path.span, format!("`{name}` is of two types, and so never the same"))
                .also(event.span, of(types[0]))
                .also(earlier.span, of(types[1])),
        )
    }

    /// What lies between two events. `together` is how long the whole can take.
    fn deadline(&mut self, length: &Length, together: &mut time::Span) -> Option<time::Length> {
        let own = length.longest();
        *together = time::Span(together.0.saturating_add(own.0));
        self.keep(length, own)?;
        if *together > self.retention {
            let kept = in_words(self.retention);
            return self.refuse(
                Diagnostic::new(
                    Code::E0220,
                    length.span,
                    format!("events are kept for {kept}, and this sequence is longer"),
                )
                .label("from its first event to here")
                .note(GONE),
            );
        }
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

//! Which conditions are kept up, and what can change each: they are filed under that.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Builder, next, push_once};
use crate::engine::atom::AtomKey;
use crate::engine::compiled::{Watch, Watched};
use crate::engine::condition::Condition;
use crate::engine::window;
use crate::model::compare::Op;
use crate::model::id::SegmentId;
use crate::model::time::Span;

/// A condition being filed.
struct Filing {
    place: u32,
    /// The longest `known for` in it.
    longest: Option<Span>,
    /// It is followed: the segments whose conditions were filed with it.
    followed: Option<BTreeSet<SegmentId>>,
}

impl Builder<'_> {
    /// Files a condition whose truth is kept up under everything that can change it.
    /// `meaning` is the digest of its rule.
    pub(super) fn watch(&mut self, condition: Arc<Condition>, what: Watch, meaning: AtomKey) {
        let place = next(&self.watched);
        let mut filing = Filing { place, longest: None, followed: matches!(what, Watch::Held(_)).then(BTreeSet::new) };
        self.file(&condition, &mut filing);
        self.known_for.extend(filing.longest.map(|span| (span, place)));
        self.watched.push(Watched { condition, what, meaning, at_birth: false });
    }

    fn file(&mut self, condition: &Condition, filing: &mut Filing) {
        let place = filing.place;
        match condition {
            Condition::Everyone => {}
            Condition::Not(part) => self.file(part, filing),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.file(part, filing)),
            Condition::Attribute(test) => {
                self.attributes.add(place, test);
                if matches!(test.op, Op::Time(_)) {
                    push_once(&mut self.lists.local, place);
                }
            }
            Condition::Member(segment, meaning) => match (meaning, &mut filing.followed) {
                // What is followed does not look at what is recorded.
                (Some(meaning), Some(seen)) => {
                    if seen.insert(*segment) {
                        self.file(&Arc::clone(meaning), filing);
                    }
                }
                _ => push_once(self.dependents.entry(*segment).or_default(), place),
            },
            Condition::Running(campaign) => {
                push_once(self.lists.running.entry(campaign.clone()).or_default(), place);
            }
            Condition::Sample { .. } => push_once(&mut self.lists.sampled, place),
            Condition::ServiceWindow => push_once(&mut self.lists.service_window, place),
            Condition::LocalTime { .. } | Condition::LocalDay(_) => {
                push_once(&mut self.lists.clocks, place);
                push_once(&mut self.lists.local, place);
            }
            Condition::KnownFor(span) => filing.longest = filing.longest.max(Some(*span)),
            Condition::HeldFor { atom, .. } => {
                let atom = self.atom_mut(*atom);
                push_once(&mut atom.conditions, place);
                push_once(&mut atom.timed, place);
            }
            Condition::Happened { atom, window, deadline, .. } => {
                let atom = self.atom_mut(*atom);
                push_once(&mut atom.conditions, place);
                if window::is_sliding(*window) || deadline.is_some() {
                    push_once(&mut atom.timed, place);
                }
                if atom.local || window::is_local(*window) {
                    push_once(&mut self.lists.local, place);
                }
            }
        }
    }
}

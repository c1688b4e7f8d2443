//! A part of the people who are to be brought up to the active rule set.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{self, Subject, Versions};
use crate::model::id::{PersonId, RulesVersion};
use crate::store::people::Range;

/// The people of a range.
#[derive(Clone, Debug)]
pub struct Slice {
    pub range: Range,
    /// What is known of them beforehand. Without it everybody is looked at, with their past.
    pub known: Option<Known>,
}

/// What became of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    /// How many came up to the active rule set.
    pub people: u64,
    /// How long others waited behind it.
    pub millis: i64,
}

/// Whom in a range a change of rules concerns. It is about people who are at `from`; others are looked at as if
/// nothing were known.
#[derive(Clone, Debug)]
pub struct Known {
    pub from: RulesVersion,
    pub to: RulesVersion,
    /// Everybody has to be looked at.
    pub everybody: bool,
    /// Sorted: those in whose past there may be something that the new rules ask about.
    pub concerned: Vec<PersonId>,
    /// Members of segments that mean something else now.
    pub members: Vec<PersonId>,
}

impl Known {
    /// Those among `subjects` whose past need not be read.
    pub(super) fn unconcerned(
        &self,
        versions: &Versions,
        subjects: &BTreeMap<PersonId, Subject>,
    ) -> BTreeSet<PersonId> {
        let amendment = versions.amendment(self.from).filter(|amendment| !amendment.asks_every_past());
        if amendment.is_none() || versions.active.version() != self.to {
            return BTreeSet::new();
        }
        // What a campaign starts with because something did not come stands in the past, too.
        let is_at_from =
            |subject: &Subject| subject.state.rules == self.from && engine::next_verdict(versions, subject).is_none();
        let is_concerned = |id: &PersonId| self.concerned.binary_search(id).is_ok();
        let spared = subjects.iter().filter(|(id, subject)| is_at_from(subject) && !is_concerned(id));
        spared.map(|(id, _)| *id).collect()
    }
}

//! What an atom remembers about one person or journey, in a few bytes, and how it goes on by an event.

use serde::{Deserialize, Serialize};

use super::atom::{Atom, What};
use super::chain::{Deadline, value_hash};
use super::held::Held;
use super::sequence::{Keep, Met, Progress};
use super::tally::{Tally, Values};
use super::window::{self, Pane};
use crate::model::calendar::{Calendar, Now};
use crate::model::event::Order;
use crate::model::rule::Window;
use crate::model::time::Second;

/// The memory of one atom. An atom that never met an event has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Memory {
    Tally(Tally),
    Values(Values),
    Newest {
        /// Where the newest event in question lies.
        order: Order,
        /// Whether it is one of those meant.
        passed: bool,
    },
    Sequence(Progress),
    Held(Held),
}

impl Atom {
    /// The memory of nothing.
    #[must_use]
    pub fn empty(&self) -> Memory {
        match &self.what {
            What::Tally { form, .. } => Memory::Tally(Tally::empty(*form)),
            What::Values { by_day, .. } => Memory::Values(Values::empty(*by_day)),
            What::Newest { .. } => Memory::Newest { order: Order::default(), passed: false },
            What::Sequence { form, .. } => Memory::Sequence(Progress::empty(*form)),
            What::Held => Memory::Held(Held::new(Second(0))),
        }
    }

    /// What it keeps, where `other` rule sets in play may keep more.
    #[must_use]
    pub fn keep(&self) -> Keep {
        Keep { part: self.part, count: self.keep, all: self.keep_all }
    }

    /// Goes on with `memory` by an event that it met. Returns whether a sequence was completed by it.
    pub fn learn(&self, memory: &mut Memory, met: &Met<'_>, keep: Keep, calendar: Calendar) -> bool {
        let event = met.event;
        match (&self.what, memory) {
            (What::Tally { .. }, Memory::Tally(tally)) if self.part.contains(event.at, calendar) => {
                tally.add(event.at, keep.count, calendar);
            }
            (What::Values { property, .. }, Memory::Values(values)) => {
                if let Some(value) = value_hash(event, property).filter(|_| self.part.contains(event.at, calendar)) {
                    values.add(value, event.at, keep.count, calendar);
                }
            }
            (What::Newest { test, .. }, Memory::Newest { order, passed }) if event.order() >= *order => {
                (*order, *passed) = (event.order(), met.passed.contains(test));
            }
            (What::Sequence { chain, .. }, Memory::Sequence(progress)) => {
                return progress.walk(chain, met, keep, calendar);
            }
            // It lies elsewhere, or is older than the newest. An atom's name says what its memory is.
            _ => {}
        }
        false
    }
}

impl Memory {
    /// How many lie in `window` now, up to where it stops to matter.
    #[must_use]
    pub fn count(&self, window: Window, deadline: Option<Deadline>, now: Now) -> u32 {
        match self {
            Self::Tally(tally) => tally.count(window, now),
            Self::Values(values) => values.count(window, now),
            Self::Newest { order, passed } => u32::from(*passed && Pane::of(window, now).contains(order.0)),
            Self::Sequence(progress) => progress.count(window, deadline, now),
            Self::Held(_) => 0,
        }
    }

    /// The instants at which time can change that number. Only those ahead are of interest.
    pub fn flips(&self, window: Window, deadline: Option<Deadline>, calendar: Calendar, flips: &mut Vec<Second>) {
        match self {
            Self::Tally(tally) => tally.flips(window, calendar, flips),
            Self::Values(values) => values.flips(window, calendar, flips),
            Self::Newest { order, passed: true } => window::flips(window, order.0, calendar, flips),
            Self::Newest { passed: false, .. } | Self::Held(_) => {}
            Self::Sequence(progress) => progress.flips(window, deadline, calendar, flips),
        }
    }
}

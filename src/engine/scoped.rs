//! What the conditions of one journey remember by themselves: what counts only since its entry, or only
//! where it answers what the journey sent.

use serde::{Deserialize, Serialize};

use super::atom::{Atom, AtomKey, What};
use super::memory::Memory;
use super::state::{self, State};
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind, Order};

/// The memory of one journey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scoped {
    /// Where its entry lies. Nothing before it counts.
    entered: Order,
    memories: Vec<(AtomKey, Memory)>,
}

impl Scoped {
    /// The memory of a journey that begins at `entered`. A sequence can have begun before: it goes on from
    /// where the person's own memory, that of its twin, stands.
    pub fn begin<'a>(
        entered: Order,
        atoms: impl Iterator<Item = (&'a Atom, Option<AtomKey>)>,
        state: &State,
        calendar: Calendar,
    ) -> Self {
        let mut scoped = Self { entered, memories: Vec::new() };
        for (atom, twin) in atoms {
            let known = twin.and_then(|twin| state.memory(twin));
            if let (What::Sequence { chain, form }, Some(Memory::Sequence(progress))) = (&atom.what, known) {
                let begun = Memory::Sequence(progress.begun_at(chain, *form, entered.0, calendar));
                *scoped.memory_mut(atom.key, || atom.empty()) = begun;
            }
        }
        scoped
    }

    /// Reads what [`Scoped::encode`] wrote. What cannot be read is a journey that remembers nothing.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).unwrap_or_default()
    }

    /// The bytes for the journey.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a memory is plain data of known length")
    }

    /// Whether `event` lies behind the entry.
    #[must_use]
    pub fn is_behind(&self, event: &Event) -> bool {
        match event.kind {
            // Moves at one place are met as they were decided.
            Kind::Moved(_) => event.order() >= self.entered,
            _ => event.order() > self.entered,
        }
    }

    pub(super) fn memory(&self, key: AtomKey) -> Option<&Memory> {
        state::get(&self.memories, key)
    }

    pub(super) fn memory_mut(&mut self, key: AtomKey, empty: impl FnOnce() -> Memory) -> &mut Memory {
        state::place(&mut self.memories, key, empty)
    }

    pub(super) fn entered(&self) -> Order {
        self.entered
    }
}

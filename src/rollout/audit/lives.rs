//! People whole, read beside live traffic: their row, their log, what was decided of them, their memberships.
//!
//! Nobody is locked for it. A person's row changes with everything that happens to them, in the same transaction;
//! so whose row is the same before and behind all other reads was read as of one moment.

use std::collections::BTreeMap;

use crate::engine::{AUDITED_EVENTS_MAX, History, State, Stored, Subject};
use crate::model::event::Event;
use crate::model::id::PersonId;
use crate::store::people::PersonRow;
use crate::store::{Reader, StoreError, events, journeys, memberships, moves, people};

/// Somebody to whom something happens all the time is read so often before others come first.
const TRIES_MAX: usize = 3;

/// Somebody, whole.
#[derive(Clone, Debug)]
pub struct Life {
    pub stored: Stored,
    /// Their log, by number.
    pub events: Vec<Event>,
    /// What the engine decided, in order.
    pub moves: Vec<Event>,
}

impl Life {
    /// Their past.
    #[must_use]
    pub fn history(&self) -> History<'_> {
        History { events: &self.events, moves: &self.moves }
    }
}

/// What came of reading some people.
#[derive(Debug, Default)]
pub struct Lives {
    pub read: Vec<Life>,
    /// Whose log is longer than is looked at.
    pub too_long: Vec<PersonId>,
    /// To whom something happened each time.
    pub busy: Vec<PersonId>,
}

/// Reads these people, as far as they exist.
///
/// # Errors
/// See [`StoreError`].
pub async fn read(reader: &Reader, ids: &[PersonId], events_max: usize) -> Result<Lives, StoreError> {
    let mut lives = Lives::default();
    let mut left = ids.to_vec();
    for _ in 0..TRIES_MAX {
        if left.is_empty() {
            break;
        }
        left = read_once(reader, &left, events_max, &mut lives).await?;
    }
    lives.busy = left;
    Ok(lives)
}

/// Reads these people; says whose row changed meanwhile.
async fn read_once(
    reader: &Reader,
    ids: &[PersonId],
    events_max: usize,
    lives: &mut Lives,
) -> Result<Vec<PersonId>, StoreError> {
    let (rows, long): (Vec<_>, Vec<_>) =
        people::load(reader, ids).await?.into_iter().partition(|row| row.last_seq as usize <= events_max);
    lives.too_long.extend(long.iter().map(|row| row.person.id));
    let ids: Vec<PersonId> = rows.iter().map(|row| row.person.id).collect();
    let mut open = journeys::open_of(reader, &ids).await?;
    let mut members = memberships::of_people(reader, &ids).await?;
    let mut logs = events::of_people(reader, &ids).await?;
    for id in &ids {
        // Somebody without an event can have entered something all the same.
        logs.entry(*id).or_default();
    }
    let mut moves = moves::of_people(reader, &logs).await?;
    let again: BTreeMap<PersonId, PersonRow> =
        people::load(reader, &ids).await?.into_iter().map(|row| (row.person.id, row)).collect();
    let mut changed = Vec::new();
    for row in rows {
        let id = row.person.id;
        match again.get(&id) {
            Some(now) if *now == row => {
                // Bytes that do not read back are a cache that is lost: the state is folded again from the log.
                let mut state = State::decode(&row.state).unwrap_or_default();
                state.last_seq = row.last_seq;
                let journeys = open.remove(&id).unwrap_or_default();
                let subject = Subject { person: row.person, state, journeys, wake: row.wake };
                let stored = Stored { subject, members: members.remove(&id).unwrap_or_default() };
                let (events, moves) = (logs.remove(&id).unwrap_or_default(), moves.remove(&id).unwrap_or_default());
                lives.read.push(Life { stored, events, moves });
            }
            Some(_) => changed.push(id),
            // Erased meanwhile.
            None => {}
        }
    }
    Ok(changed)
}

/// The longest log that an audit looks at.
pub const EVENTS_MAX: usize = AUDITED_EVENTS_MAX;

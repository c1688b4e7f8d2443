//! People whole, read beside live traffic: their row, their log, what was decided of them, their memberships.
//!
//! Nobody is locked for it. A person's row changes with everything that happens to them, in the same transaction;
//! so whose row is the same before and behind all other reads was read as of one moment.

use std::collections::BTreeMap;

use crate::engine::{AUDITED_EVENTS_MAX, History, State, Stored, Subject};
use crate::model::event::Event;
use crate::model::id::{PersonId, RulesVersion};
use crate::store::people::PersonRow;
use crate::store::{Reader, StoreError, events, journeys, memberships, moves, people};

/// Somebody to whom something happens all the time is read so often before others come first.
const TRIES_MAX: usize = 3;
/// Events that are read by one statement, unless somebody has more by themselves: a read has its deadline.
const EVENTS_AT_ONCE: usize = 20_000;

/// Somebody, whole.
#[derive(Clone, Debug)]
pub struct Life {
    pub stored: Stored,
    /// Their log, by number.
    pub events: Vec<Event>,
    /// For each event, the rule set that evaluated it.
    pub rules: Vec<RulesVersion>,
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

/// Reads these people, as far as they exist; not those with more than `events_max` events.
///
/// # Errors
/// See [`StoreError`].
pub async fn read(reader: &Reader, ids: &[PersonId], events_max: usize) -> Result<Lives, StoreError> {
    let mut lives = Lives::default();
    let (mut group, mut events) = (Vec::new(), 0);
    for row in people::load(reader, ids).await? {
        let count = row.last_seq as usize;
        if count > events_max {
            lives.too_long.push(row.person.id);
            continue;
        }
        if events + count > EVENTS_AT_ONCE {
            read_group(reader, std::mem::take(&mut group), &mut lives).await?;
            events = 0;
        }
        group.push(row.person.id);
        events += count;
    }
    read_group(reader, group, &mut lives).await?;
    Ok(lives)
}

async fn read_group(reader: &Reader, mut left: Vec<PersonId>, lives: &mut Lives) -> Result<(), StoreError> {
    for _ in 0..TRIES_MAX {
        if left.is_empty() {
            return Ok(());
        }
        left = read_once(reader, &left, lives).await?;
    }
    lives.busy.extend(left);
    Ok(())
}

/// Reads these people; says whose row changed meanwhile.
async fn read_once(reader: &Reader, ids: &[PersonId], lives: &mut Lives) -> Result<Vec<PersonId>, StoreError> {
    let rows = people::load(reader, ids).await?;
    let ids: Vec<PersonId> = rows.iter().map(|row| row.person.id).collect();
    let mut open = journeys::open_of(reader, &ids).await?;
    let mut members = memberships::of_people(reader, &ids).await?;
    let (mut logs, mut rules) = (BTreeMap::new(), BTreeMap::new());
    let mut rows_of = events::rows_of_people(reader, &ids).await?;
    for id in &ids {
        // Somebody without an event can have entered something all the same.
        let log = rows_of.remove(id).unwrap_or_default().into_iter();
        let (events, versions): (Vec<Event>, Vec<RulesVersion>) = log.map(|row| (row.event, row.rules)).unzip();
        logs.insert(*id, events);
        rules.insert(*id, versions);
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
                let mut state = State::decode_under(&row.state, row.rules).unwrap_or_default();
                state.last_seq = row.last_seq;
                let journeys = open.remove(&id).unwrap_or_default();
                let subject = Subject { person: row.person, state, journeys, wake: row.wake };
                let stored = Stored { subject, members: members.remove(&id).unwrap_or_default() };
                let (events, moves) = (logs.remove(&id).unwrap_or_default(), moves.remove(&id).unwrap_or_default());
                lives.read.push(Life { stored, events, rules: rules.remove(&id).unwrap_or_default(), moves });
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

//! Goes over everybody, slice by slice, and compares.

use std::sync::Arc;
use std::time::Duration;

use super::changes;
use super::fold::{Comparison, Person};
use super::plans::Progress;
use super::report::{Cost, Plan};
use crate::engine::{State, Subject};
use crate::model::id::{PersonId, RulesVersion};
use crate::model::rule::RuleSet;
use crate::rollout::publish::{PublishError, aside, build, catalogue, provisional};
use crate::rollout::publisher::Publisher;
use crate::store::{Store, StoreError, events, journeys, moves, people, rules};

/// People of one slice: those that are held in memory at once, with all their events.
const SLICE: u32 = 200;
/// Events of one slice. One person may have more.
const SLICE_EVENTS_MAX: u64 = 20_000;
/// Between two slices, so that events that come in have their turn.
const PAUSE: Duration = Duration::from_millis(2);

/// What `next` would change.
///
/// # Errors
/// See [`PublishError`].
pub async fn plan(publisher: &Publisher, next: Arc<RuleSet>, progress: &Progress) -> Result<Plan, PublishError> {
    let (store, clock) = (&*publisher.store, &publisher.clock);
    let before = (*publisher.rules.now()).clone();
    let reader = store.read();
    let numbers = catalogue(rules::numbers(&reader).await?, &publisher.env);
    let catalogue = provisional(numbers, &next);
    let newest = rules::history(&reader, None, 1).await?.first().map_or(0, |row| row.version.0);
    let after = Arc::new(build(next, RulesVersion(newest + 1), catalogue.clone()).await?);
    let (old, new) = (Arc::clone(&before.active), Arc::clone(&after));
    let changes = aside(move || changes::between(&old, &new)).await;
    let in_force = before.active.version();
    let folds = !after.keeps_states_of(&before.active);
    let mut comparison = Comparison { before, after, catalogue, changes, cost: Cost::default() };
    if folds {
        let last = people::newest(&reader).await?;
        progress.begin(people::count(&reader, in_force).await?.0);
        let mut reached = PersonId(0);
        while reached < last {
            let slice = slice(store, reached).await?;
            let Some(end) = slice.last().map(|person| person.subject.person.id) else { break };
            reached = end;
            progress.add(slice.len() as u64);
            let now = clock.second();
            comparison = aside(move || {
                comparison.add(&slice, now);
                comparison
            })
            .await;
            clock.pause(PAUSE).await;
        }
        if publisher.rules.now().active.version() != in_force {
            return Err(PublishError::Overtaken);
        }
    }
    Ok(comparison.finish())
}

/// The next people after `after`, with their pasts: as of one moment.
async fn slice(store: &Store, after: PersonId) -> Result<Vec<Person>, StoreError> {
    let snapshot = store.snapshot().await?;
    let mut rows = people::load(&snapshot, &people::page(&snapshot, after, SLICE).await?).await?;
    // They are numbered from 1 without a gap.
    rows.truncate(fitting(rows.iter().map(|row| u64::from(row.last_seq))));
    let ids: Vec<PersonId> = rows.iter().map(|row| row.person.id).collect();
    let mut open = journeys::open_of(&snapshot, &ids).await?;
    let mut logs = events::of_people(&snapshot, &ids).await?;
    for id in ids {
        logs.entry(id).or_default();
    }
    let mut moved = moves::of_people(&snapshot, &logs).await?;
    let person = |row: people::PersonRow| {
        let id = row.person.id;
        let mut state = State::decode_under(&row.state, row.rules).unwrap_or_default();
        state.last_seq = row.last_seq;
        let journeys = open.remove(&id).unwrap_or_default();
        let subject = Subject { person: row.person, state, journeys, wake: row.wake };
        let (events, moves) = (logs.remove(&id).unwrap_or_default(), moved.remove(&id).unwrap_or_default());
        Person { subject, events, moves }
    };
    Ok(rows.into_iter().map(person).collect())
}

/// How many people there may be in a slice, of people with so many events: one at least.
fn fitting(events: impl Iterator<Item = u64>) -> usize {
    let sums = events.scan(0_u64, |sum, events| {
        *sum = sum.saturating_add(events);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= SLICE_EVENTS_MAX).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_has_so_many_events_unless_one_person_has_more() {
        let fitting = |events: &[u64]| fitting(events.iter().copied());
        assert_eq!(fitting(&[1, SLICE_EVENTS_MAX - 1, 0]), 3);
        assert_eq!(fitting(&[1, SLICE_EVENTS_MAX, 0]), 1);
        assert_eq!(fitting(&[SLICE_EVENTS_MAX + 1, 1]), 1);
        assert_eq!(fitting(&[u64::MAX, u64::MAX]), 1);
    }
}

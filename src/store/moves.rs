//! What decisions of the engine meant: entries into segments and campaigns and exits from them, as events
//! between those of the log. They are read from what was written down about the decisions.

use std::collections::BTreeMap;

use super::people::id_batch;
use super::sql::Sql;
use super::{Source, StoreError, cause, journeys};
use crate::model::event::Event;
use crate::model::id::{PersonId, Seq};
use crate::model::journey::{Entry, FINISHED, What};
use crate::model::rule::Move;
use crate::model::time::Second;
use crate::model::transition::Cause;

/// The moves of the people with these logs, in order.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_people(
    from: &impl Source,
    logs: &BTreeMap<PersonId, Vec<Event>>,
) -> Result<BTreeMap<PersonId, Vec<Event>>, StoreError> {
    static TRANSITIONS: Sql = Sql::new(
        "SELECT t.person_id, s.name, t.entered, t.at, t.cause, t.cause_seq, t.cause_key
         FROM {rows} AS r CROSS JOIN transitions AS t CROSS JOIN segments AS s
         WHERE t.person_id = CAST(r.value->>0 AS bigint) AND s.id = t.segment_id ORDER BY t.id",
    );
    static JOURNEYS: Sql = Sql::new(
        "SELECT l.person_id, l.journey_id, l.campaign, l.step, l.at, l.what, l.cause, l.cause_seq, l.cause_key
         FROM {rows} AS r CROSS JOIN journey_log AS l
         WHERE l.person_id = CAST(r.value->>0 AS bigint) AND l.journey_id IS NOT NULL AND l.step IS NULL
         ORDER BY l.id",
    );
    let mut moves: BTreeMap<PersonId, Vec<Event>> = BTreeMap::new();
    if logs.is_empty() {
        return Ok(moves);
    }
    let ids: Vec<PersonId> = logs.keys().copied().collect();
    let mut add = |person: PersonId, what: Move, at: Second, cause: Cause| {
        let log = logs.get(&person).map(Vec::as_slice).unwrap_or_default();
        moves.entry(person).or_default().push(Event::of_move(what, at, behind(log, at, cause), cause));
    };
    for row in &from.fetch(&TRANSITIONS, vec![id_batch(&ids)]).await? {
        let (name, entered): (String, i64) = (row.get(1)?, row.get(2)?);
        let what = if entered == 1 { Move::EnteredSegment(name) } else { Move::LeftSegment(name) };
        let cause = cause::read(row, 4)?;
        // What new rules found was where they began, and what was put right had been so: nobody entered or left by it.
        if !matches!(cause, Cause::Rules | Cause::Recheck) {
            add(PersonId(row.get(0)?), what, row.second(3)?, cause);
        }
    }
    for row in &from.fetch(&JOURNEYS, vec![id_batch(&ids)]).await? {
        let person = PersonId(row.get(0)?);
        let entry = journeys::entry(row, 1)?;
        moves_of(&entry).into_iter().for_each(|what| add(person, what, entry.at, entry.cause));
    }
    for list in moves.values_mut() {
        // Those behind one arrival stay as they were written down.
        list.sort_by_key(Event::order);
    }
    Ok(moves)
}

/// The number of the event behind which something was decided at `at`.
fn behind(log: &[Event], at: Second, cause: Cause) -> Seq {
    cause.seq().unwrap_or_else(|| {
        let known = log.partition_point(|event| event.arrived <= at);
        known.checked_sub(1).and_then(|last| log.get(last)).map_or(0, |event| event.seq)
    })
}

/// What a line about a whole journey means.
fn moves_of(entry: &Entry) -> Vec<Move> {
    let campaign = || entry.campaign.clone();
    match &entry.what {
        What::Started => vec![Move::EnteredCampaign(campaign())],
        What::Converted => vec![Move::ConvertedIn(campaign())],
        What::Ended(reason) if reason == FINISHED => {
            vec![Move::FinishedCampaign(campaign()), Move::LeftCampaign(campaign())]
        }
        What::Ended(_) => vec![Move::LeftCampaign(campaign())],
        _ => Vec::new(),
    }
}

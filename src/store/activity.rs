//! What happened, newest first or as it comes: events with what followed from them, what time
//! alone brought about, and notices.
//!
//! Nothing is written for it. Four tables are read by their ids, side by side, and merged by time;
//! what followed from an event is found by the event.
//!
//! Ids are not commit order where several nodes write: a live view that must not miss anything
//! there begins a little before the place it stopped at, and drops what it has shown.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use sea_orm::Value;
use ulid::Ulid;

use super::events::{self, EventRow};
use super::journeys;
use super::notices::{self, Notice};
use super::row::{Hex, Row, batch};
use super::sql::Sql;
use super::{Source, StoreError, cause};
use crate::model::id::{EventKey, PersonId, RulesVersion, SegmentId};
use crate::model::journey::Entry;
use crate::model::transition::Transition;

/// A place in the activity: up to where each of its streams was read. Printed, four numbers with dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor([i64; 4]);

impl Cursor {
    /// Before everything: where following from the beginning starts.
    pub const START: Self = Self([0; 4]);
    /// After everything: where reading backwards starts.
    pub const END: Self = Self([i64::MAX; 4]);

    /// The place itself, but in no stream behind `head`. A place that was reached reading backwards lies, for
    /// the streams that nothing was read of, after everything: nothing would ever follow there.
    #[must_use]
    pub fn at_most(self, head: Self) -> Self {
        let mut least = self;
        for (id, head) in least.0.iter_mut().zip(head.0) {
            *id = (*id).min(head);
        }
        least
    }

    /// Where reading backwards starts so that it gives what was there at this place, and following from this
    /// place gives the rest: nothing twice, nothing never.
    #[must_use]
    pub fn backwards(self) -> Self {
        Self(self.0.map(|id| id.saturating_add(1)))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

/// Not a place in the activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCursor;

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let ids = text.split('.').map(str::parse).collect::<Result<Vec<i64>, _>>().map_err(|_| BadCursor)?;
        <[i64; 4]>::try_from(ids).map(Self).map_err(|_| BadCursor)
    }
}

/// One item with its place: going on from there leaves out this one and all before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub cursor: Cursor,
    pub who: Option<Who>,
    pub what: What,
}

/// The identifiers that lists show of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub id: PersonId,
    pub cio_id: Ulid,
    pub external_id: Option<String>,
    pub email: Option<String>,
}

/// What an item tells.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Event {
        row: Box<EventRow>,
        /// In the order in which they came about, transitions first.
        followed: Vec<Consequence>,
    },
    /// Time alone, or another rule set, brought it about.
    ByItself(Consequence),
    Notice(Notice),
}

/// What followed from something.
#[derive(Clone, Debug, PartialEq)]
pub enum Consequence {
    Transition { transition: Transition, rules: RulesVersion },
    Journey(Entry),
}

/// Up to `limit` items before `before`, newest first; of one person, if given.
///
/// # Errors
/// See [`StoreError`].
pub async fn newest(
    from: &impl Source,
    before: Cursor,
    person: Option<PersonId>,
    limit: u32,
) -> Result<Vec<Item>, StoreError> {
    read(from, before, person, limit, Direction::Backwards).await
}

/// Up to `limit` items after `after`, oldest first; of one person, if given.
///
/// # Errors
/// See [`StoreError`].
pub async fn after(
    from: &impl Source,
    after: Cursor,
    person: Option<PersonId>,
    limit: u32,
) -> Result<Vec<Item>, StoreError> {
    read(from, after, person, limit, Direction::Forwards).await
}

/// The place behind the newest item: where following from now on starts.
///
/// # Errors
/// See [`StoreError`].
pub async fn head(from: &impl Source) -> Result<Cursor, StoreError> {
    static HEAD: Sql = Sql::new(
        "SELECT COALESCE((SELECT max(id) FROM events), 0), COALESCE((SELECT max(id) FROM transitions), 0),
                COALESCE((SELECT max(id) FROM journey_log), 0), COALESCE((SELECT max(id) FROM notices), 0)",
    );
    match from.fetch(&HEAD, Vec::new()).await?.first() {
        Some(row) => Ok(Cursor([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])),
        None => Ok(Cursor::START),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Backwards,
    Forwards,
}

/// The texts of one stream: newest first, newest of a person, and what comes after a place. The
/// sum in the second keeps the planner on the person's index.
struct Stream {
    newest: Sql,
    newest_of: Sql,
    after: Sql,
}

macro_rules! stream {
    ($columns:literal, $table:literal, $only:literal) => {
        Stream {
            newest: Sql::new(concat!(
                "SELECT x.id, x.person_id, p.cio_id, p.external_id, p.email, ",
                $columns,
                " FROM ",
                $table,
                " AS x LEFT JOIN people AS p ON p.id = x.person_id WHERE x.id < $1 AND ",
                $only,
                " ORDER BY x.id DESC LIMIT $2"
            )),
            newest_of: Sql::new(concat!(
                "SELECT x.id, x.person_id, p.cio_id, p.external_id, p.email, ",
                $columns,
                " FROM ",
                $table,
                " AS x LEFT JOIN people AS p ON p.id = x.person_id WHERE x.person_id = $3 AND x.id + 0 < $1 AND ",
                $only,
                " ORDER BY x.id + 0 DESC LIMIT $2"
            )),
            after: Sql::new(concat!(
                "SELECT x.id, x.person_id, p.cio_id, p.external_id, p.email, ",
                $columns,
                " FROM ",
                $table,
                " AS x LEFT JOIN people AS p ON p.id = x.person_id WHERE x.id > $1 AND ",
                $only,
                " AND ($3 IS NULL OR x.person_id = $3) ORDER BY x.id LIMIT $2"
            )),
        }
    };
}

static EVENTS: Stream = stream!(
    "x.dedupe_key, x.person_id, x.seq, x.kind, x.name, x.occurred_at, x.arrived_ms, x.provider, x.provider_id,
     x.properties, x.message, x.reason, x.precedes, x.rules_version",
    "events",
    "x.kind <> 'erased'"
);
static TRANSITIONS: Stream = stream!(
    "x.segment_id, x.entered, x.at, x.late, x.rules_version, x.cause, x.cause_seq, x.cause_key",
    "transitions",
    "x.cause_seq IS NULL"
);
static ENTRIES: Stream = stream!(
    "x.journey_id, x.campaign, x.step, x.at, x.what, x.cause, x.cause_seq, x.cause_key",
    "journey_log",
    "x.cause_seq IS NULL"
);
static NOTICES: Stream = stream!("x.at_ms, x.kind, x.person_id, x.dedupe_key, x.data", "notices", "true");

/// The first column after those that all streams have.
const OWN: usize = 5;

/// Reads the row of a stream, with the millisecond that it is sorted by.
type Read = fn(&Row) -> Result<(i64, What), StoreError>;

/// Something found in a stream.
struct Found {
    id: i64,
    at_ms: i64,
    who: Option<Who>,
    what: What,
}

async fn read(
    from: &impl Source,
    start: Cursor,
    person: Option<PersonId>,
    limit: u32,
    direction: Direction,
) -> Result<Vec<Item>, StoreError> {
    let mut streams: Vec<VecDeque<Found>> = Vec::with_capacity(4);
    let readers: [Read; 4] = [event, transition, entry, notice];
    for ((stream, read), start) in [&EVENTS, &TRANSITIONS, &ENTRIES, &NOTICES].into_iter().zip(readers).zip(start.0) {
        let rows = fetch(from, stream, start, person, limit, direction).await?;
        let found = rows.iter().map(|row| {
            let (at_ms, what) = read(row)?;
            Ok(Found { id: row.get(0)?, at_ms, who: who(row)?, what })
        });
        streams.push(found.collect::<Result<_, StoreError>>()?);
    }
    let mut items = merge(streams, start, limit, direction);
    add_consequences(from, &mut items).await?;
    Ok(items)
}

async fn fetch(
    from: &impl Source,
    stream: &Stream,
    start: i64,
    person: Option<PersonId>,
    limit: u32,
    direction: Direction,
) -> Result<Vec<Row>, StoreError> {
    let mut values: Vec<Value> = vec![start.into(), i64::from(limit).into()];
    match (direction, person) {
        (Direction::Backwards, None) => from.fetch(&stream.newest, values).await,
        (Direction::Backwards, Some(person)) => {
            values.push(person.0.into());
            from.fetch(&stream.newest_of, values).await
        }
        (Direction::Forwards, person) => {
            values.push(Value::BigInt(person.map(|person| person.0)));
            from.fetch(&stream.after, values).await
        }
    }
}

/// Takes from the streams what comes next in time, as long as there is something and it is wanted.
fn merge(mut streams: Vec<VecDeque<Found>>, start: Cursor, limit: u32, direction: Direction) -> Vec<Item> {
    let mut cursor = start;
    let mut items = Vec::new();
    while items.len() < limit as usize {
        let heads = streams.iter().enumerate().filter_map(|(n, stream)| Some((stream.front()?.at_ms, n)));
        let next = match direction {
            Direction::Backwards => heads.max(),
            Direction::Forwards => heads.min(),
        };
        let Some((_, n)) = next else { break };
        let (Some(stream), Some(place)) = (streams.get_mut(n), cursor.0.get_mut(n)) else { break };
        let Some(found) = stream.pop_front() else { break };
        *place = found.id;
        items.push(Item { cursor, who: found.who, what: found.what });
    }
    items
}

fn who(row: &Row) -> Result<Option<Who>, StoreError> {
    let Some(cio_id) = row.bytes_or_null(2)? else { return Ok(None) };
    Ok(Some(Who {
        id: PersonId(row.get(1)?),
        cio_id: Ulid::from_bytes(cio_id),
        external_id: row.get(3)?,
        email: row.get(4)?,
    }))
}

fn event(row: &Row) -> Result<(i64, What), StoreError> {
    let row = events::event(row, OWN)?;
    Ok((row.arrived_ms, What::Event { row: Box::new(row), followed: Vec::new() }))
}

fn transition(row: &Row) -> Result<(i64, What), StoreError> {
    let (transition, rules) = read_transition(row, OWN)?;
    Ok((end_of(transition.at.0), What::ByItself(Consequence::Transition { transition, rules })))
}

fn entry(row: &Row) -> Result<(i64, What), StoreError> {
    let entry = journeys::entry(row, OWN)?;
    Ok((end_of(entry.at.0), What::ByItself(Consequence::Journey(entry))))
}

fn notice(row: &Row) -> Result<(i64, What), StoreError> {
    let notice = notices::read(row, OWN)?;
    Ok((notice.at_ms, What::Notice(notice)))
}

/// What time brings about in a second comes when the second is over: after what arrived in it.
fn end_of(second: i64) -> i64 {
    second.saturating_mul(1000).saturating_add(999)
}

fn read_transition(row: &Row, first: usize) -> Result<(Transition, RulesVersion), StoreError> {
    let transition = Transition {
        segment: SegmentId(row.number(first)?),
        entered: row.flag(first + 1)?,
        at: row.second(first + 2)?,
        late: row.flag(first + 3)?,
        cause: cause::read(row, first + 5)?,
    };
    Ok((transition, RulesVersion(row.number(first + 4)?)))
}

/// Two statements for all events of a page, found by person and number, or by key where nobody is known.
async fn add_consequences(from: &impl Source, items: &mut [Item]) -> Result<(), StoreError> {
    static TRANSITIONS_OF: Sql = Sql::new(
        "SELECT x.cause_key, x.segment_id, x.entered, x.at, x.late, x.rules_version, x.cause, x.cause_seq, x.cause_key
         FROM {rows} AS r CROSS JOIN transitions AS x
         WHERE x.person_id = CAST(r.value->>0 AS bigint) AND x.cause_seq = CAST(r.value->>1 AS bigint)
         ORDER BY x.id",
    );
    static ENTRIES_OF: Sql = Sql::new(
        "SELECT x.cause_key, x.journey_id, x.campaign, x.step, x.at, x.what, x.cause, x.cause_seq, x.cause_key, x.id
         FROM {rows} AS r CROSS JOIN journey_log AS x
         WHERE x.person_id = CAST(r.value->>0 AS bigint) AND x.cause_seq = CAST(r.value->>1 AS bigint)
         UNION ALL
         SELECT x.cause_key, x.journey_id, x.campaign, x.step, x.at, x.what, x.cause, x.cause_seq, x.cause_key, x.id
         FROM {rows2} AS r CROSS JOIN journey_log AS x
         WHERE x.person_id IS NULL AND x.cause_key = {bytes:r.value->>0}
         ORDER BY 10",
    );
    let mut known = Vec::new();
    let mut anonymous = Vec::new();
    for item in items.iter() {
        if let What::Event { row, .. } = &item.what {
            match row.person {
                Some(person) => known.push((person, row.event.seq)),
                None => anonymous.push((Hex(&row.event.key.0),)),
            }
        }
    }
    if known.is_empty() && anonymous.is_empty() {
        return Ok(());
    }
    let (known, anonymous) = (batch(known), batch(anonymous));
    let mut followed: BTreeMap<EventKey, Vec<Consequence>> = BTreeMap::new();
    for row in &from.fetch(&TRANSITIONS_OF, vec![known.clone()]).await? {
        let (transition, rules) = read_transition(row, 1)?;
        followed.entry(EventKey(row.bytes(0)?)).or_default().push(Consequence::Transition { transition, rules });
    }
    for row in &from.fetch(&ENTRIES_OF, vec![known, anonymous]).await? {
        let entry = journeys::entry(row, 1)?;
        followed.entry(EventKey(row.bytes(0)?)).or_default().push(Consequence::Journey(entry));
    }
    for item in items {
        if let What::Event { row, followed: list } = &mut item.what {
            *list = followed.remove(&row.event.key).unwrap_or_default();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BadCursor, Cursor};

    #[test]
    fn a_place_after_everything_is_brought_back_to_the_head_stream_by_stream() {
        let head = Cursor([10, 20, 30, 40]);
        assert_eq!(Cursor::END.at_most(head), head);
        assert_eq!(Cursor([7, i64::MAX, 30, 41]).at_most(head), Cursor([7, 20, 30, 40]));
        assert_eq!(Cursor::START.at_most(head), Cursor::START);
        assert_eq!(head.backwards(), Cursor([11, 21, 31, 41]));
        assert_eq!(Cursor::END.backwards(), Cursor::END);
    }

    #[test]
    fn a_cursor_reads_back() {
        for cursor in [Cursor::START, Cursor::END, Cursor([1, 2, 3, 4])] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for wrong in ["", "1.2.3", "1.2.3.4.5", "1.2.3.x"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(BadCursor), "{wrong}");
        }
    }
}

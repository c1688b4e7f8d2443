//! The messages we sent, and how far each got. Bodies are personal data; provider ids are kept as keyed hashes.

use ulid::Ulid;

use super::people::id_batch;
use super::row::{Hex, Row, batch};
use super::sql::Sql;
use super::{Source, StoreError, Tx};
use crate::model::event::MessageRef;
use crate::model::id::{EffectId, JourneyId, PersonId, Seq};
use crate::model::message::{Delivery, Outstanding};
use crate::model::time::Second;

/// A message as stored. Its id is the effect's; one of other origin gets an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    pub id: EffectId,
    pub person: PersonId,
    pub campaign: Option<String>,
    pub step: Option<String>,
    pub journey: Option<JourneyId>,
    pub template: Option<String>,
    /// The number it is sent from, as the provider names it.
    pub sender: Option<String>,
    /// The keyed hash of the provider's id.
    pub provider_key: Option<[u8; 16]>,
    pub created: Second,
    pub delivery: Delivery,
    pub times: DeliveryTimes,
    pub failure: Option<String>,
    pub body: Option<String>,
}

/// When a message first got how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryTimes {
    pub accepted: Option<Second>,
    pub sent: Option<Second>,
    pub failed: Option<Second>,
    pub delivered: Option<Second>,
    pub read: Option<Second>,
    pub played: Option<Second>,
    /// The first reply to it.
    pub replied: Option<Second>,
}

impl DeliveryTimes {
    /// Notes that `delivery` was reached at `at`, unless an earlier note says when.
    pub fn note(&mut self, delivery: Delivery, at: Second) {
        let slot = match delivery {
            Delivery::Pending => return,
            Delivery::Accepted => &mut self.accepted,
            Delivery::Sent => &mut self.sent,
            Delivery::Failed => &mut self.failed,
            Delivery::Delivered => &mut self.delivered,
            Delivery::Read => &mut self.read,
            Delivery::Played => &mut self.played,
        };
        slot.get_or_insert(at);
    }
}

/// What became known of a message. What is none stays as it is; times that are there stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNews {
    pub id: EffectId,
    /// After all that was heard: [`Delivery::hear`] is the caller's.
    pub delivery: Delivery,
    pub provider_key: Option<[u8; 16]>,
    pub sender: Option<String>,
    pub times: DeliveryTimes,
    /// The earliest reply that was bound to it in flight.
    pub bound: Option<(Second, Seq)>,
    pub failure: Option<String>,
}

impl MessageNews {
    /// What is known already, as news.
    #[must_use]
    pub fn of(message: &Outstanding) -> Self {
        Self {
            id: message.message.id,
            delivery: message.delivery,
            provider_key: message.provider_key,
            sender: message.sender.clone(),
            times: DeliveryTimes::default(),
            bound: message.bound,
            failure: None,
        }
    }
}

/// Writes messages; one that is there stays as it is. Of the times only `accepted` can be known here.
///
/// # Errors
/// See [`StoreError`].
pub async fn insert(tx: &Tx, messages: &[MessageRow]) -> Result<(), StoreError> {
    static INSERT: Sql = Sql::new(
        "INSERT INTO messages (id, person_id, campaign, step, journey_id, template, sender, provider_key, delivery,
                               created_at, accepted_at, failure, body)
         SELECT {bytes:r.value->>0}, CAST(r.value->>1 AS bigint), r.value->>2, r.value->>3, {bytes:r.value->>4},
                r.value->>5, r.value->>6, {bytes:r.value->>7}, r.value->>8, CAST(r.value->>9 AS bigint),
                CAST(r.value->>10 AS bigint), r.value->>11, r.value->>12
         FROM {rows} AS r WHERE true ON CONFLICT (id) DO NOTHING",
    );
    if messages.is_empty() {
        return Ok(());
    }
    let rows = messages.iter().map(|m| {
        (
            Hex(&m.id.0.to_bytes()).digits(),
            m.person,
            &m.campaign,
            &m.step,
            m.journey.map(|id| Hex(&id.0.to_bytes()).digits()),
            &m.template,
            &m.sender,
            m.provider_key.as_ref().map(|key| Hex(key)),
            m.delivery,
            m.created,
            m.times.accepted,
            &m.failure,
            &m.body,
        )
    });
    tx.run(&INSERT, [batch(rows)]).await.map(drop)
}

/// Writes what became known of messages, one row for each.
///
/// # Errors
/// See [`StoreError`].
pub async fn update(tx: &Tx, news: &[MessageNews]) -> Result<(), StoreError> {
    static UPDATE: Sql = Sql::new(
        "UPDATE messages SET
             delivery = r.value->>1,
             provider_key = COALESCE({bytes:r.value->>2}, messages.provider_key),
             sender = COALESCE(r.value->>3, messages.sender),
             accepted_at = COALESCE(messages.accepted_at, CAST(r.value->>4 AS bigint)),
             sent_at = COALESCE(messages.sent_at, CAST(r.value->>5 AS bigint)),
             failed_at = COALESCE(messages.failed_at, CAST(r.value->>6 AS bigint)),
             delivered_at = COALESCE(messages.delivered_at, CAST(r.value->>7 AS bigint)),
             read_at = COALESCE(messages.read_at, CAST(r.value->>8 AS bigint)),
             played_at = COALESCE(messages.played_at, CAST(r.value->>9 AS bigint)),
             replied_at = COALESCE(messages.replied_at, CAST(r.value->>10 AS bigint)),
             failure = COALESCE(r.value->>11, messages.failure),
             bound_at = COALESCE(CAST(r.value->>12 AS bigint), messages.bound_at),
             bound_seq = COALESCE(CAST(r.value->>13 AS bigint), messages.bound_seq)
         FROM {rows} AS r WHERE messages.id = {bytes:r.value->>0}",
    );
    if news.is_empty() {
        return Ok(());
    }
    let rows = news.iter().map(|n| {
        let t = &n.times;
        (
            Hex(&n.id.0.to_bytes()).digits(),
            n.delivery,
            n.provider_key.as_ref().map(|key| Hex(key)),
            &n.sender,
            t.accepted,
            t.sent,
            t.failed,
            t.delivered,
            t.read,
            t.played,
            t.replied,
            &n.failure,
            n.bound.map(|(at, _)| at),
            n.bound.map(|(_, seq)| seq),
        )
    });
    tx.run(&UPDATE, [batch(rows)]).await.map(drop)
}

/// Which messages a batch needs to know.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of these people: what was accepted at `since` or later, and what is under way.
    pub people: Vec<PersonId>,
    pub since: Second,
    /// Whoever they went to, at any age: those that a quote or a status names by the provider's id …
    pub provider_keys: Vec<[u8; 16]>,
    /// … or by our tag.
    pub ids: Vec<EffectId>,
}

/// The wanted messages, each once, by id. Under way is what a sender has claimed and not settled:
/// it has no `accepted`, and its `message.at` is when it was asked for.
///
/// A message may outlive its person: who was erased is not there to be loaded.
///
/// # Errors
/// See [`StoreError`].
pub async fn outstanding(from: &impl Source, wanted: &Wanted) -> Result<Vec<Outstanding>, StoreError> {
    static OUTSTANDING: Sql = Sql::new(
        "SELECT m.id, m.person_id, m.campaign, m.step, m.journey_id, m.template, m.sender, m.provider_key,
                m.delivery, m.created_at, m.accepted_at, m.bound_at, m.bound_seq
         FROM {rows} AS r CROSS JOIN messages AS m
         WHERE m.person_id = CAST(r.value->>0 AS bigint) AND m.accepted_at >= $4
         UNION ALL
         SELECT m.id, m.person_id, m.campaign, m.step, m.journey_id, m.template, m.sender, m.provider_key,
                m.delivery, m.created_at, m.accepted_at, m.bound_at, m.bound_seq
         FROM {rows} AS r CROSS JOIN messages AS m CROSS JOIN outbox AS o
         WHERE m.person_id = CAST(r.value->>0 AS bigint) AND m.accepted_at IS NULL AND m.delivery = 'pending'
           AND o.id = m.id AND o.state IN ('leased', 'held')
         UNION ALL
         SELECT m.id, m.person_id, m.campaign, m.step, m.journey_id, m.template, m.sender, m.provider_key,
                m.delivery, m.created_at, m.accepted_at, m.bound_at, m.bound_seq
         FROM {rows2} AS r CROSS JOIN messages AS m
         WHERE m.provider_key = {bytes:r.value->>0}
         UNION ALL
         SELECT m.id, m.person_id, m.campaign, m.step, m.journey_id, m.template, m.sender, m.provider_key,
                m.delivery, m.created_at, m.accepted_at, m.bound_at, m.bound_seq
         FROM {rows3} AS r CROSS JOIN messages AS m
         WHERE m.id = {bytes:r.value->>0}",
    );
    if wanted.people.is_empty() && wanted.provider_keys.is_empty() && wanted.ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys = batch(wanted.provider_keys.iter().map(|key| (Hex(key),)));
    let ids = batch(wanted.ids.iter().map(|id| (Hex(&id.0.to_bytes()).digits(),)));
    let rows = from.fetch(&OUTSTANDING, vec![id_batch(&wanted.people), keys, ids, wanted.since.0.into()]).await?;
    let mut messages = rows.iter().map(read_outstanding).collect::<Result<Vec<_>, _>>()?;
    messages.sort_by_key(|o| o.message.id);
    messages.dedup_by_key(|o| o.message.id);
    Ok(messages)
}

fn read_outstanding(row: &Row) -> Result<Outstanding, StoreError> {
    let accepted = row.second_or_null(10)?;
    Ok(Outstanding {
        message: MessageRef {
            id: EffectId(Ulid::from_bytes(row.bytes(0)?)),
            at: accepted.map_or_else(|| row.second(9), Ok)?,
            campaign: row.get(2)?,
            step: row.get(3)?,
            journey: row.bytes_or_null(4)?.map(|bytes| JourneyId(Ulid::from_bytes(bytes))),
            template: row.get(5)?,
        },
        person: PersonId(row.get(1)?),
        provider_key: row.bytes_or_null(7)?,
        sender: row.get(6)?,
        delivery: row.word(8)?,
        accepted,
        in_flight: accepted.is_none(),
        bound: row.second_or_null(11)?.zip(row.number_or_null(12)?),
    })
}

/// One message in full.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(from: &impl Source, id: EffectId) -> Result<Option<MessageRow>, StoreError> {
    static GET: Sql = Sql::new(
        "SELECT id, person_id, campaign, step, journey_id, template, sender, provider_key, delivery, created_at,
                accepted_at, sent_at, failed_at, delivered_at, read_at, played_at, replied_at, failure, body
         FROM messages WHERE id = $1",
    );
    from.fetch(&GET, vec![id.0.to_bytes().to_vec().into()]).await?.first().map(read).transpose()
}

/// Up to `limit` messages to somebody, newest first, before `before`.
///
/// # Errors
/// See [`StoreError`].
pub async fn of_person(
    from: &impl Source,
    person: PersonId,
    before: Option<EffectId>,
    limit: u32,
) -> Result<Vec<MessageRow>, StoreError> {
    static OF_PERSON: Sql = Sql::new(
        "SELECT id, person_id, campaign, step, journey_id, template, sender, provider_key, delivery, created_at,
                accepted_at, sent_at, failed_at, delivered_at, read_at, played_at, replied_at, failure, body
         FROM messages WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    );
    let before = before.map_or([0xFF; 16], |id| id.0.to_bytes());
    let values = vec![person.0.into(), before.to_vec().into(), i64::from(limit).into()];
    from.fetch(&OF_PERSON, values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<MessageRow, StoreError> {
    Ok(MessageRow {
        id: EffectId(Ulid::from_bytes(row.bytes(0)?)),
        person: PersonId(row.get(1)?),
        campaign: row.get(2)?,
        step: row.get(3)?,
        journey: row.bytes_or_null(4)?.map(|bytes| JourneyId(Ulid::from_bytes(bytes))),
        template: row.get(5)?,
        sender: row.get(6)?,
        provider_key: row.bytes_or_null(7)?,
        delivery: row.word(8)?,
        created: row.second(9)?,
        times: DeliveryTimes {
            accepted: row.second_or_null(10)?,
            sent: row.second_or_null(11)?,
            failed: row.second_or_null(12)?,
            delivered: row.second_or_null(13)?,
            read: row.second_or_null(14)?,
            played: row.second_or_null(15)?,
            replied: row.second_or_null(16)?,
        },
        failure: row.get(17)?,
        body: row.get(18)?,
    })
}

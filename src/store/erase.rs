//! Taking a person out of every table. Keys of events stay, so that a repeated webhook brings
//! nobody back; everything that says who they were, or what they wrote, goes.

use super::events;
use super::outbox;
use super::sql::Sql;
use super::{StoreError, Tx};
use crate::model::id::PersonId;

/// Erases somebody whose lock is held, and cancels what is on its way to them. Says whether there was somebody.
///
/// # Errors
/// See [`StoreError`].
pub async fn erase(tx: &Tx, person: PersonId) -> Result<bool, StoreError> {
    static PERSON: Sql = Sql::new("DELETE FROM people WHERE id = $1");
    static IDENTITIES: Sql = Sql::new("DELETE FROM identities WHERE person_id = $1");
    static MEMBERSHIPS: Sql = Sql::new(
        "DELETE FROM memberships WHERE (segment_id, person_id) IN
             (SELECT m.segment_id, m.person_id FROM segments AS s CROSS JOIN memberships AS m
              WHERE m.segment_id = s.id AND m.person_id = $1)",
    );
    static TRANSITIONS: Sql = Sql::new("DELETE FROM transitions WHERE person_id = $1");
    static JOURNEYS: Sql = Sql::new("DELETE FROM journeys WHERE person_id = $1");
    static JOURNEY_LOG: Sql = Sql::new("DELETE FROM journey_log WHERE person_id = $1");
    static NOTICES: Sql = Sql::new("UPDATE notices SET data = '{}' WHERE person_id = $1");
    static VALUES: Sql = Sql::new("DELETE FROM person_values WHERE person_id = $1");
    static MESSAGES: Sql =
        Sql::new("UPDATE messages SET body = NULL, failure = NULL, journey_id = NULL WHERE person_id = $1");
    static EVENTS: Sql = Sql::new(
        "UPDATE events SET kind = $2, name = NULL, properties = '{}', provider_id = NULL, message = NULL,
                           reason = NULL
         WHERE person_id = $1",
    );
    static OUTBOX: Sql = Sql::new(
        "UPDATE outbox SET payload = $2, endpoint = '', outcome = 'erased', due_ms = NULL, fence = fence + 1,
                           state = CASE WHEN state IN ('pending', 'leased', 'held') THEN 'cancelled' ELSE state END
         WHERE person_id = $1",
    );
    let id = || person.0.into();
    let erased = tx.run(&PERSON, [id()]).await?;
    for sql in [&IDENTITIES, &MEMBERSHIPS, &TRANSITIONS, &JOURNEYS, &JOURNEY_LOG, &NOTICES, &VALUES, &MESSAGES] {
        tx.run(sql, [id()]).await?;
    }
    tx.run(&EVENTS, [id(), events::ERASED.into()]).await?;
    tx.run(&OUTBOX, [id(), outbox::ERASED.into()]).await?;
    Ok(erased > 0)
}

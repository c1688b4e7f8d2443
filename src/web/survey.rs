//! `GET /antiphon/schema`: what the stored people and events look like, as counts, for whoever writes a schema.

use super::answer;
use super::site::{Answer, Site};
use crate::dsl::infer::Observed;
use crate::model::id::PersonId;
use crate::store::{StoreError, events, people};

/// The newest events, and the newest people, that are looked at.
pub const LOOKED_AT_MAX: u32 = 20_000;
/// So many are read at once: an event may have 100 kB.
const READ_AT_ONCE: u32 = 200;

/// Counts by name and shape of value. Texts are told only where several have them.
pub async fn schema(site: &Site) -> Answer {
    let observed = observed(site).await.map_err(|error| site.storage_problem(&error))?;
    let json = serde_json::to_value(&observed).expect("counts by name are JSON");
    Ok(answer::found(&json))
}

async fn observed(site: &Site) -> Result<Observed, StoreError> {
    let (mut observed, reader) = (Observed::default(), site.store.read());
    let mut before = i64::MAX;
    for _ in 0..LOOKED_AT_MAX / READ_AT_ONCE {
        let read = events::newest(&reader, before, READ_AT_ONCE).await?;
        read.iter().for_each(|(_, event)| observed.event(event));
        let Some((last, _)) = read.last() else { break };
        before = *last;
    }
    let mut before = PersonId(i64::MAX);
    for _ in 0..LOOKED_AT_MAX / READ_AT_ONCE {
        let read = people::newest_attributes(&reader, before, READ_AT_ONCE).await?;
        read.iter().for_each(|(_, attributes)| observed.person(attributes));
        let Some((last, _)) = read.last() else { break };
        before = *last;
    }
    observed.forget_rare();
    Ok(observed)
}

//! Claims: what is due becomes ours for a while, with what must be known of its people at that moment.

use std::collections::BTreeMap;

use super::attempt::{Due, Recorded};
use super::policy::Addressee;
use crate::model::id::PersonId;
use crate::model::identity::Channel;
use crate::model::person::Person;
use crate::model::phone::Phone;
use crate::model::value::{Type, Value};
use crate::store::outbox::Claimed;
use crate::store::{Store, StoreError, identities, outbox, people};

/// An effect that is ours under a fence.
#[derive(Debug)]
pub(super) struct Claim {
    pub due: Due,
    pub fence: i64,
}

/// Takes up to `limit` effects that are due. What is claimed and the people are read in one transaction:
/// if that fails, nothing is claimed.
pub(super) async fn claim(store: &Store, now: i64, lease: i64, limit: u32) -> Result<Vec<Claim>, StoreError> {
    let tx = store.write().await?;
    let claimed = outbox::claim(&tx, now, lease, limit).await?;
    let mut ids: Vec<PersonId> = claimed.iter().filter_map(|claimed| claimed.person).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut addressees = BTreeMap::new();
    for row in people::load(&tx, &ids).await? {
        addressees.insert(row.person.id, addressee(&row.person));
    }
    for identity in identities::of_people(&tx, &ids).await? {
        if let Some(addressee) = addressees.get_mut(&identity.person) {
            complete(addressee, identity.channel, identity.value);
        }
    }
    tx.commit().await?;
    let lease_until = now.saturating_add(lease);
    Ok(claimed.into_iter().map(|claimed| claim_of(claimed, &addressees, lease_until)).collect())
}

fn claim_of(claimed: Claimed, addressees: &BTreeMap<PersonId, Addressee>, lease_until: i64) -> Claim {
    let person = claimed.person.map(|id| Recorded { id, addressee: addressees.get(&id).cloned() });
    let due = Due {
        effect: claimed.effect,
        person,
        sequence: claimed.number,
        attempts: claimed.attempts,
        is_abandoned: claimed.is_abandoned,
        lease_until,
    };
    Claim { due, fence: claimed.fence }
}

fn addressee(person: &Person) -> Addressee {
    let unsubscribed = person.attributes.get("unsubscribed").and_then(|stored| Value::read(stored, Type::Boolean));
    Addressee { phone: person.phone.clone(), user_id: None, unsubscribed: unsubscribed == Some(Value::Boolean(true)) }
}

/// Where a person has no number of their own, the one that the provider knows them by serves.
fn complete(addressee: &mut Addressee, channel: Channel, value: String) {
    match channel {
        Channel::Alias if addressee.phone.is_none() => addressee.phone = Phone::from_e164(&value),
        Channel::UserId => addressee.user_id = Some(value),
        Channel::Phone | Channel::Alias | Channel::ParentUserId => {}
    }
}

//! Identifiers: integers inside, ULIDs outside, keyed hashes where a provider's id would be personal data.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::time::Second;

/// A person's internal number. Never reused; its order is the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub i64);

/// A segment's stable number, tied to its name for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SegmentId(pub u32);

/// A campaign's stable number, tied to its name for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CampaignId(pub u32);

/// The number of a rule set's version: 1, 2, 3 … in the order of publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RulesVersion(pub u32);

/// A person's event number: 1, 2, 3 … in the order taken in. An anonymous event has none.
pub type Seq = u32;

/// The bytes that key every hash of a provider's id in one installation.
/// They travel with the database, so a copy of it recognises the same messages.
#[derive(Clone)]
pub struct InstallationKey(pub [u8; 32]);

impl std::fmt::Debug for InstallationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InstallationKey(…)")
    }
}

/// What makes an event count once: the first 16 bytes of an HMAC-SHA256 over
/// the provider's name and the provider's id, each with its length in front.
///
/// The raw id is not kept as a key: a WhatsApp id contains the sender's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey(pub [u8; 16]);

impl EventKey {
    /// The key of `parts`, for instance `["whatsapp", wamid]` or `["api", event id]`.
    #[must_use]
    pub fn of(key: &InstallationKey, parts: &[&str]) -> Self {
        Self(keyed_hash(key, parts))
    }

    /// The id shown outside: the arrival in its time part, this key's first ten bytes behind it.
    #[must_use]
    pub fn public_id(&self, arrived: Second) -> Ulid {
        ulid_of(arrived, &self.0)
    }
}

/// A keyed hash of text that is personal data, 16 bytes: for look-ups that must not keep the text.
#[must_use]
pub fn keyed_hash(key: &InstallationKey, parts: &[&str]) -> [u8; 16] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    first_16(&mac.finalize().into_bytes())
}

/// An effect's id, and so the id of the message or webhook it asks for.
///
/// Derived from what caused it, so that replaying the cause asks for the same
/// effect again and a unique key refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId(pub Ulid);

impl EffectId {
    /// The effect that step number `step` of `journey` asks for, at `at`, for the `ordinal`-th time.
    #[must_use]
    pub fn derive(journey: JourneyId, step: &str, ordinal: u32, at: Second) -> Self {
        let digest = Sha256::new()
            .chain_update(journey.0.to_bytes())
            .chain_update(ordinal.to_be_bytes())
            .chain_update(step.as_bytes())
            .finalize();
        Self(ulid_of(at, &first_16(&digest)))
    }
}

/// A journey's id, derived from (campaign, subject, occurrence): one occurrence
/// of a trigger can start its campaign once, whoever tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JourneyId(pub Ulid);

impl JourneyId {
    /// The journey that `instant`, an occurrence of its schedule, begins for somebody: the same one whenever it is
    /// seen to.
    #[must_use]
    pub fn of_occurrence(campaign: &str, cio_id: Ulid, instant: Second) -> Self {
        let occurrence = [b"occurrence".as_slice(), &instant.0.to_be_bytes()].concat();
        Self::derive(campaign, &cio_id.to_bytes(), &occurrence, instant)
    }

    /// `subject` is the person's `cio_id` or the anonymous event's key; `occurrence` names the cause.
    #[must_use]
    pub fn derive(campaign: &str, subject: &[u8; 16], occurrence: &[u8], at: Second) -> Self {
        let digest = Sha256::new()
            .chain_update((campaign.len() as u64).to_be_bytes())
            .chain_update(campaign.as_bytes())
            .chain_update(subject)
            .chain_update(occurrence)
            .finalize();
        Self(ulid_of(at, &first_16(&digest)))
    }
}

fn first_16(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

/// 48 bits of milliseconds, then the first 80 bits of `hash`.
fn ulid_of(at: Second, hash: &[u8; 16]) -> Ulid {
    let millis = u64::try_from(at.0).unwrap_or(0).saturating_mul(1000) & 0xFFFF_FFFF_FFFF;
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(&millis.to_be_bytes()[2..]) {
        *to = *from;
    }
    for (to, from) in bytes.iter_mut().skip(6).zip(hash) {
        *to = *from;
    }
    Ulid::from_bytes(bytes)
}

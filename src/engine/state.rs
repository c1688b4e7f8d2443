//! What the engine knows about one person between two steps, and its bytes in storage.
//! It is a cache: it can be folded again from the person's events.

use serde::{Deserialize, Serialize};

use super::atom::AtomKey;
use super::memory::Memory;
use super::tally::Stamp;
use crate::model::event::Order;
use crate::model::id::{CampaignId, RulesVersion, SegmentId, Seq};
use crate::model::time::Second;

/// The first byte of an encoded state.
const FORMAT: u8 = 3;

/// That of no rule set: what a state under it depends on has to be looked for.
const NO_FINGERPRINT: u64 = 0;

/// One person's state. `State::default()` is somebody without a history.
///
/// Lists are sorted by their first part, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The rule set that this state was written under, and what of it states depend on.
    pub rules: RulesVersion,
    pub(super) fingerprint: u64,
    /// The number of the newest event taken in.
    pub last_seq: Seq,
    /// The newest place in the history that was taken in.
    pub(super) newest: Option<Order>,
    /// The newest move: what the engine decided.
    pub(super) newest_move: Option<Order>,
    /// The newest attribute write in order.
    pub(super) newest_write: Option<Order>,
    /// Nothing is evaluated as of an earlier second than this any more.
    pub(super) floor: Second,
    /// The instant of the newest wake that was played.
    pub(super) woken: Option<Second>,
    pub(super) memories: Vec<(AtomKey, Memory)>,
    /// The segments the person is in, since when; manual ones too, and those in which they were when they went.
    pub(super) memberships: Vec<(SegmentId, Stamp)>,
    /// The newest move of each manual segment.
    pub(super) moves: Vec<(SegmentId, Order)>,
    /// The campaigns whose `becomes` condition is true now.
    pub(super) risen: Vec<CampaignId>,
    /// When each campaign was last started.
    pub(super) entries: Vec<(CampaignId, Stamp)>,
    /// By a limit's name, hashed: when messages under it were asked for, as many as count, newest first.
    pub(super) limits: Vec<(u64, Vec<Stamp>)>,
    /// The newest inbound message: the service window runs from there.
    pub(super) newest_inbound: Option<Stamp>,
    /// The campaigns of which journeys are running, and how many.
    pub(super) running: Vec<(String, u32)>,
}

/// Bytes that are no state of this format. The person's state has to be folded from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bytes are no state of a person in a known format")
    }
}

impl std::error::Error for Unreadable {}

impl State {
    /// The bytes for storage.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![FORMAT]).expect("a state is plain data of known length")
    }

    /// The reverse of [`State::encode`].
    ///
    /// # Errors
    /// [`Unreadable`] for bytes of another format.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|_| Unreadable),
            _ => Err(Unreadable),
        }
    }

    /// The same for bytes of a row that says under which rule set they are good: people to whom a newer one meant
    /// nothing went over to it with their bytes as they are.
    ///
    /// # Errors
    /// [`Unreadable`] for bytes of another format.
    pub fn decode_under(bytes: &[u8], rules: RulesVersion) -> Result<Self, Unreadable> {
        let mut state = Self::decode(bytes)?;
        // One that was given up stays so.
        if state.rules != RulesVersion(0) && state.rules != rules {
            (state.rules, state.fingerprint) = (rules, NO_FINGERPRINT);
        }
        Ok(state)
    }

    /// Whether storage need not be told of it: `other` differs in nothing but the rule set that wrote it.
    #[must_use]
    pub fn says_what(&self, other: &Self) -> bool {
        let Self { rules, fingerprint, floor, .. } = *other;
        Self { rules, fingerprint, floor, ..self.clone() } == *other
    }

    /// The segments the person is in, by number, and since when.
    pub fn memberships(&self) -> impl Iterator<Item = (SegmentId, Second)> {
        self.memberships.iter().map(|(segment, since)| (*segment, Second::from(*since)))
    }

    /// Whether the person is in `segment`.
    #[must_use]
    pub fn is_in(&self, segment: SegmentId) -> bool {
        get(&self.memberships, segment).is_some()
    }

    /// Whether the condition that starts `campaign` by becoming true is true now.
    #[must_use]
    pub fn is_risen(&self, campaign: CampaignId) -> bool {
        self.risen.binary_search(&campaign).is_ok()
    }

    /// When the newest inbound message came.
    #[must_use]
    pub fn newest_inbound(&self) -> Option<Second> {
        self.newest_inbound.map(Second::from)
    }

    pub(super) fn memory(&self, key: AtomKey) -> Option<&Memory> {
        get(&self.memories, key)
    }

    /// Drops the memory of an atom that met nothing.
    pub(super) fn forget_memory(&mut self, key: AtomKey) {
        self.memories.retain(|(known, _)| *known != key);
    }

    /// The same as [`State::memory`], to be changed.
    pub(super) fn memory_known(&mut self, key: AtomKey) -> Option<&mut Memory> {
        let place = find(&self.memories, key).ok()?;
        self.memories.get_mut(place).map(|(_, memory)| memory)
    }

    /// Writes down that the person entered or left. Returns whether that is a change.
    pub(super) fn set_member(&mut self, segment: SegmentId, member: bool, at: Second) -> bool {
        match (find(&self.memberships, segment), member) {
            (Err(place), true) => self.memberships.insert(place, (segment, Stamp::from(at))),
            (Ok(place), false) => {
                self.memberships.remove(place);
            }
            (Ok(_), true) | (Err(_), false) => return false,
        }
        true
    }

    /// Writes down a move of a manual segment, unless a newer one is known already.
    pub(super) fn set_moved(&mut self, segment: SegmentId, order: Order) -> bool {
        match find(&self.moves, segment) {
            Ok(place) => match self.moves.get_mut(place) {
                Some((_, known)) if *known < order => *known = order,
                _ => return false,
            },
            Err(place) => self.moves.insert(place, (segment, order)),
        }
        true
    }

    /// Writes down the truth of a `becomes` condition. Returns whether that is a change.
    pub(super) fn set_risen(&mut self, campaign: CampaignId, truth: bool) -> bool {
        match (self.risen.binary_search(&campaign), truth) {
            (Err(place), true) => self.risen.insert(place, campaign),
            (Ok(place), false) => {
                self.risen.remove(place);
            }
            (Ok(_), true) | (Err(_), false) => return false,
        }
        true
    }

    /// Whether a journey of `campaign` is running.
    #[must_use]
    pub fn is_running(&self, campaign: &str) -> bool {
        self.running.iter().any(|(name, _)| name == campaign)
    }

    /// Writes down that a journey of `campaign` began or ended. Returns whether that changes if one is running.
    pub(super) fn set_running(&mut self, campaign: &str, begins: bool) -> bool {
        match (self.running.binary_search_by(|(name, _)| name.as_str().cmp(campaign)), begins) {
            (Ok(place), _) => {
                let Some((_, count)) = self.running.get_mut(place) else { return false };
                *count = if begins { count.saturating_add(1) } else { count.saturating_sub(1) };
                let ended = *count == 0;
                if ended {
                    self.running.remove(place);
                }
                ended
            }
            (Err(place), true) => {
                self.running.insert(place, (campaign.to_owned(), 1));
                true
            }
            (Err(_), false) => false,
        }
    }

    /// The state says no more than that it has to be folded from the log.
    pub(super) fn forget(&mut self) {
        self.rules = RulesVersion(0);
    }

    pub(super) fn last_entry(&self, campaign: CampaignId) -> Option<Second> {
        get(&self.entries, campaign).map(|stamp| Second::from(*stamp))
    }

    pub(super) fn set_entry(&mut self, campaign: CampaignId, at: Second) {
        *place(&mut self.entries, campaign, || Stamp::from(at)) = Stamp::from(at);
    }

    /// When messages under the limit were asked for, newest first.
    pub(super) fn asked(&self, limit: u64) -> impl Iterator<Item = Second> {
        self.limits
            .iter()
            .filter(move |(name, _)| *name == limit)
            .flat_map(|(_, asked)| asked)
            .copied()
            .map(Second::from)
    }

    /// Writes down that a message was asked for, no earlier than the others; `keep` of them count.
    pub(super) fn set_asked(&mut self, limit: u64, at: Second, keep: usize) {
        let asked = place(&mut self.limits, limit, Vec::new);
        asked.insert(0, Stamp::from(at));
        asked.truncate(keep);
    }

    pub(super) fn memory_mut(&mut self, key: AtomKey, empty: impl FnOnce() -> Memory) -> &mut Memory {
        place(&mut self.memories, key, empty)
    }
}

fn find<K: Ord + Copy, V>(list: &[(K, V)], key: K) -> Result<usize, usize> {
    list.binary_search_by_key(&key, |(key, _)| *key)
}

pub(super) fn get<K: Ord + Copy, V>(list: &[(K, V)], key: K) -> Option<&V> {
    find(list, key).ok().and_then(|place| list.get(place)).map(|(_, value)| value)
}

pub(super) fn place<K: Ord + Copy, V>(list: &mut Vec<(K, V)>, key: K, empty: impl FnOnce() -> V) -> &mut V {
    let place = find(list, key).unwrap_or_else(|place| {
        list.insert(place, (key, empty()));
        place
    });
    &mut list.get_mut(place).expect("the key was found at this place, or was put there").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_another_format_are_refused() {
        let mut bytes = State::default().encode();
        assert_eq!(State::decode(&bytes), Ok(State::default()));
        assert_eq!(State::decode(&[]), Err(Unreadable));
        assert_eq!(State::decode(&bytes[..bytes.len() - 1]), Err(Unreadable));
        bytes[0] = FORMAT + 1;
        assert_eq!(State::decode(&bytes), Err(Unreadable));
    }
}

//! Which person a sender is: what to look up, who of those found it is, and what is learned from it.
//! The choice is made once per event and never revisited; nobody is merged here.

use std::fmt;

use crate::model::id::PersonId;
use crate::model::identity::Channel;
use crate::model::inbound::Sender;
use crate::model::person::Person;
use crate::model::phone::Phone;
use crate::model::rule::OldestBy;
use crate::model::time::Second;
use crate::model::value::{Type, Value};

/// One value to look up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// How good a match on it is; 0 is the best.
    pub rank: Rank,
    pub channel: Channel,
    pub value: String,
}

/// The order in which matches count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The very number.
    Number,
    /// A number that the provider is known to use for somebody.
    Alias,
    /// Another spelling of the number.
    Variant,
    UserId,
    ParentUserId,
}

/// Somebody who holds a value.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    pub channel: Channel,
    pub value: String,
    pub person: PersonId,
    /// Since when they are known, or what else the schema decides age by. Who has none comes last.
    pub since: Option<Second>,
}

/// Who it is, and how that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub person: PersonId,
    pub by: Rank,
}

/// A value that will lead to a person from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub person: PersonId,
    pub channel: Channel,
    pub value: String,
}

/// What a person's message teaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    pub links: Vec<Link>,
    pub conflicts: Vec<Conflict>,
}

/// Something odd to be shown to people; nothing is changed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The number leads to one person and the user id to another.
    Identity { chosen: PersonId, other: PersonId },
    /// The person had another user id before: maybe a new owner of the number.
    UserIdChanged { person: PersonId },
}

impl Conflict {
    /// The words in activity.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity { .. } => "identity conflict",
            Self::UserIdChanged { .. } => "sender id changed",
        }
    }
}

/// What decides who is the oldest of several people with one number.
#[must_use]
pub fn age(person: &Person, oldest_by: OldestBy) -> Option<Second> {
    match oldest_by {
        OldestBy::KnownSince => Some(person.known_since),
        OldestBy::CreatedAt => {
            match person.attributes.get("created_at").and_then(|stored| Value::read(stored, Type::Time)) {
                Some(Value::Time(at)) => Some(at),
                _ => None,
            }
        }
    }
}

/// What to look up for a sender, best first.
#[must_use]
pub fn keys(sender: &Sender) -> Vec<Key> {
    let mut keys = Vec::with_capacity(5);
    let mut key = |rank, channel, value: &str| keys.push(Key { rank, channel, value: value.to_owned() });
    if let Some(number) = &sender.number {
        key(Rank::Number, Channel::Phone, number.as_str());
        key(Rank::Alias, Channel::Alias, number.as_str());
        for variant in number.variants() {
            key(Rank::Variant, Channel::Phone, variant.as_str());
        }
    }
    if let Some(id) = &sender.user_id {
        key(Rank::UserId, Channel::UserId, id);
    }
    if let Some(id) = &sender.parent_user_id {
        key(Rank::ParentUserId, Channel::ParentUserId, id);
    }
    keys
}

/// The person among `holders` that `keys` lead to: the best rank first, and within it the oldest profile,
/// then the smaller id. Holders of other values do not matter.
#[must_use]
pub fn choose(keys: &[Key], holders: &[Holder]) -> Option<Choice> {
    let matches = keys.iter().flat_map(|key| {
        let of_key = holders.iter().filter(|h| h.channel == key.channel && h.value == key.value);
        of_key.map(|holder| (key.rank, holder.since.is_none(), holder.since, holder.person))
    });
    matches.min().map(|(by, _, _, person)| Choice { person, by })
}

/// What a message teaches about its sender, once the person was chosen.
///
/// Only a number teaches: the user ids beside it will find its person when the number is hidden. `holders` are
/// those of the sender's keys; `own` is what leads to the chosen person already. A user id that is somebody
/// else's stays theirs.
#[must_use]
pub fn learn(sender: &Sender, choice: Choice, holders: &[Holder], own: &[(Channel, &str)]) -> Learned {
    let mut learned = Learned::default();
    if choice.by >= Rank::UserId {
        return learned;
    }
    let ids = [(Channel::UserId, &sender.user_id), (Channel::ParentUserId, &sender.parent_user_id)];
    for (channel, id) in ids {
        let Some(id) = id else { continue };
        let mut held = holders.iter().filter(|h| h.channel == channel && h.value == *id).peekable();
        let is_own = own.contains(&(channel, id)) || held.clone().any(|h| h.person == choice.person);
        if is_own {
            continue;
        }
        if let Some(other) = held.peek() {
            learned.conflicts.push(Conflict::Identity { chosen: choice.person, other: other.person });
            continue;
        }
        if channel == Channel::UserId && own.iter().any(|(known, _)| *known == channel) {
            learned.conflicts.push(Conflict::UserIdChanged { person: choice.person });
        }
        learned.links.push(Link { person: choice.person, channel, value: id.clone() });
    }
    learned
}

/// The alias to keep when the answer to a send calls the number otherwise than we do.
#[must_use]
pub fn learned_alias(number: &Phone, wa_id: &str) -> Option<Phone> {
    Phone::from_whatsapp(wa_id).filter(|alias| alias != number)
}

/// Values are personal data.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("rank", &self.rank).finish_non_exhaustive()
    }
}

/// Values are personal data.
impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("channel", &self.channel).field("person", &self.person).finish_non_exhaustive()
    }
}

/// Values are personal data.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("channel", &self.channel).field("person", &self.person).finish_non_exhaustive()
    }
}

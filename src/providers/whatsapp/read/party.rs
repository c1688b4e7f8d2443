//! Who is involved: our number from `metadata`, the people of `contacts`, and the sender of an item.
//! `contacts` stands beside statuses too, so an entry there never means that somebody wrote.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::object::Object;
use crate::model::inbound::{BrokenReason, Sender};
use crate::model::phone::Phone;
use crate::model::sender::SenderId;

/// What a change tells about the two sides of its items.
#[derive(Default)]
pub(super) struct Parties {
    pub(super) our_number: Option<Phone>,
    pub(super) our_number_id: Option<String>,
    contacts: Vec<Contact>,
    /// Numbers with their plus, and user ids, which have none.
    by_id: BTreeMap<String, usize>,
    /// One contact and one item: they belong together whatever they are called.
    is_pair: bool,
}

/// One entry of `contacts`.
#[derive(Default)]
pub(super) struct Contact {
    sender: Sender,
    pub(super) profile_name: Option<String>,
    /// Without the `@` that some senders put in front.
    pub(super) username: Option<String>,
}

/// Under which names an item carries the ids of its person.
pub(super) struct IdFields {
    pub(super) any: &'static str,
    pub(super) user: &'static str,
    pub(super) parents: &'static [&'static str],
}

impl Parties {
    /// Reads `metadata` and `contacts` of a change with so many items.
    pub(super) fn read(value: &Object<'_>, items: usize) -> Self {
        let metadata = value.object("metadata");
        let contacts = value.array("contacts").unwrap_or_default();
        let contacts: Vec<Contact> = contacts.into_iter().filter_map(Contact::read).collect();
        let mut by_id = BTreeMap::new();
        for (n, contact) in contacts.iter().enumerate() {
            for id in ids(&contact.sender) {
                by_id.entry(id.to_owned()).or_insert(n);
            }
        }
        Self {
            our_number: metadata.as_ref().and_then(|m| m.word("display_phone_number")).and_then(|n| displayed(&n)),
            our_number_id: metadata.as_ref().and_then(|m| m.word("phone_number_id")).map(String::from),
            is_pair: contacts.len() == 1 && items == 1,
            by_id,
            contacts,
        }
    }

    /// The person of an item, and their contact entry.
    ///
    /// The item's own ids come first. An entry found by one of them adds what the item lacks, and so does
    /// the only entry beside the only item, if that item has no usable id.
    ///
    /// # Errors
    /// `no_sender`; `bad_sender` if there was a text that is neither number nor user id.
    pub(super) fn of(&self, item: &Object<'_>, fields: &IdFields) -> Result<(Sender, Option<&Contact>), BrokenReason> {
        let mut sender = Sender { user_id: user_id(item, fields.user), ..Sender::default() };
        sender.parent_user_id = fields.parents.iter().find_map(|name| user_id(item, name));
        let written = item.word(fields.any);
        match written.as_deref().and_then(SenderId::read) {
            Some(SenderId::Number(number)) => sender.number = Some(number),
            Some(SenderId::UserId(id)) => sender.user_id = sender.user_id.or(Some(id)),
            None => {}
        }
        let is_known = sender.number.is_some() || sender.user_id.is_some();
        let found = self.find(&sender);
        let contact = found.or_else(|| self.contacts.first().filter(|_| self.is_pair));
        if let Some(contact) = contact.filter(|_| found.is_some() || !is_known) {
            let Sender { number, user_id, parent_user_id } = &contact.sender;
            sender.number = sender.number.or_else(|| number.clone());
            sender.user_id = sender.user_id.or_else(|| user_id.clone());
            sender.parent_user_id = sender.parent_user_id.or_else(|| parent_user_id.clone());
        }
        match (sender == Sender::default(), written) {
            (false, _) => Ok((sender, contact)),
            (true, Some(_)) => Err(BrokenReason::BadSender),
            (true, None) => Err(BrokenReason::NoSender),
        }
    }

    fn find(&self, sender: &Sender) -> Option<&Contact> {
        let n = ids(sender).find_map(|id| self.by_id.get(id))?;
        self.contacts.get(*n)
    }
}

impl Contact {
    fn read(raw: &RawValue) -> Option<Self> {
        let object = Object::read(raw)?;
        let profile = object.object("profile");
        let name = |key| profile.as_ref().and_then(|p| p.word(key)).map(String::from);
        let mut sender = Sender {
            number: None,
            user_id: user_id(&object, "user_id"),
            parent_user_id: user_id(&object, "parent_user_id"),
        };
        match object.word("wa_id").as_deref().and_then(SenderId::read) {
            Some(SenderId::Number(number)) => sender.number = Some(number),
            Some(SenderId::UserId(id)) => sender.user_id = sender.user_id.or(Some(id)),
            None => {}
        }
        let username = name("username").map(|name| name.trim_start_matches('@').to_owned());
        Some(Self { sender, profile_name: name("name"), username })
    }
}

/// What a contact entry can be found by, the user id first.
fn ids(sender: &Sender) -> impl Iterator<Item = &str> {
    sender.user_id.as_deref().into_iter().chain(sender.number.as_ref().map(Phone::as_str))
}

/// A user id under `name`, if it has the shape of one.
fn user_id(object: &Object<'_>, name: &str) -> Option<String> {
    match SenderId::read(&object.word(name)?)? {
        SenderId::UserId(id) => Some(id),
        SenderId::Number(_) => None,
    }
}

/// Our number as the dashboard shows it: spaces, hyphens, brackets, with a plus or without.
fn displayed(number: &str) -> Option<Phone> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    Phone::from_whatsapp(&digits)
}

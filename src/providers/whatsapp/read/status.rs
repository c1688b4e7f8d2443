//! `statuses[]`: what became of messages that were sent from our numbers, by us or by somebody else.

use serde_json::value::RawValue;

use super::super::{NAME, write};
use super::envelope::Item;
use super::message::stamp;
use super::object::Object;
use super::party::{IdFields, Parties};
use crate::model::inbound::{BrokenReason, Failure, IgnoredReason, Inbound, Status};
use crate::model::message::Delivery;

const IDS: IdFields = IdFields {
    any: "recipient_id",
    user: "recipient_user_id",
    parents: &["recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"],
};

/// Reads one status.
///
/// # Errors
/// `no_content` without an id or a word, `value` if it is no object.
pub(super) fn status(raw: &RawValue, parties: &Parties) -> Result<Item, BrokenReason> {
    let item = Object::read(raw).ok_or(BrokenReason::Value)?;
    let id = item.word("id").ok_or(BrokenReason::NoContent)?.into_owned();
    let word = item.text("status").ok_or(BrokenReason::NoContent)?;
    let participant = ["recipient_participant_id", "participant_recipient_id"].iter().find_map(|name| item.word(name));
    if participant.is_some() || item.text("recipient_type").is_some_and(|kind| kind == "group") {
        let participant = participant.unwrap_or_default();
        return Ok(Item::ignored(IgnoredReason::Group, Some(format!("{id}/{word}/{participant}"))));
    }
    let Some(delivery) = delivery(&word) else {
        return Ok(Item::ignored(IgnoredReason::UnknownStatus, Some(format!("{id}/{word}"))));
    };
    Ok(Item::Read(Inbound::Status(Status {
        provider: NAME,
        id,
        delivery,
        at: stamp(&item),
        tag: item.text("biz_opaque_callback_data").and_then(|data| write::tag_in(&data).map(str::to_owned)),
        // Whom it went to is known where we sent it; a status without it is good.
        recipient: parties.of(&item, &IDS).map(|(recipient, _)| recipient).unwrap_or_default(),
        our_number_id: parties.our_number_id.clone(),
        failure: failure(&item),
    })))
}

/// The words that the platform uses. Ours for what is not sent yet are not among them.
fn delivery(word: &str) -> Option<Delivery> {
    match word {
        "sent" | "delivered" | "read" | "played" | "failed" => Delivery::read(word),
        _ => None,
    }
}

fn failure(item: &Object<'_>) -> Option<Failure> {
    let error = Object::read(item.array("errors")?.first()?)?;
    Some(Failure { code: error.word("code")?.parse().ok()?, details: details(&error) })
}

/// What a provider's error says, the most precise text first.
pub(super) fn details(error: &Object<'_>) -> String {
    let precise = error.object("error_data").and_then(|data| data.text("details"));
    precise.or_else(|| error.text("message")).or_else(|| error.text("title")).unwrap_or_default().into_owned()
}

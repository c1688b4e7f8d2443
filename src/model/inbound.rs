//! What a provider's request says, read into items: before anybody knows who the person is.

use super::event::Kind;
use super::message::Delivery;
use super::phone::Phone;
use super::time::Second;
use super::value::Properties;

/// A body read by a provider: what is good, what is broken, what is nothing to us.
/// One bad item never touches its neighbours.
#[derive(Debug, Default, PartialEq)]
pub struct Reading {
    /// In array order.
    pub items: Vec<Inbound>,
    pub broken: Vec<Broken>,
    /// Things that are known and deliberately not events, by reason, with the provider id if there is one.
    pub ignored: Vec<Ignored>,
}

/// One item of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// Something a person did.
    Arrival(Arrival),
    /// What became of a message we sent.
    Status(Status),
}

/// Something a person did: a message, a reaction, an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// `whatsapp` or `sms`.
    pub provider: &'static str,
    /// The provider's id of it. Personal data: never logged, never a key as it is.
    pub id: String,
    pub sender: Sender,
    /// The number that was written to, in E.164, and the provider's id of that number.
    pub our_number: Option<Phone>,
    pub our_number_id: Option<String>,
    /// The provider's stamp; missing or unreadable means the arrival.
    pub at: Option<Second>,
    pub kind: Kind,
    /// `body`, `kind`, `via`, `button_id` and what else the provider tells.
    pub properties: Properties,
    /// The provider's id of the message that is quoted, tapped or reacted to. Personal data.
    pub context: Option<String>,
}

/// Who wrote, as the provider tells it. At least one of the three is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    pub number: Option<Phone>,
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub provider: &'static str,
    /// The provider's id of the message it is about.
    pub id: String,
    pub delivery: Delivery,
    pub at: Option<Second>,
    /// Our own tag, as we gave it to the provider with the send: the effect's ULID.
    pub tag: Option<String>,
    pub recipient: Sender,
    pub our_number_id: Option<String>,
    pub failure: Option<Failure>,
}

/// What a provider says went wrong with a message. Built on code and details; titles change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: i64,
    pub details: String,
}

/// An item that cannot be read. It is kept in quarantine with its raw text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// JSON pointer of the item in the body; empty for the whole body.
    pub pointer: String,
    pub reason: BrokenReason,
    pub raw: String,
}

/// Why an item is in quarantine. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenReason {
    NotJson,
    Envelope,
    Value,
    UnknownField,
    UnknownType,
    NoSender,
    BadSender,
    NoContent,
    Panic,
}

impl BrokenReason {
    /// The word in storage and in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Envelope => "envelope",
            Self::Value => "value",
            Self::UnknownField => "unknown_field",
            Self::UnknownType => "unknown_type",
            Self::NoSender => "no_sender",
            Self::BadSender => "bad_sender",
            Self::NoContent => "no_content",
            Self::Panic => "panic",
        }
    }
}

/// Something that is known and is deliberately not an event; it leaves its key, so that it is counted once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    pub provider: &'static str,
    pub reason: IgnoredReason,
    pub id: Option<String>,
}

/// Why something is ignored. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    Group,
    Unsupported,
    /// A field of the provider that tells nothing about a person's doings.
    Notice,
    /// A status word that we do not know.
    UnknownStatus,
}

impl IgnoredReason {
    /// The word in storage and in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Unsupported => "unsupported",
            Self::Notice => "notice",
            Self::UnknownStatus => "unknown_status",
        }
    }
}

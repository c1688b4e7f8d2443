//! What the intake takes in: bodies of items, from providers, from the API and from our own rooms.

use crate::model::id::EffectId;
use crate::model::inbound::{Arrival, Broken, Ignored, Status};
use crate::model::person::Handle;
use crate::model::time::Second;
use crate::model::value::Properties;

/// What came in one request. It is taken in whole: one transaction, or nothing and a refusal.
#[derive(Debug, Default)]
pub struct Body {
    /// In array order.
    pub items: Vec<Item>,
    /// Parts that could not be read: they go to quarantine in the same transaction.
    pub broken: Vec<(&'static str, Broken)>,
    /// Parts that are deliberately nothing: counted, once.
    pub ignored: Vec<Ignored>,
}

/// One thing to take in.
#[derive(Debug)]
pub enum Item {
    Arrival(Arrival),
    Status(Status),
    Identify(Identify),
    Track(Track),
    /// Erase the person and everything about them.
    Erase(Handle),
    Move(Move),
    Settle(Settle),
}

/// Attributes for a person, who is made if unknown.
#[derive(Debug)]
pub struct Identify {
    pub handle: Handle,
    /// The identifiers and attributes of the body; `null` and `""` remove.
    pub attributes: Properties,
    /// Nobody is made: an unknown person is skipped.
    pub update_only: bool,
    /// When the attributes were true, if the caller says so.
    pub at: Option<Second>,
}

/// A custom event.
#[derive(Debug)]
pub struct Track {
    /// None: an anonymous event, for good.
    pub handle: Option<Handle>,
    pub name: String,
    /// The caller's id, or one made for this call: the same id counts once.
    pub id: String,
    pub at: Option<Second>,
    pub data: Properties,
}

/// A move into or out of a manual segment. People who are there already, or unknown, are passed over.
#[derive(Debug)]
pub struct Move {
    pub segment: String,
    pub handle: Handle,
    pub joined: bool,
}

/// What became of an attempt at an effect. It counts only under the fence it was claimed with.
#[derive(Debug)]
pub struct Settle {
    pub effect: EffectId,
    pub fence: i64,
    pub outcome: Settlement,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// The provider took the message; it becomes a `sent` event of the person.
    Accepted { provider: &'static str, provider_id: String, sender: String, wa_id: Option<String> },
    /// The receiver of a webhook took it.
    Delivered { status: u16 },
    /// Try again at this instant, in milliseconds.
    Retry { at_millis: i64, reason: String },
    /// Over, for a reason that trying again does not mend.
    Failed { reason: String },
    /// It may have been sent. It is held until something tells.
    Unknown { reason: String },
}

/// What became of a body's items, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub outcomes: Vec<Outcome>,
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    /// It was here before: nothing changed.
    Duplicate,
    /// It concerns nobody and nothing, and that is fine: `unknown person`, `fence lost` …
    PassedOver(&'static str),
    /// It must not be stored; the caller is told why.
    Refused {
        field: String,
        message: String,
    },
    /// It could not be processed and lies in quarantine.
    Quarantined,
}

/// Why a body was not taken in. Trying again is right: what was stored all the same counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More waits than the queue holds.
    Full,
    /// The database did not take it in time, or did not say so: it may be stored.
    Unavailable,
    /// The process is stopping.
    Stopping,
}

//! A message we sent, and how far it got.

use serde::{Deserialize, Serialize};

use super::event::{Kind, MessageRef};
use super::id::{PersonId, Seq};
use super::time::Second;

/// How far a message got. The order is the order of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// In the outbox: not sent, or sent and not answered.
    Pending,
    Accepted,
    Sent,
    Failed,
    Delivered,
    Read,
    Played,
}

impl Delivery {
    /// The delivery after hearing `news`: only upward, whatever the order of arrival.
    ///
    /// `failed` replaces what came before a delivery and nothing after it; a delivery replaces
    /// `failed`, since it did arrive. That is the declared order of the variants.
    #[must_use]
    pub fn hear(self, news: Self) -> Self {
        self.max(news)
    }

    /// The event that rules see when a message gets this far, if it is one.
    /// `Sent` is none: the acceptance already made it.
    #[must_use]
    pub fn event(self) -> Option<Kind> {
        match self {
            Self::Pending | Self::Sent => None,
            Self::Accepted => Some(Kind::Sent),
            Self::Failed => Some(Kind::Failed),
            Self::Delivered => Some(Kind::Received),
            Self::Read | Self::Played => Some(Kind::Read),
        }
    }

    /// The word in storage, in APIs and in provider statuses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
        }
    }

    /// The reverse of [`Delivery::as_str`].
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Some(match word {
            "pending" => Self::Pending,
            "accepted" => Self::Accepted,
            "sent" => Self::Sent,
            "failed" => Self::Failed,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            _ => return None,
        })
    }
}

/// A message of ours with what is known of its delivery: a candidate for attribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    pub message: MessageRef,
    pub person: PersonId,
    /// The keyed hash of the provider's id, once known.
    pub provider_key: Option<[u8; 16]>,
    /// The number we sent from, as the provider names it.
    pub sender: Option<String>,
    pub delivery: Delivery,
    pub accepted: Option<Second>,
    /// An attempt at it is under way: claimed, and its outcome not settled.
    pub in_flight: bool,
    /// The earliest reply that was bound to it while it was in flight: its second and number.
    pub bound: Option<(Second, Seq)>,
}

//! What happened: the entries of the log. The log is the truth; everything else can be folded from it.

use serde::{Deserialize, Serialize};

use super::id::{EffectId, EventKey, JourneyId, Seq};
use super::rule::Move;
use super::time::Second;
use super::transition::Cause;
use super::value::Properties;

/// One happening in a person's life, or an anonymous one.
///
/// `at` is when it happened, `arrived` when we learned it; both whole seconds,
/// and `at` is never after `arrived`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub key: EventKey,
    /// 0 for an anonymous event and for one that is not numbered yet.
    pub seq: Seq,
    pub at: Second,
    pub arrived: Second,
    /// A send whose acceptance was learned after a reply to it lies directly before that reply.
    pub precedes: Option<Seq>,
    pub kind: Kind,
    /// What `where` reaches: `body`, `via`, `button_id` … of an inbound message, the data of a
    /// custom event, the new values of an attribute write (`null` unsets).
    pub properties: Properties,
    /// The message of ours that this event answers, or that a delivery is about.
    pub message: Option<MessageRef>,
    /// Why `message` is taken to be the one answered. Only on inbound messages and reactions.
    pub reason: Option<Reason>,
}

/// A place in a person's history: by second, then by arrival. What a decision of the engine means lies
/// directly behind the arrival that caused it; what time alone causes, behind all arrivals of its second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Order(pub Second, u64, Seq);

impl Order {
    /// The place of event number `seq` at `at`, or the place directly before the reply that it precedes.
    #[must_use]
    pub fn new(at: Second, seq: Seq, precedes: Option<Seq>) -> Self {
        let rank = match precedes {
            Some(reply) => (u64::from(reply) * 4).saturating_sub(1),
            None => u64::from(seq) * 4,
        };
        // Two sends before one reply lie as they were taken in.
        Self(at, rank, seq)
    }

    /// The place directly behind event number `seq`, at `at`. Several moves there lie as they were decided.
    #[must_use]
    pub fn behind(at: Second, seq: Seq) -> Self {
        Self(at, u64::from(seq) * 4 + 1, seq)
    }
}

/// The key of what no event caused.
pub const NO_EVENT: EventKey = EventKey([0; 16]);

impl Event {
    /// A move at `at`, behind event number `seq`. Its key is that of the event that caused it, or [`NO_EVENT`].
    #[must_use]
    pub fn of_move(what: Move, at: Second, seq: Seq, cause: Cause) -> Self {
        let key = match cause {
            Cause::Event { key, .. } => key,
            Cause::Born | Cause::Wake | Cause::Rules | Cause::Recheck | Cause::Occurrence(_) => NO_EVENT,
        };
        Self {
            key,
            seq,
            at,
            arrived: at,
            precedes: None,
            kind: Kind::Moved(what),
            properties: Properties::new(),
            message: None,
            reason: None,
        }
    }

    /// Where this event lies among the person's events.
    #[must_use]
    pub fn order(&self) -> Order {
        match self.kind {
            Kind::Moved(_) => Order::behind(self.at, self.seq),
            _ => Order::new(self.at, self.seq, self.precedes),
        }
    }
}

/// The kinds of events. What people do comes from providers; deliveries tell what became of our messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// An inbound message: `replied`, and `tapped` when it came by a button or a list.
    Inbound,
    Reaction,
    ReactionRemoved,
    /// The provider accepted a message of ours.
    Sent,
    Received,
    Read,
    Failed,
    /// A custom event from the API, or one of ours such as `message_edited`.
    Custom(String),
    /// Attributes were written: `properties` is the delta.
    AttributesSet,
    /// The person was put into, or taken out of, a manual segment.
    SegmentJoined(String),
    SegmentLeft(String),
    /// Derived, and never in the log: what a decision of the engine means to rules that look for it. Its
    /// number is that of the newest event at the decision.
    Moved(Move),
}

/// A message of ours as rules see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    pub id: EffectId,
    /// When the provider accepted it.
    pub at: Second,
    /// The names of campaign and step that sent it; missing for a message of other origin.
    pub campaign: Option<String>,
    pub step: Option<String>,
    pub journey: Option<JourneyId>,
    pub template: Option<String>,
}

/// Why an inbound message is taken to answer a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It quotes the message.
    Quoted,
    /// It is a tap on one of its buttons or list rows.
    Button,
    /// It is a reaction to it.
    Reaction,
    /// It quotes a message unknown to us while exactly one to this person was under way.
    InFlight,
    /// It is the newest message accepted for this person within the attribution window.
    Inferred,
}

impl Reason {
    /// Whether the person pointed at the message, rather than we inferring it: `directly to`.
    #[must_use]
    pub fn is_direct(self) -> bool {
        self != Self::Inferred
    }

    /// The word shown in activity and explanations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quoted => "quoted",
            Self::Button => "button",
            Self::Reaction => "reaction",
            Self::InFlight => "in_flight",
            Self::Inferred => "inferred",
        }
    }
}

impl Kind {
    /// The name under which the event is shown and under which `performed` finds custom ones.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Inbound => "inbound_message",
            Self::Reaction => "reaction",
            Self::ReactionRemoved => "reaction_removed",
            Self::Sent => "message_sent",
            Self::Received => "message_received",
            Self::Read => "message_read",
            Self::Failed => "message_failed",
            Self::Custom(name) => name,
            Self::AttributesSet => "attributes_set",
            Self::SegmentJoined(_) => "segment_joined",
            Self::SegmentLeft(_) => "segment_left",
            Self::Moved(Move::EnteredSegment(_)) => "segment_entered",
            Self::Moved(Move::LeftSegment(_)) => "segment_exited",
            Self::Moved(Move::EnteredCampaign(_)) => "campaign_entered",
            Self::Moved(Move::LeftCampaign(_)) => "campaign_left",
            Self::Moved(Move::FinishedCampaign(_)) => "campaign_finished",
            Self::Moved(Move::ConvertedIn(_)) => "campaign_converted",
        }
    }
}

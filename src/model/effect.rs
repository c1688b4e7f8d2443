//! What a step asks the world for: data, never a call.

use serde::{Deserialize, Serialize};

use super::id::{EffectId, JourneyId};
use super::time::{Second, Span};

/// One effect, recorded in the transaction that caused it and delivered later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Also the id of the message, the tag at the provider and the `webhook-id`.
    pub id: EffectId,
    pub journey: JourneyId,
    pub campaign: String,
    pub step: String,
    /// The instant of the cause.
    pub at: Second,
    /// Past this instant it is not attempted any more.
    pub expires: Second,
    pub kind: EffectKind,
}

/// The kinds of effects. Everything in them is final: texts are rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    Send(Outgoing),
    Webhook(Call),
}

impl EffectKind {
    /// The word in storage and in lists.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Webhook(_) => "webhook",
        }
    }
}

/// A message to be sent to the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    pub body: Body,
    pub if_window_closed: Option<Body>,
    pub even_if_unsubscribed: bool,
    /// When the 24 hours after the newest inbound message end; none: there was no inbound message.
    pub window_closes: Option<Second>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    Text(String),
    Template { name: String, language: String, params: Vec<(String, String)> },
}

/// An HTTP request to be made: POST of a JSON body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub url: String,
    /// The exact bytes of every attempt.
    pub body: String,
    pub timeout: Option<Span>,
    pub retries: Option<u32>,
}

//! What the Cloud API answers to a send, and what its error codes mean. What to do about it, and when, is the
//! outbox's business.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::time::Span;

/// What became of an attempt that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken over, not delivered yet.
    Accepted {
        /// The provider's id of the message. Personal data.
        provider_id: String,
        /// What WhatsApp calls the number it went to, if it says so.
        wa_id: Option<String>,
    },
    /// Not taken; the same again may be.
    Retry { pace: Pace, scope: Scope, code: i64, details: String },
    /// Not taken, and trying again as it is does not help.
    Rejected {
        /// None: the refusal was not in the API's own form.
        code: Option<i64>,
        class: Class,
        details: String,
    },
    /// It may have been sent, so it must not be repeated blindly.
    Unknown,
}

/// How tries follow each other. Never past the effect's expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// 1 s · 2ⁿ with full jitter, at most 5 minutes.
    Backoff,
    /// So long until the next try, then [`Pace::Backoff`].
    After(Span),
    /// 4ⁿ seconds, n = 0, 1, 2 …
    PowersOfFour,
    /// As [`Pace::Backoff`], three tries in all.
    ThreeTries,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Message,
    /// Everything from this number to this recipient.
    Pair,
    /// Everything from this number.
    Sender,
}

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The 24 hours after the newest inbound message are over.
    WindowClosed,
    /// This person cannot be reached.
    Person,
    /// This person gets no more marketing for now.
    MarketingCap,
    /// This person does not want any.
    OptOut,
    /// It would fail for everybody.
    Content,
    /// The template is paused: it waits until that changes.
    TemplateState,
    /// The number or the account is stopped: everything from it waits for somebody to look.
    SenderStopped,
    Other,
}

impl Class {
    /// The words in reasons and lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WindowClosed => "window closed",
            Self::Person => "person",
            Self::MarketingCap => "marketing cap",
            Self::OptOut => "opt-out",
            Self::Content => "content",
            Self::TemplateState => "template state",
            Self::SenderStopped => "sender stopped",
            Self::Other => "refused",
        }
    }
}

/// What an error code asks for, in an answer or later in a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Retry(Pace, Scope),
    Rejected(Class),
}

/// The meaning of a code of the Graph API; none: it has no meaning of its own to us.
#[must_use]
pub fn verdict(code: i64) -> Option<Verdict> {
    use Verdict::{Rejected, Retry};
    Some(match code {
        1 | 2 | 131_000 | 131_016 | 133_004 => Retry(Pace::Backoff, Scope::Message),
        131_057 => Retry(Pace::After(Span(60)), Scope::Message),
        4 | 80_007 | 130_429 | 133_016 => Retry(Pace::Backoff, Scope::Sender),
        131_048 => Retry(Pace::After(Span::hours(1)), Scope::Sender),
        131_056 => Retry(Pace::PowersOfFour, Scope::Pair),
        131_053 => Retry(Pace::ThreeTries, Scope::Message),
        131_047 => Rejected(Class::WindowClosed),
        130_472 | 131_021 | 131_026 | 131_030 | 131_062 | 137_000 => Rejected(Class::Person),
        131_049 => Rejected(Class::MarketingCap),
        131_050 => Rejected(Class::OptOut),
        100 | 131_008 | 131_009 | 131_051 | 131_063 | 131_064 | 132_000 | 132_001 | 132_005 | 132_007 | 132_012
        | 132_068 | 135_000 => Rejected(Class::Content),
        132_015 | 132_016 | 132_069 => Rejected(Class::TemplateState),
        0
        | 3
        | 10
        | 33
        | 190
        | 200..=299
        | 368
        | 130_497
        | 131_005
        | 131_031
        | 131_037
        | 131_042
        | 131_045
        | 133_010 => Rejected(Class::SenderStopped),
        _ => return None,
    })
}

/// Reads the answer to a send. Total on any bytes.
#[must_use]
pub fn answer(status: u16, body: &[u8]) -> Answer {
    let reply: Reply<'_> = serde_json::from_slice(body).unwrap_or_default();
    let error = reply.error.and_then(member::<GraphError<'_>>);
    match (status, error) {
        (200..=299, _) => accepted(reply.messages, reply.contacts),
        (_, Some(error)) => refused(status, &error),
        // A proxy on the way says so: it never reached the API.
        (429, None) => Answer::Retry { pace: Pace::Backoff, scope: Scope::Sender, code: 429, details: String::new() },
        // Nobody says whether it arrived.
        (408 | 500.., None) => Answer::Unknown,
        (_, None) => Answer::Rejected { code: None, class: Class::Other, details: format!("HTTP {status}") },
    }
}

fn accepted(messages: Option<&RawValue>, contacts: Option<&RawValue>) -> Answer {
    let provider_id = messages.and_then(first::<Message<'_>>).and_then(|m| m.id).filter(|id| !id.is_empty());
    let wa_id = contacts.and_then(first::<Contact<'_>>).and_then(|c| c.wa_id).filter(|id| !id.is_empty());
    match provider_id {
        Some(id) => Answer::Accepted { provider_id: id.into_owned(), wa_id: wa_id.map(Cow::into_owned) },
        None => Answer::Unknown,
    }
}

fn refused(status: u16, error: &GraphError<'_>) -> Answer {
    let details = error.details();
    match (verdict(error.code), status) {
        (Some(Verdict::Rejected(class)), _) => Answer::Rejected { code: Some(error.code), class, details },
        (Some(Verdict::Retry(pace, scope)), _) => Answer::Retry { pace, scope, code: error.code, details },
        (None, 429) => Answer::Retry { pace: Pace::Backoff, scope: Scope::Sender, code: error.code, details },
        (None, 500..) => Answer::Retry { pace: Pace::Backoff, scope: Scope::Message, code: error.code, details },
        (None, _) => Answer::Rejected { code: Some(error.code), class: Class::Other, details },
    }
}

/// The parts stay raw, so that an oddity in one does not cost the others.
#[derive(Default, Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Contact<'a> {
    #[serde(borrow, default)]
    wa_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct GraphError<'a> {
    code: i64,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error_data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ErrorData {
    details: String,
}

impl GraphError<'_> {
    fn details(&self) -> String {
        let precise = self.error_data.and_then(member::<ErrorData>).map(|data| data.details);
        precise.or_else(|| self.message.and_then(member::<String>)).unwrap_or_default()
    }
}

fn member<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// The first element that is not `null`.
fn first<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    let elements: Vec<&'a RawValue> = member(raw)?;
    member(elements.into_iter().find(|element| element.get() != "null")?)
}

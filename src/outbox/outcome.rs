//! What the ending of an attempt means: done, again later, over, or unknown. Pure.

use super::deliver::{Ending, Trouble};
use super::retry::{self, Chance};
use crate::intake::Settlement;
use crate::model::effect::Call;
use crate::model::time::{Second, Span};
use crate::providers::whatsapp;
use crate::providers::whatsapp::answer::{Answer, Class, Pace, Scope, answer};

/// Of what a provider says about a failure, so much is kept.
pub const DETAILS_CHARS_MAX: usize = 300;
/// A template that is paused at the provider is tried again after this time.
const TEMPLATE_PAUSE: Span = Span::hours(1);
/// A number or account that is stopped is tried again after this time.
const STOPPED_PAUSE: Span = Span(300);
/// Tries of what is rarely better the next time.
const THREE_TRIES: u32 = 3;

/// When and how often: what a decision about another try rests on.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// 1, 2 … with this one.
    pub number: u32,
    pub now_millis: i64,
    /// Past this instant there is no other.
    pub expires: Second,
    pub chance: Chance,
}

/// What follows from an attempt at a message.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub settlement: Settlement,
    /// All sends of this number wait until then, in milliseconds.
    pub pause_until_millis: Option<i64>,
    /// The provider says that the window is closed, so nothing was sent.
    pub is_window_closed: bool,
    /// Somebody has to look at the number or the account.
    pub is_sender_stopped: bool,
}

impl Try {
    /// Another try after `pause_millis`, if the effect lives that long.
    fn again(self, pause_millis: i64, reason: String) -> Settlement {
        let at_millis = self.now_millis.saturating_add(pause_millis);
        if Second(at_millis.div_euclid(1000)) > self.expires {
            return Settlement::Failed { reason: format!("{reason}; expires before the next try") };
        }
        Settlement::Retry { at_millis, reason }
    }
}

/// A webhook is repeated until it is taken: its receiver knows it by its id.
#[must_use]
pub fn webhook(ending: &Ending, call: &Call, this: Try) -> Settlement {
    let (reason, asked) = match ending {
        Ending::Answered { status: status @ 200..=299, .. } => return Settlement::Delivered { status: *status },
        Ending::Answered { status: 410, .. } => return Settlement::Failed { reason: "HTTP 410: gone".to_owned() },
        Ending::Answered { status, retry_after, .. } => {
            let now = Second(this.now_millis.div_euclid(1000));
            (format!("HTTP {status}"), retry_after.as_deref().and_then(|header| retry::asked(header, now)))
        }
        Ending::Refused(refused) => return Settlement::Failed { reason: refused.to_string() },
        Ending::NotSent(Trouble::Unwritable) => return Settlement::Failed { reason: words(Trouble::Unwritable) },
        Ending::NotSent(trouble) | Ending::Cut(trouble) => (words(*trouble), None),
    };
    match retry::webhook(this.number, call.retries, asked, this.chance) {
        Some(pause) => this.again(pause, reason),
        None => Settlement::Failed { reason: format!("{reason}; no try is left") },
    }
}

/// Whether the receiver of a webhook is in trouble, rather than displeased with this one.
#[must_use]
pub fn is_trouble(ending: &Ending) -> bool {
    match ending {
        Ending::Answered { status, .. } => matches!(status, 408 | 429 | 500..),
        Ending::NotSent(trouble) | Ending::Cut(trouble) => !matches!(trouble, Trouble::Unwritable | Trouble::Stopped),
        Ending::Refused(_) => false,
    }
}

/// A message is repeated only where it is certain that it was not taken.
#[must_use]
pub fn message(ending: &Ending, sender: &str, this: Try) -> Verdict {
    let settlement = match ending {
        Ending::Answered { status, body, .. } => return answered(answer(*status, body), *status, sender, this),
        Ending::Cut(trouble) => Settlement::Unknown { reason: words(*trouble) },
        Ending::NotSent(Trouble::Unwritable) => Settlement::Failed { reason: words(Trouble::Unwritable) },
        Ending::NotSent(trouble) => this.again(retry::message(this.number, this.chance), words(*trouble)),
        Ending::Refused(refused) => Settlement::Failed { reason: refused.to_string() },
    };
    settlement.into()
}

fn answered(answer: Answer, status: u16, sender: &str, this: Try) -> Verdict {
    match answer {
        Answer::Accepted { provider_id, wa_id } => {
            let sender = sender.to_owned();
            Settlement::Accepted { provider: whatsapp::NAME, provider_id, sender, wa_id }.into()
        }
        Answer::Unknown => {
            Settlement::Unknown { reason: format!("HTTP {status} does not say whether it was taken") }.into()
        }
        Answer::Retry { pace, scope, code, details } => {
            let reason = reason(Some(code), "try again", &details);
            let Some(pause) = pause(pace, this) else { return Settlement::Failed { reason }.into() };
            let pause_until_millis = (scope == Scope::Sender).then(|| this.now_millis.saturating_add(pause));
            Verdict { pause_until_millis, ..this.again(pause, reason).into() }
        }
        Answer::Rejected { code, class, details } => rejected(class, reason(code, class.as_str(), &details), this),
    }
}

fn rejected(class: Class, reason: String, this: Try) -> Verdict {
    match class {
        Class::WindowClosed => Verdict { is_window_closed: true, ..Settlement::Failed { reason }.into() },
        Class::TemplateState => this.again(TEMPLATE_PAUSE.0 * 1000, reason).into(),
        Class::SenderStopped => {
            let pause = STOPPED_PAUSE.0 * 1000;
            let pause_until_millis = Some(this.now_millis.saturating_add(pause));
            Verdict { pause_until_millis, is_sender_stopped: true, ..this.again(pause, reason).into() }
        }
        Class::Person | Class::MarketingCap | Class::OptOut | Class::Content | Class::Other => {
            Settlement::Failed { reason }.into()
        }
    }
}

/// None: that was the last try.
fn pause(pace: Pace, this: Try) -> Option<i64> {
    let backoff = retry::message(this.number, this.chance);
    match pace {
        Pace::Backoff => Some(backoff),
        Pace::After(span) => Some(span.0.saturating_mul(1000).saturating_add(backoff)),
        Pace::PowersOfFour => Some(retry::pair(this.number)),
        Pace::ThreeTries => (this.number < THREE_TRIES).then_some(backoff),
    }
}

fn words(trouble: Trouble) -> String {
    trouble.as_str().to_owned()
}

fn reason(code: Option<i64>, what: &str, details: &str) -> String {
    let mut reason = code.map_or_else(|| what.to_owned(), |code| format!("{code} ({what})"));
    if !details.is_empty() {
        reason.push_str(": ");
        reason.extend(details.chars().take(DETAILS_CHARS_MAX));
    }
    reason
}

impl From<Settlement> for Verdict {
    fn from(settlement: Settlement) -> Self {
        Self { settlement, pause_until_millis: None, is_window_closed: false, is_sender_stopped: false }
    }
}

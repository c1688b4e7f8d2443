//! Which message of ours an inbound message answers. Decided once, when it comes in, and kept with its reason.

use crate::model::event::{Kind, MessageRef, Reason};
use crate::model::id::PersonId;
use crate::model::inbound::Arrival;
use crate::model::message::{Delivery, Outstanding};
use crate::model::rule::Via;
use crate::model::time::{Second, Span};

/// What is known of the event that may be an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    pub kind: &'a Kind,
    /// It came by a button, a list or a flow.
    pub by_control: bool,
    /// None: nobody we know wrote it.
    pub person: Option<PersonId>,
    /// The keyed hash of the provider's id of the message that it quotes, taps or reacts to.
    pub context: Option<[u8; 16]>,
    pub at: Second,
    /// The number that was written to, as the provider names it.
    pub our_number_id: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// The question that an arrival asks. `context` is the keyed hash of its `context`, and `at` its instant
    /// after all doubts about its stamp are settled.
    #[must_use]
    pub fn of(arrival: &'a Arrival, person: Option<PersonId>, context: Option<[u8; 16]>, at: Second) -> Self {
        let via = arrival.properties.get("via").and_then(serde_json::Value::as_str);
        let by_control = [Via::Button, Via::List, Via::Flow].iter().any(|control| via == Some(control.as_str()));
        let our_number_id = arrival.our_number_id.as_deref();
        Self { kind: &arrival.kind, by_control, person, context, at, our_number_id }
    }

    fn is_reaction(&self) -> bool {
        matches!(self.kind, Kind::Reaction | Kind::ReactionRemoved)
    }

    fn may_answer(&self) -> bool {
        self.is_reaction() || *self.kind == Kind::Inbound
    }
}

/// The message it answers, and why that is believed; none if none.
///
/// `candidates` are the messages that the context may name and those to the person that were accepted or are
/// under way. First what the person pointed at, of any age; else, but not for a reaction, the newest message
/// accepted for them from the number they wrote to, not failed and at most `window` before.
#[must_use]
pub fn attribute(question: &Question<'_>, candidates: &[Outstanding], window: Span) -> Option<(MessageRef, Reason)> {
    if !question.may_answer() {
        return None;
    }
    let (found, reason) = pointed_at(question, candidates)
        .or_else(|| in_flight(question, candidates).map(|found| (found, Reason::InFlight)))
        .or_else(|| newest(question, candidates, window).map(|found| (found, Reason::Inferred)))?;
    Some((found.message.clone(), reason))
}

fn pointed_at<'a>(question: &Question<'_>, candidates: &'a [Outstanding]) -> Option<(&'a Outstanding, Reason)> {
    let context = question.context?;
    let found = candidates.iter().find(|candidate| candidate.provider_key == Some(context))?;
    let reason = match (question.is_reaction(), question.by_control) {
        (true, _) => Reason::Reaction,
        (_, true) => Reason::Button,
        _ => Reason::Quoted,
    };
    Some((found, reason))
}

/// Something unknown is pointed at. If exactly one message to the person is under way, its id is what we lack.
fn in_flight<'a>(question: &Question<'_>, candidates: &'a [Outstanding]) -> Option<&'a Outstanding> {
    question.context?;
    let mut under_way = to_the_person(question, candidates).filter(|candidate| candidate.in_flight);
    let only = under_way.next()?;
    under_way.next().is_none().then_some(only)
}

fn newest<'a>(question: &Question<'_>, candidates: &'a [Outstanding], window: Span) -> Option<&'a Outstanding> {
    if question.is_reaction() {
        return None;
    }
    let from = question.at.minus(window);
    to_the_person(question, candidates)
        .filter(|candidate| candidate.delivery != Delivery::Failed)
        // A body may lack the number that was written to: then every number may be it.
        .filter(|candidate| question.our_number_id.is_none() || candidate.sender.as_deref() == question.our_number_id)
        .filter(|candidate| candidate.accepted.is_some_and(|at| from <= at && at <= question.at))
        .max_by_key(|candidate| (candidate.accepted, candidate.message.id))
}

fn to_the_person<'a>(question: &Question<'_>, candidates: &'a [Outstanding]) -> impl Iterator<Item = &'a Outstanding> {
    let person = question.person;
    candidates.iter().filter(move |candidate| Some(candidate.person) == person)
}

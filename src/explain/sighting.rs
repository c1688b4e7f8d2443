//! Events as evidence: what of each is looked at, and why one does not count.

use serde_json::Value as Json;

use super::condition::Asker;
use super::explanation::{Answered, Moment, Sighting};
use super::past::bare;
use crate::dsl::words::{pattern, quoted};
use crate::engine::naive::Completion;
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind, MessageRef};
use crate::model::id::EffectId;
use crate::model::norm::{Normal, normalise};
use crate::model::rule::{Match, MessageTest, Move, Phrase, Target, TextTest, Window};
use crate::model::time::{Length, Second};
use crate::model::value::Properties;

/// Of what counts so many of the newest are shown, and of what does not as many.
pub const SIGHTINGS_MAX: usize = 3;

/// Whether a text is a keyword, or has it.
type Fits = fn(&Normal, &Normal) -> bool;

impl<'a> Asker<'a> {
    /// The event, as it is looked at by `test`.
    pub fn sighting(&self, event: &Event, test: Option<&Match>) -> Sighting {
        let text = event.properties.get("body").and_then(Json::as_str).filter(|_| is_said(&event.kind));
        let tokens = text.map(|text| tokens(&normalise(text)));
        let is_late = self.events.iter().any(|other| {
            other.seq < event.seq && other.order() > event.order() && !matches!(other.kind, Kind::Moved(_))
        });
        let data = match &event.kind {
            Kind::Custom(_) | Kind::AttributesSet => event.properties.clone(),
            _ => Properties::new(),
        };
        Sighting {
            id: event.key.public_id(event.arrived).to_string(),
            event: name(&event.kind),
            at: Moment(event.at),
            arrived: Moment(event.arrived),
            is_late,
            text: text.map(str::to_owned),
            tokens,
            matched: test.and_then(|test| self.matched(test, event)),
            message: event.message.as_ref().map(|message| answered(message, event)),
            data,
            why_not: None,
            counts_until: None,
        }
    }

    /// Which word of the test the text is, or has.
    fn matched(&self, test: &Match, event: &Event) -> Option<String> {
        let Json::String(body) = event.properties.get("body")? else { return None };
        let said = normalise(body);
        let test = test.text.as_ref()?;
        let (words, fits): (&[String], Fits) = match test {
            TextTest::AnyOf(words) => (words, |said, word| !word.is_empty() && said == word),
            TextTest::Containing(words) => (words, Normal::contains),
            TextTest::StartingWith(words) => (words, Normal::starts_with),
            TextTest::Matching(source) => return Some(format!("pattern {}", pattern(source))),
            TextTest::Exactly(_) | TextTest::ButtonId(_) => return None,
        };
        let word = words.iter().find(|word| fits(&said, &normalise(word)))?;
        Some(match self.describer.list_of(words) {
            Some(list) => format!("list {list}: {}", quoted(word)),
            None => quoted(word),
        })
    }

    /// Whether `test` means this event of the past.
    fn means(&self, test: &Match, event: &Event) -> bool {
        let found = self.case.completions(&Phrase::One(Box::new(test.clone())), self.at);
        found.iter().any(|one| is_same(one, event))
    }

    /// The newest events of the verb, in order, newest first.
    pub fn of_verb(&self, test: &Match) -> Vec<&'a Event> {
        let any = Match::any(bare(&test.verb));
        let found = self.case.completions(&Phrase::One(Box::new(any)), self.at);
        found.into_iter().rev().map(|one| one.event).collect()
    }

    /// Why `test` does not mean an event of its verb, in the first respect in which it does not. `it` is the message
    /// that `to it` means.
    pub fn why_not(&self, test: &Match, event: &Event, it: Option<EffectId>) -> Option<String> {
        let only = |change: fn(&mut Match, &Match)| {
            let mut part = Match::any(test.verb.clone());
            change(&mut part, test);
            !self.means(&part, event)
        };
        if !self.means(&Match::any(test.verb.clone()), event) {
            return Some("is another change".to_owned());
        }
        if only(|part, test| part.text = test.text.clone()) {
            return Some(self.other_text(test, event));
        }
        let other = test.target.as_ref().and_then(|target| self.other_message(test, target, event, it));
        if other.is_some() {
            return other;
        }
        if only(|part, test| part.via = test.via) {
            let via = event.properties.get("via").and_then(Json::as_str).unwrap_or("another way");
            return Some(format!("came by {via}"));
        }
        if only(|part, test| part.in_time = test.in_time) {
            let why = if event.message.is_some() {
                "came too late after the message it answers"
            } else {
                "answers no message of ours"
            };
            return Some(why.to_owned());
        }
        if only(|part, test| part.filter = test.filter.clone()) {
            return test.filter.as_ref().map(|filter| self.describer.test(filter, &test.verb, true));
        }
        None
    }

    fn other_text(&self, test: &Match, event: &Event) -> String {
        if !event.properties.get("body").is_some_and(Json::is_string) {
            return "has no text".to_owned();
        }
        match &test.text {
            Some(TextTest::AnyOf(words)) => match self.describer.list_of(words) {
                Some(list) => format!("not in list {list}"),
                None => "says something else".to_owned(),
            },
            Some(TextTest::Containing(_)) => "does not contain it".to_owned(),
            Some(TextTest::StartingWith(_)) => "does not begin with it".to_owned(),
            Some(TextTest::Matching(_)) => "the pattern is not found in it".to_owned(),
            Some(TextTest::ButtonId(_)) => "is another button, or none".to_owned(),
            Some(TextTest::Exactly(_)) | None => "says something else".to_owned(),
        }
    }

    fn other_message(&self, test: &Match, target: &Target, event: &Event, it: Option<EffectId>) -> Option<String> {
        let about = if is_said(&event.kind) { "answers" } else { "is about" };
        let Some(message) = &event.message else { return Some(format!("{about} no message of ours")) };
        let is_meant = match target.message {
            MessageTest::It => it.is_none_or(|it| it == message.id),
            MessageTest::Step(_) => true,
            _ => {
                let target = Some(Target { directly: false, ..target.clone() });
                self.means(&Match { target, ..Match::any(test.verb.clone()) }, event)
            }
        };
        if !is_meant {
            return Some(format!("{about} {}", message_words(message)));
        }
        let inferred = target.directly && !event.reason.is_some_and(|reason| reason.is_direct());
        inferred.then(|| "points at no message: which one it answers is inferred".to_owned())
    }
}

/// `a message of campaign "winter"`
fn message_words(message: &MessageRef) -> String {
    match (&message.campaign, &message.template) {
        (Some(campaign), _) => format!("campaign {}", quoted(campaign)),
        (None, Some(template)) => format!("template {}", quoted(template)),
        (None, None) => "a message that nobody here sent".to_owned(),
    }
}

/// What people say.
fn is_said(kind: &Kind) -> bool {
    matches!(kind, Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved)
}

/// The name of the event, with that of what it moves into or out of.
fn name(kind: &Kind) -> String {
    let of = match kind {
        Kind::SegmentJoined(name) | Kind::SegmentLeft(name) => name,
        Kind::Moved(
            Move::EnteredSegment(name)
            | Move::LeftSegment(name)
            | Move::EnteredCampaign(name)
            | Move::LeftCampaign(name)
            | Move::FinishedCampaign(name)
            | Move::ConvertedIn(name),
        ) => name,
        kind => return kind.name().to_owned(),
    };
    format!("{} {of}", kind.name())
}

fn tokens(normal: &Normal) -> Vec<String> {
    normal.as_str().split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

fn answered(message: &MessageRef, event: &Event) -> Answered {
    Answered {
        id: message.id.0.to_string(),
        campaign: message.campaign.clone(),
        step: message.step.clone(),
        template: message.template.clone(),
        sent: Moment(message.at),
        reason: event.reason.map(|reason| reason.as_str().to_owned()),
    }
}

/// Whether a completion is by this very event. Every event of the log has a number of its own; what was decided
/// behind one has not.
pub fn is_same(completion: &Completion<'_>, event: &Event) -> bool {
    std::ptr::eq(completion.event, event)
}

/// The second at which an event at `at` leaves the window, if one comes.
pub fn leaves(window: Window, days: Calendar, at: Second) -> Option<Second> {
    match window {
        Window::Last(length @ (Length::Elapsed(_) | Length::Calendar { .. })) => Some(days.window_exit(at, length)),
        Window::This(unit) => Some(days.next_start_of(unit, at)),
        Window::Yesterday => Some(days.next_midnight(days.next_midnight(at))),
        Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) | Window::SinceEntry => None,
    }
}

//! What happens to somebody: events late, twice, at once, ahead of their arrival; and polls at odd times.

use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, EventKey};
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use serde_json::{Value as Json, json};
use ulid::Ulid;

use super::{Dice, Do, Feature, Scale, ZONES};

const TEXTS: [&str; 10] = ["YES", "yes!", "no", "Yes, please", "Sí", "👍", "oh yes", "!!!", "yes no yes", "NO."];
/// Campaigns and steps that messages are of.
pub const SENDERS: [&str; 2] = ["winter", "nudge"];
pub const STEPS: [&str; 2] = ["ask", "again"];

struct Story<'d, 'f> {
    dice: &'d mut Dice<'f>,
    now: Second,
    messages: Vec<MessageRef>,
    replies: Vec<(EventKey, Second)>,
    /// Instants worth being hit again.
    edges: Vec<Second>,
}

pub fn story(dice: &mut Dice<'_>) -> Vec<(i64, Do)> {
    let start = dice.start;
    let length = 3 + dice.below(12);
    let mut story = Story { dice, now: start, messages: Vec::new(), replies: Vec::new(), edges: vec![start] };
    (0..length).map(|number| story.next(number)).collect()
}

impl Story<'_, '_> {
    fn next(&mut self, number: u64) -> (i64, Do) {
        let span = self.dice.span().0;
        let pause = match self.dice.scale {
            Scale::Seconds => self.dice.one(&[0, 0, 0, 1, 1, 2, span - 1, span, span + 1, 30, 101, 300]),
            Scale::Days => match self.dice.below(3) {
                0 => self.dice.one(&[0, 0, 1, 60, span - 1, span, span + 1]),
                1 => self.dice.one(&[1_800, 3_600, 12 * 3_600, 30 * 3_600, 10 * 86_400]),
                _ => {
                    let midnight = self.dice.midnight(self.now);
                    (midnight.0 + self.dice.one(&[-1, 0, 1]) - self.now.0).max(0)
                }
            },
        };
        // The clock of a machine can go back.
        let pause = if self.dice.percent(5) { -pause } else { pause };
        self.now = Second(self.now.0 + pause);
        let what = match self.dice.below(100) {
            0..8 => Do::Poll,
            8..12 => Do::Store,
            12..16 => Do::Refold,
            16..18 => Do::Switch,
            _ => {
                let (event, precedes) = self.event(number);
                self.edges.push(event.at);
                Do::Arrive(Box::new(event), precedes)
            }
        };
        (pause, what)
    }

    fn event(&mut self, number: u64) -> (Event, Option<EventKey>) {
        let key = EventKey(u128::from(number + 1).to_be_bytes());
        let kind = self.kind();
        let mut event = Event {
            key,
            seq: 0,
            at: self.stamp(),
            arrived: self.now,
            precedes: None,
            properties: Properties::new(),
            message: None,
            reason: None,
            kind,
        };
        let mut precedes = None;
        match event.kind {
            Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved => {
                event.properties = self.dice.said();
                self.answer(&mut event);
                self.replies.push((key, event.at));
            }
            Kind::Sent => {
                let message = self.message(event.at);
                if self.dice.percent(30)
                    && let Some((reply, at)) = self.replies.last().copied()
                {
                    event.at = event.at.min(at);
                    precedes = Some(reply);
                }
                self.messages.push(message.clone());
                event.message = Some(message);
            }
            Kind::Received | Kind::Read | Kind::Failed => event.message = self.known_message(),
            Kind::AttributesSet => event.properties = self.dice.writes(self.now),
            _ => event.properties = self.dice.data(self.now),
        }
        (event, precedes)
    }

    fn kind(&mut self) -> Kind {
        match self.dice.below(20) {
            0..6 => Kind::Inbound,
            6 => Kind::Reaction,
            7 => Kind::ReactionRemoved,
            8..11 => Kind::Sent,
            11 => Kind::Received,
            12 => self.dice.one(&[Kind::Read, Kind::Failed]),
            13..16 => Kind::Custom(self.dice.word(&["paid", "seen"])),
            16 => Kind::SegmentJoined("m".to_owned()),
            17 if self.dice.percent(60) => Kind::SegmentLeft("m".to_owned()),
            _ => Kind::AttributesSet,
        }
    }

    /// Mostly now; else a little late, on an edge, or ahead of its arrival.
    fn stamp(&mut self) -> Second {
        let wide = match self.dice.scale {
            Scale::Seconds => 1,
            Scale::Days => 1_000,
        };
        let offset = match self.dice.below(100) {
            0..55 => 0,
            55..75 => -i64::try_from(self.dice.below(4)).expect("small"),
            75..82 => -i64::try_from(self.dice.below(250)).expect("small") * wide,
            82..87 => 50 * wide,
            _ => {
                let edge = self.dice.one(&self.edges);
                let span = self.dice.span().0 * self.dice.one(&[-1, 0, 1]);
                edge.0 + span + self.dice.one(&[-1, 0, 1]) - self.now.0
            }
        };
        Second(self.now.0 + offset)
    }

    fn message(&mut self, at: Second) -> MessageRef {
        let id = EffectId(Ulid::from_bytes(u128::from(self.dice.chance.next()).to_be_bytes()));
        let campaign = self.dice.percent(80).then(|| self.dice.word(&SENDERS));
        let step = campaign.is_some().then(|| self.dice.word(&STEPS));
        let template = self.dice.percent(30).then(|| "offer".to_owned());
        MessageRef { id, at, campaign, step, journey: None, template }
    }

    /// The newest, or one before.
    fn known_message(&mut self) -> Option<MessageRef> {
        let back = usize::from(self.dice.percent(25));
        self.messages.iter().rev().nth(back).or(self.messages.last()).cloned()
    }

    fn answer(&mut self, event: &mut Event) {
        let answered = match self.dice.below(10) {
            0..5 => self.known_message(),
            // A reply in flight: its message is not known to be sent yet.
            5 => Some(self.message(event.at)),
            _ => None,
        };
        event.reason = answered.is_some().then(|| self.dice.one(&[Reason::Quoted, Reason::Inferred, Reason::Button]));
        event.message = answered;
    }
}

impl Dice<'_> {
    fn said(&mut self) -> Properties {
        let mut properties = Properties::new();
        if self.percent(90) {
            properties.insert("body".to_owned(), json!(self.one(&TEXTS)));
        }
        let via = self.one(&["text", "text", "button", "list", "media"]);
        properties.insert("via".to_owned(), json!(via));
        if via == "button" {
            properties.insert("button_id".to_owned(), json!(self.one(&["b1", "b2"])));
        }
        properties
    }

    fn data(&mut self, now: Second) -> Properties {
        let mut properties = Properties::new();
        if self.percent(70) {
            properties.insert("total".to_owned(), json!(self.below(3)));
        }
        if self.percent(70) {
            properties.insert("cart".to_owned(), json!(self.one(&["a", "b", "c"])));
        }
        if self.percent(30) {
            properties.insert("due".to_owned(), json!(now.0 + self.span().0));
        }
        properties
    }

    /// First attributes, or new values for some.
    pub fn attributes(&mut self, now: Second) -> Properties {
        let mut properties = Properties::new();
        if self.percent(50) {
            properties.insert("plan".to_owned(), json!(self.one(&["free", "pro"])));
        }
        if self.percent(40) {
            properties.insert("score".to_owned(), self.one(&[json!(1), json!(2), json!("2"), json!("x")]));
        }
        if self.percent(40) {
            let near = self.span().0 * self.one(&[-1, 1]) + self.one(&[-1, 0, 1]);
            properties.insert("trial".to_owned(), json!(now.0 + near));
        }
        if self.percent(20) {
            properties.insert("address".to_owned(), json!({"city": self.one(&["Bonn", "Graz"])}));
        }
        if self.percent(10) {
            properties.insert("unsubscribed".to_owned(), json!(self.percent(50)));
        }
        if self.percent(10) {
            properties.insert("tags".to_owned(), json!(["beta"]));
        }
        if self.percent(10) {
            properties.insert("email".to_owned(), json!("Ana@example.org"));
        }
        if self.has(Feature::Calendar) && self.percent(30) {
            let day = chrono::DateTime::from_timestamp(now.0 + 86_400 * self.one(&[-2, -1, 0, 0, 1, 2]), 0);
            properties.insert("birthday".to_owned(), json!(day.expect("near").date_naive().to_string()));
        }
        if self.has(Feature::Calendar) && self.percent(30) {
            let zone = if self.percent(10) { "Nowhere/At_All".to_owned() } else { self.word(&ZONES) };
            properties.insert("zone".to_owned(), json!(zone));
        }
        properties
    }

    fn writes(&mut self, now: Second) -> Properties {
        let mut properties = self.attributes(now);
        for name in ["plan", "score", "trial", "email", "zone", "birthday"] {
            if self.percent(8) {
                properties.insert(name.to_owned(), self.one(&[Json::Null, json!("")]));
            }
        }
        properties
    }
}

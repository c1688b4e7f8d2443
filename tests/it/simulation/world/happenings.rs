//! What happens to people: events late, twice, at once, ahead of their arrival; polls at odd times, other rules,
//! stops and restarts.

use antiphon::model::event::{Event, Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, EventKey};
use antiphon::model::time::Second;
use antiphon::model::value::Properties;
use serde_json::{Value as Json, json};
use ulid::Ulid;

use super::{Delivery, Dice, Do, Feature, Scale, ZONES};

const TEXTS: [&str; 10] = ["YES", "yes!", "no", "Yes, please", "Sí", "👍", "oh yes", "!!!", "yes no yes", "NO."];
/// Campaigns and steps that messages are of.
pub const SENDERS: [&str; 2] = ["winter", "nudge"];
pub const STEPS: [&str; 2] = ["ask", "again"];

/// Of a hundred deliveries, how many come a second time.
const AGAIN_PERCENT: u64 = 12;

struct Story<'d, 'f> {
    dice: &'d mut Dice<'f>,
    now: Second,
    lives: Vec<Life>,
    /// What was delivered so far.
    delivered: Vec<Delivery>,
}

/// What is known of one person.
#[derive(Clone)]
struct Life {
    messages: Vec<MessageRef>,
    replies: Vec<(EventKey, Second)>,
    /// Instants worth being hit again.
    edges: Vec<Second>,
}

pub fn story(dice: &mut Dice<'_>, people: usize) -> Vec<(i64, Do)> {
    let start = dice.start;
    let long = dice.percent(10);
    let length = 4 + dice.below(if long { 32 } else { 13 });
    let life = Life { messages: Vec::new(), replies: Vec::new(), edges: vec![start] };
    let mut story = Story { dice, now: start, lives: vec![life; people], delivered: Vec::new() };
    (0..length).map(|_| story.next()).collect()
}

impl Story<'_, '_> {
    fn next(&mut self) -> (i64, Do) {
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
        let (person, some) = (self.someone(), self.dice.one(&[1, 2, 3]));
        let what = match self.dice.below(100) {
            0..8 => Do::Poll(some),
            8..12 => Do::Restart,
            12..16 => Do::Refold(person),
            16..20 => Do::Publish,
            20..22 => Do::CatchUp(some),
            _ => Do::Deliver(self.body()),
        };
        (pause, what)
    }

    fn someone(&mut self) -> usize {
        let people = self.lives.len() as u64;
        usize::try_from(self.dice.below(people)).expect("a few")
    }

    /// Mostly one event; some of what came before; or several at once.
    fn body(&mut self) -> Vec<Delivery> {
        let number = self.dice.one(&[1, 1, 1, 1, 1, 1, 2, 3]);
        let mut body = Vec::new();
        for _ in 0..number {
            let again = self.delivered.len() as u64;
            let delivery = if again > 0 && self.dice.percent(AGAIN_PERCENT) {
                let newest = self.dice.below(again.min(6));
                self.delivered.iter().rev().nth(usize::try_from(newest).expect("few")).cloned()
            } else {
                None
            };
            let delivery = delivery.unwrap_or_else(|| self.fresh());
            self.delivered.push(delivery.clone());
            body.push(delivery);
        }
        body
    }

    fn fresh(&mut self) -> Delivery {
        let person = self.someone();
        let (event, precedes) = self.event(person, self.delivered.len() as u64);
        self.life(person).edges.push(event.at);
        Delivery { person, event, precedes }
    }

    fn life(&mut self, person: usize) -> &mut Life {
        self.lives.get_mut(person).expect("one of the people")
    }

    fn event(&mut self, person: usize, number: u64) -> (Event, Option<EventKey>) {
        let key = EventKey(u128::from(number + 1).to_be_bytes());
        let kind = self.kind();
        let mut event = Event {
            key,
            seq: 0,
            at: self.stamp(person),
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
                self.answer(person, &mut event);
                self.life(person).replies.push((key, event.at));
            }
            Kind::Sent => {
                let message = self.message(event.at);
                if self.dice.percent(30)
                    && let Some((reply, at)) = self.life(person).replies.last().copied()
                {
                    event.at = event.at.min(at);
                    precedes = Some(reply);
                }
                self.life(person).messages.push(message.clone());
                event.message = Some(message);
            }
            Kind::Received | Kind::Read | Kind::Failed => event.message = self.known_message(person),
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
    fn stamp(&mut self, person: usize) -> Second {
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
                let edges = self.life(person).edges.clone();
                let edge = self.dice.one(&edges);
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
    fn known_message(&mut self, person: usize) -> Option<MessageRef> {
        let back = usize::from(self.dice.percent(25));
        let messages = &self.life(person).messages;
        messages.iter().rev().nth(back).or(messages.last()).cloned()
    }

    fn answer(&mut self, person: usize, event: &mut Event) {
        let answered = match self.dice.below(10) {
            0..5 => self.known_message(person),
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

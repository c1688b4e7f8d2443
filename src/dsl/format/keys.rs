//! The maps of rule files: in which order their keys stand, and which of their values are texts of the language.

use super::block::Kind;

/// What stands behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// Nothing that is looked into.
    Value,
    Text(Kind),
    Map(&'static Keys),
    /// A map whose keys are names that the author chose.
    Named(&'static Holds),
    List(&'static Keys),
}

/// The keys of one kind of map, in their order.
#[derive(Debug)]
pub struct Keys(&'static [(&'static str, Holds)]);

impl Keys {
    /// The place of `name` among the keys, and what it holds.
    pub fn find(&self, name: &str) -> Option<(usize, Holds)> {
        let rank = self.0.iter().position(|(key, _)| *key == name)?;
        self.0.get(rank).map(|(_, holds)| (rank, *holds))
    }
}

use Holds::{List, Map, Named, Text, Value};
use Kind::{Condition, Each, Event, Frequency, Grace, Limit, Span, Wait};

/// A file of rules.
pub static RULES: Keys = Keys(&[
    ("version", Value),
    ("segments", Named(&Map(&SEGMENT))),
    ("campaigns", Named(&Map(&CAMPAIGN))),
    ("schedules", Named(&Map(&SCHEDULE))),
]);

/// The file of the schema.
pub static SCHEMA: Keys = Keys(&[
    ("version", Value),
    ("time_zone", Map(&TIME_ZONE)),
    ("week_starts", Value),
    ("phones", Map(&PHONES)),
    ("attribution", Map(&ATTRIBUTION)),
    ("opt_out", Value),
    ("grace", Text(Grace)),
    ("person", Named(&Map(&PROPERTY))),
    ("events", Named(&Named(&Map(&PROPERTY)))),
    ("flows", Named(&Map(&PROPERTY))),
    ("templates", Named(&Map(&TEMPLATE))),
    ("lists", Value),
    ("limits", Named(&Text(Limit))),
]);

static TIME_ZONE: Keys = Keys(&[("person", Value), ("otherwise", Value)]);
static PHONES: Keys = Keys(&[("default_region", Value), ("oldest_by", Value)]);
static ATTRIBUTION: Keys = Keys(&[("window", Text(Span))]);
static PROPERTY: Keys = Keys(&[("type", Value), ("one_of", Value), ("always_set", Value)]);
static TEMPLATE: Keys = Keys(&[("languages", Value), ("params", Value)]);

static SEGMENT: Keys =
    Keys(&[("title", Value), ("owner", Value), ("kind", Value), ("when", Text(Condition)), ("grace", Text(Grace))]);

static CAMPAIGN: Keys = Keys(&[
    ("title", Value),
    ("owner", Value),
    ("state", Value),
    ("trigger", Map(&TRIGGER)),
    ("on_deploy", Map(&ON_DEPLOY)),
    ("filter", Text(Condition)),
    ("entry", Map(&ENTRY)),
    ("limit", Value),
    ("send_window", Map(&SEND_WINDOW)),
    ("exit", Map(&EXIT)),
    ("goal", Map(&GOAL)),
    ("grace", Text(Grace)),
    ("steps", List(&STEP)),
]);

static TRIGGER: Keys = Keys(&[
    ("event", Text(Event)),
    ("becomes", Text(Condition)),
    ("each", Text(Each)),
    ("schedule", Value),
    ("api", Value),
    ("max_event_age", Text(Span)),
]);
static ON_DEPLOY: Keys = Keys(&[("start", Value), ("at_most", Value)]);
static ENTRY: Keys = Keys(&[("frequency", Text(Frequency)), ("key", Value), ("if_running", Value)]);
static SEND_WINDOW: Keys = Keys(&[("from", Value), ("to", Value), ("time_zone", Value), ("outside", Value)]);
static EXIT: Keys = Keys(&[("when", Text(Condition))]);
static GOAL: Keys = Keys(&[("when", Text(Condition)), ("within", Text(Span)), ("then", Value)]);

static STEP: Keys = Keys(&[
    ("id", Value),
    ("if", Text(Condition)),
    ("send", Map(&SEND)),
    ("webhook", Map(&WEBHOOK)),
    ("update_person", Value),
    ("record_event", Map(&RECORD_EVENT)),
    ("manual_segment", Map(&MANUAL_SEGMENT)),
    ("wait", Text(Wait)),
    ("wait_until", Map(&WAIT_UNTIL)),
    ("branch", List(&ARM)),
    ("split", Named(&Map(&SHARE))),
    ("exit", Value),
]);
static SEND: Keys = Keys(&[
    ("template", Value),
    ("language", Value),
    ("params", Value),
    ("text", Value),
    ("if_window_closed", Map(&SEND)),
    ("even_if_unsubscribed", Value),
]);
static WEBHOOK: Keys = Keys(&[("url", Value), ("body", Value), ("timeout", Text(Span)), ("retries", Value)]);
static WAIT_UNTIL: Keys = Keys(&[("outcomes", List(&OUTCOME)), ("timeout", Map(&TIMEOUT))]);
static OUTCOME: Keys = Keys(&[("name", Value), ("when", Text(Condition)), ("do", List(&STEP))]);
static TIMEOUT: Keys = Keys(&[("after", Text(Span)), ("do", List(&STEP))]);
static ARM: Keys = Keys(&[("when", Text(Condition)), ("do", List(&STEP)), ("otherwise", List(&STEP))]);

static SHARE: Keys = Keys(&[("share", Value), ("do", List(&STEP))]);
static RECORD_EVENT: Keys = Keys(&[("name", Value), ("props", Value)]);
static MANUAL_SEGMENT: Keys = Keys(&[("add", Value), ("remove", Value)]);

static SCHEDULE: Keys = Keys(&[
    ("cron", Value),
    ("time_zone", Value),
    ("for_each", Text(Condition)),
    ("recheck", Value),
    ("missed", Value),
    ("max_lateness", Text(Span)),
    ("spread", Text(Span)),
    ("repair", Value),
]);

//! `campaigns`: what starts them, for whom, how often, and their steps.

use std::ops::Range;

use chrono_tz::Tz;

use super::fields::{self, Fields};
use super::schema::time_zone;
use super::steps::{self, StepFile};
use super::{name, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Key, Node};
use crate::dsl::report::Report;
use crate::model::rule::{CampaignState, Frequency, IfRunning, OnDeploy, SendWindow};
use crate::model::time::Span;

/// A campaign as written.
#[derive(Debug)]
pub struct CampaignFile<'n> {
    pub name: String,
    pub at: Range<usize>,
    pub title: Option<String>,
    pub state: CampaignState,
    pub trigger: Option<TriggerFile<'n>>,
    /// An older cause starts nothing.
    pub max_event_age: Span,
    pub filter: Option<&'n Node>,
    pub entry: EntryFile<'n>,
    pub limit: Option<&'n Node>,
    pub send_window: Option<SendWindow>,
    pub exit: Option<&'n Node>,
    pub goal: Option<GoalFile<'n>>,
    /// None: as the schema says.
    pub grace: Option<Span>,
    /// With its place.
    pub on_deploy: (Range<usize>, OnDeploy),
    pub steps: Vec<StepFile<'n>>,
}

/// What starts a campaign, as written.
#[derive(Debug)]
pub struct TriggerFile<'n> {
    /// Where its word stands.
    pub at: Range<usize>,
    pub kind: TriggerKind<'n>,
}

/// The kinds of triggers.
#[derive(Debug)]
pub enum TriggerKind<'n> {
    Event(&'n Node),
    Each(&'n Node),
    Becomes(&'n Node),
    Schedule(&'n Node),
    Api,
}

/// For whom, and how often.
#[derive(Debug)]
pub struct EntryFile<'n> {
    pub frequency: Frequency,
    pub key: Option<&'n Node>,
    pub if_running: IfRunning,
}

/// What a campaign is for.
#[derive(Debug)]
pub struct GoalFile<'n> {
    pub when: &'n Node,
    pub within: Option<Span>,
    pub exit: bool,
}

/// People whom a publication may start, at the very most.
pub const START_AT_MOST_MAX: u32 = 1_000_000;

/// Reads the map `campaigns`.
pub fn read<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Vec<CampaignFile<'n>> {
    let entries = fields::entries(node, &key.at, "`campaigns`", report).unwrap_or_default();
    entries.iter().filter_map(|(key, node)| campaign(key, node, report)).collect()
}

fn campaign<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<CampaignFile<'n>> {
    let name = name(key, "a campaign", report);
    let mut map = Fields::open(node, &key.at, "a campaign", report)?;
    let title = map.take("title").and_then(|node| fields::text(node, "a title", report)).map(str::to_owned);
    let state = map.require("state", report).and_then(|node| state(node, report));
    let (trigger, age) = trigger(&mut map, key, report);
    let filter = map.take("filter");
    let entry = entry(&mut map, report);
    let limit = map.take("limit");
    let send_window = map.take_entry("send_window").and_then(|(key, node)| window(key, node, report));
    let exit = map.take_entry("exit").and_then(|(key, node)| exit(key, node, report));
    let goal = map.take_entry("goal").and_then(|(key, node)| goal(key, node, report));
    let grace = map.take("grace").and_then(|node| span::grace(node, report));
    let on_deploy = on_deploy(&mut map, trigger.as_ref(), report);
    let steps = map.require("steps", report).map(|node| steps::read(node, report)).unwrap_or_default();
    map.finish(report);
    Some(CampaignFile {
        name,
        at: key.at.clone(),
        title,
        state: state.unwrap_or(CampaignState::Draft),
        trigger,
        max_event_age: age.unwrap_or(Span::DAY),
        filter,
        entry,
        limit,
        send_window,
        exit,
        goal,
        grace,
        on_deploy,
        steps,
    })
}

fn state(node: &Node, report: &mut Report<'_>) -> Option<CampaignState> {
    match fields::word(node, "the state of a campaign", &["draft", "live", "paused"], report)? {
        "live" => Some(CampaignState::Live),
        "paused" => Some(CampaignState::Paused),
        _ => Some(CampaignState::Draft),
    }
}

const TRIGGERS: [&str; 5] = ["event", "becomes", "each", "schedule", "api"];

fn trigger<'n>(
    campaign: &mut Fields<'n>,
    name: &Key,
    report: &mut Report<'_>,
) -> (Option<TriggerFile<'n>>, Option<Span>) {
    let one_of = format!("exactly one of `{}`", TRIGGERS.join("`, `"));
    let Some((key, node)) = campaign.take_entry("trigger") else {
        report
            .error(Code::E0601, name.at.clone(), format!("campaign `{}` has no trigger", name.name))
            .note(format!("`trigger` says what starts it: {one_of}"));
        return (None, None);
    };
    let Some(mut map) = Fields::open(node, &key.at, "a trigger", report) else { return (None, None) };
    let found: Vec<(&'static str, &Key, &Node)> =
        TRIGGERS.into_iter().filter_map(|t| map.take_entry(t).map(|(key, node)| (t, key, node))).collect();
    let age = map.take("max_event_age").and_then(|node| span::elapsed(node, report));
    let is_left = map.is_left();
    map.finish(report);
    let kind = match found.as_slice() {
        [] => {
            if !is_left {
                let complaint = report.error(Code::E0601, key.at.clone(), "this trigger starts nothing");
                complaint.note(format!("a trigger is {one_of}"));
            }
            None
        }
        [("event", key, node)] => Some((key, TriggerKind::Event(node))),
        [("each", key, node)] => Some((key, TriggerKind::Each(node))),
        [("becomes", key, node)] => Some((key, TriggerKind::Becomes(node))),
        [("schedule", key, node)] => Some((key, TriggerKind::Schedule(node))),
        [(_, key, node)] => match fields::boolean(node, "`api`", report) {
            Some(false) => {
                let complaint = report.error(Code::E0601, node.at.clone(), "this trigger starts nothing");
                complaint.label("say `api: true`, or what else starts it");
                None
            }
            Some(true) => Some((key, TriggerKind::Api)),
            None => None,
        },
        [(_, first, _), (word, second, _), ..] => {
            report
                .error(Code::E0601, second.at.clone(), format!("a campaign has one trigger: `{word}` is one too many"))
                .also(first.at.clone(), "the first one")
                .note("write a campaign for each");
            None
        }
    };
    (kind.map(|(key, kind)| TriggerFile { at: key.at.clone(), kind }), age)
}

/// `entry: {frequency, key, if_running}`
fn entry<'n>(campaign: &mut Fields<'n>, report: &mut Report<'_>) -> EntryFile<'n> {
    let mut entry = EntryFile { frequency: Frequency::EveryTime, key: None, if_running: IfRunning::Keep };
    let Some((key, node)) = campaign.take_entry("entry") else { return entry };
    let Some(mut map) = Fields::open(node, &key.at, "`entry`", report) else { return entry };
    if let Some(frequency) = map.take("frequency").and_then(|node| span::frequency(node, report)) {
        entry.frequency = frequency;
    }
    entry.key = map.take("key");
    let if_running = map.take("if_running");
    let if_running = if_running.and_then(|node| fields::word(node, "`if_running`", &["keep", "restart"], report));
    if if_running == Some("restart") {
        entry.if_running = IfRunning::Restart;
    }
    map.finish(report);
    entry
}

/// `send_window: {from: "09:00", to: "18:00", time_zone: person, outside: wait}`
fn window(key: &Key, node: &Node, report: &mut Report<'_>) -> Option<SendWindow> {
    let mut map = Fields::open(node, &key.at, "`send_window`", report)?;
    let from = map.require("from", report).and_then(|node| fields::time(node, "`from`", report));
    let to = map.require("to", report).and_then(|node| fields::time(node, "`to`", report));
    let zone = map.take("time_zone").map(|node| zone(node, report));
    let outside = map.take("outside").and_then(|node| fields::word(node, "`outside`", &["wait", "skip"], report));
    map.finish(report);
    let (from, to) = from.zip(to)?;
    if from == to {
        report
            .error(Code::E0322, node.at.clone(), "this window never opens")
            .label("messages leave from `from` on, and before `to`");
        return None;
    }
    Some(SendWindow { from, to, time_zone: zone.unwrap_or(Some(None))?, skip: outside == Some("skip") })
}

/// `person`, which is none, or the IANA name of a zone.
pub(super) fn zone(node: &Node, report: &mut Report<'_>) -> Option<Option<Tz>> {
    match fields::text(node, "a time zone", report)? {
        "person" => Some(None),
        name => time_zone(name, &node.at, report).map(Some),
    }
}

/// `exit: {when: …}`
fn exit<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<&'n Node> {
    let mut map = Fields::open(node, &key.at, "`exit` of a campaign", report)?;
    let when = map.require("when", report);
    map.finish(report);
    when
}

/// `goal: {when: …, within: 3 days, then: continue}`
fn goal<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<GoalFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`goal`", report)?;
    let when = map.require("when", report);
    let within = map.take("within").and_then(|node| span::elapsed(node, report));
    let then = map.take("then").and_then(|node| fields::word(node, "`then`", &["continue", "exit"], report));
    map.finish(report);
    Some(GoalFile { when: when?, within, exit: then == Some("exit") })
}

/// Who starts when the campaign is published. Only a condition is true of people before anything happens.
fn on_deploy(
    campaign: &mut Fields<'_>,
    trigger: Option<&TriggerFile<'_>>,
    report: &mut Report<'_>,
) -> (Range<usize>, OnDeploy) {
    let nobody = |at: &Range<usize>| (at.clone(), OnDeploy::Nobody);
    let Some((key, node)) = campaign.take_entry("on_deploy") else { return nobody(&(0..0)) };
    let Some(mut map) = Fields::open(node, &key.at, "`on_deploy`", report) else { return nobody(&key.at) };
    let start = map.require("start", report);
    let start = start.and_then(|node| Some((node, fields::word(node, "`start`", &["none", "matching"], report)?)));
    let Some((node, "matching")) = start else {
        map.finish(report);
        return nobody(&key.at);
    };
    let at_most = map.require("at_most", report);
    let at_most = at_most.and_then(|node| fields::number(node, "`at_most`", 1, START_AT_MOST_MAX, report));
    map.finish(report);
    if let Some(TriggerFile { at, kind }) = trigger
        && !matches!(kind, TriggerKind::Becomes(_))
    {
        report
            .error(Code::E0903, node.at.clone(), "only `becomes` has people who match already")
            .also(at.clone(), "this trigger is a happening");
    }
    (node.at.clone(), at_most.map_or(OnDeploy::Nobody, |at_most| OnDeploy::Matching { at_most }))
}

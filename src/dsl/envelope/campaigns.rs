//! `campaigns`: what starts them, for whom, how often, and their steps.

use std::ops::Range;

use super::fields::{self, Fields};
use super::steps::{self, StepFile};
use super::{name, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Key, Node};
use crate::dsl::report::Report;
use crate::model::rule::{CampaignState, Frequency};
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
    pub frequency: Frequency,
    pub key: Option<&'n Node>,
    pub steps: Vec<StepFile<'n>>,
}

/// What starts a campaign, as written.
#[derive(Debug)]
pub enum TriggerFile<'n> {
    Event(&'n Node),
    Becomes(&'n Node),
}

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
    let (frequency, running_key) = entry(&mut map, report);
    for name in ["limit", "send_window", "exit", "goal", "grace"] {
        map.refuse(name, report);
    }
    on_deploy(&mut map, report);
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
        frequency,
        key: running_key,
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
    let Some((key, node)) = campaign.take_entry("trigger") else {
        report
            .error(Code::E0601, name.at.clone(), format!("campaign `{}` has no trigger", name.name))
            .note("`trigger` says what starts it: exactly one of `event`, `becomes`");
        return (None, None);
    };
    let Some(mut map) = Fields::open(node, &key.at, "a trigger", report) else { return (None, None) };
    let found: Vec<(&'static str, &Key, &Node)> =
        TRIGGERS.into_iter().filter_map(|t| map.take_entry(t).map(|(key, node)| (t, key, node))).collect();
    let age = map.take("max_event_age").and_then(|node| span::elapsed(node, report));
    map.finish(report);
    let trigger = match found.as_slice() {
        [] => {
            report
                .error(Code::E0601, key.at.clone(), "this trigger starts nothing")
                .note("a trigger is exactly one of `event`, `becomes`");
            None
        }
        [("event", _, node)] => Some(TriggerFile::Event(node)),
        [("becomes", _, node)] => Some(TriggerFile::Becomes(node)),
        [(word, key, _)] => {
            report.unsupported(key.at.clone(), &format!("the trigger `{word}`"));
            None
        }
        [(_, first, _), (word, second, _), ..] => {
            report
                .error(Code::E0601, second.at.clone(), format!("a campaign has one trigger: `{word}` is one too many"))
                .also(first.at.clone(), "the first one")
                .note("write a campaign for each");
            None
        }
    };
    (trigger, age)
}

/// `entry: {frequency, key, if_running}`
fn entry<'n>(campaign: &mut Fields<'n>, report: &mut Report<'_>) -> (Frequency, Option<&'n Node>) {
    let Some((key, node)) = campaign.take_entry("entry") else { return (Frequency::EveryTime, None) };
    let Some(mut map) = Fields::open(node, &key.at, "`entry`", report) else { return (Frequency::EveryTime, None) };
    let frequency = map.take("frequency").and_then(|node| span::frequency(node, report));
    let running_key = map.take("key");
    if let Some(node) = map.take("if_running")
        && fields::word(node, "`if_running`", &["keep", "restart"], report) == Some("restart")
    {
        report.unsupported(node.at.clone(), "`if_running: restart`");
    }
    map.finish(report);
    (frequency.unwrap_or(Frequency::EveryTime), running_key)
}

/// A new rule set starts nothing for the past: that is all this version does.
fn on_deploy(campaign: &mut Fields<'_>, report: &mut Report<'_>) {
    let Some((key, node)) = campaign.take_entry("on_deploy") else { return };
    let Some(mut map) = Fields::open(node, &key.at, "`on_deploy`", report) else { return };
    if let Some(node) = map.require("start", report)
        && fields::word(node, "`start`", &["none", "matching"], report) == Some("matching")
    {
        report.unsupported(node.at.clone(), "`on_deploy: {start: matching}`");
        map.take("at_most");
    }
    map.finish(report);
}

//! The steps that have steps of their own: waits with outcomes, branches, splits.

use std::ops::Range;

use super::fields::{self, Fields};
use super::steps::{Reader, StepFile};
use super::{names, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Content, Key, Node};
use crate::model::rule::Share;
use crate::model::time::Length;

/// Outcomes of a wait, arms of a branch or of a split.
pub const WAYS_MAX: usize = 20;

/// A wait with outcomes.
#[derive(Debug)]
pub struct WaitUntilFile<'n> {
    pub outcomes: Vec<OutcomeFile<'n>>,
    /// None: for ever, and the file says so.
    pub timeout: Option<TimeoutFile<'n>>,
}

/// What a wait can come to.
#[derive(Debug)]
pub struct OutcomeFile<'n> {
    pub name: String,
    /// Where its name stands.
    pub at: Range<usize>,
    pub when: &'n Node,
    pub steps: Vec<StepFile<'n>>,
}

/// What happens when nothing has.
#[derive(Debug)]
pub struct TimeoutFile<'n> {
    pub at: Range<usize>,
    pub after: Length,
    pub steps: Vec<StepFile<'n>>,
}

/// The first arm whose condition is true.
#[derive(Debug)]
pub struct BranchFile<'n> {
    pub arms: Vec<WhenFile<'n>>,
    pub otherwise: Vec<StepFile<'n>>,
    /// Where `otherwise` stands.
    pub otherwise_at: Range<usize>,
}

/// An arm of a branch.
#[derive(Debug)]
pub struct WhenFile<'n> {
    /// Where its `when` stands.
    pub at: Range<usize>,
    pub when: &'n Node,
    pub steps: Vec<StepFile<'n>>,
}

/// An arm of a split.
#[derive(Debug)]
pub struct ArmFile<'n> {
    pub name: String,
    pub share: Share,
    pub steps: Vec<StepFile<'n>>,
}

/// Reads `{outcomes: […], timeout: …}`.
pub(super) fn wait_until<'n>(
    key: &Key,
    node: &'n Node,
    id: &str,
    reader: &mut Reader<'_, '_>,
) -> Option<WaitUntilFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`wait_until`", reader.report)?;
    let list = map.take_entry("outcomes");
    let items = list.and_then(|(_, node)| fields::items(node, "`outcomes`", reader.report)).unwrap_or_default();
    if items.is_empty() {
        let at = list.map_or(&key.at, |(key, _)| &key.at);
        reader
            .report
            .error(Code::E0603, at.clone(), "this wait has no outcome")
            .note("a wait for a time alone is `wait`");
    }
    refuse_many(items, "a wait has at most", "outcomes", reader);
    let outcomes: Vec<OutcomeFile<'_>> = items.iter().filter_map(|item| outcome(item, id, reader)).collect();
    refuse_double_outcomes(&outcomes, reader);
    let timeout = timeout(key, &mut map, id, reader);
    map.finish(reader.report);
    (!items.is_empty() && outcomes.len() == items.len()).then_some(WaitUntilFile { outcomes, timeout: timeout? })
}

fn outcome<'n>(node: &'n Node, id: &str, reader: &mut Reader<'_, '_>) -> Option<OutcomeFile<'n>> {
    let mut map = Fields::open(node, &node.at, "an outcome", reader.report)?;
    let name = map.require("name", reader.report).and_then(|node| {
        let name = fields::text(node, "the name of an outcome", reader.report)?;
        Some((name, way(name, &node.at, "an outcome", reader)))
    });
    let when = map.require("when", reader.report);
    let (name, at) = name.unwrap_or_default();
    let steps = reader.below(&mut map, &format!("{id}.{name}"));
    map.finish(reader.report);
    (!name.is_empty()).then_some(OutcomeFile { name: name.to_owned(), at, when: when?, steps })
}

/// Checks the name of a way through a step: it stands in the ids of the steps there.
fn way(name: &str, at: &Range<usize>, of: &str, reader: &mut Reader<'_, '_>) -> Range<usize> {
    if name == "timeout" {
        let message = format!("{of} cannot be named `timeout`");
        reader.report.error(Code::E0304, at.clone(), message).label("that is what happens when nothing has");
    } else if !names::is_name(name) {
        let message = format!("{of} cannot be named `{name}`");
        reader.report.error(Code::E0903, at.clone(), message).label("small letters, digits and `-`");
    }
    at.clone()
}

fn refuse_double_outcomes(outcomes: &[OutcomeFile<'_>], reader: &mut Reader<'_, '_>) {
    for (n, outcome) in outcomes.iter().enumerate() {
        if let Some(first) = outcomes.iter().take(n).find(|first| first.name == outcome.name) {
            reader
                .report
                .error(Code::E0302, outcome.at.clone(), format!("there is an outcome `{}` already", outcome.name))
                .also(first.at.clone(), "the first one");
        }
    }
}

/// `timeout: none`, or `timeout: {after: 2 days, do: […]}`. Nothing at all is what nobody may get by forgetting.
fn timeout<'n>(
    wait: &Key,
    map: &mut Fields<'n>,
    id: &str,
    reader: &mut Reader<'_, '_>,
) -> Option<Option<TimeoutFile<'n>>> {
    let Some((key, node)) = map.take_entry("timeout") else {
        reader
            .report
            .error(Code::E0604, wait.at.clone(), "this wait does not say when it is over")
            .note("`timeout: {after: 2 days, do: […]}`; or `timeout: none`, if it should wait for ever");
        return None;
    };
    if node.text() == Some("none") {
        return Some(None);
    }
    if let Some(text) = node.text() {
        let complaint = reader.report.error(Code::E0903, node.at.clone(), "`timeout` says how long, and what then");
        complaint.fix("say `after`", node.at.clone(), format!("{{after: {text}}}"));
        return None;
    }
    let mut timeout = Fields::open(node, &key.at, "`timeout`", reader.report)?;
    let after = timeout.require("after", reader.report).and_then(|node| span::length(node, reader.report));
    let steps = reader.below(&mut timeout, &format!("{id}.timeout"));
    timeout.finish(reader.report);
    Some(Some(TimeoutFile { at: key.at.clone(), after: after?, steps }))
}

/// Reads `[{when: …, do: […]}, …, {otherwise: […]}]`.
pub(super) fn branch<'n>(node: &'n Node, id: &str, reader: &mut Reader<'_, '_>) -> Option<BranchFile<'n>> {
    let items = fields::items(node, "`branch`", reader.report)?;
    let (mut arms, mut otherwise, mut whole) = (Vec::new(), None, true);
    refuse_many(items.get(1..).unwrap_or_default(), "a branch has at most", "arms beside `otherwise`", reader);
    for (n, item) in (1..).zip(items) {
        let Some(mut map) = Fields::open(item, &item.at, "an arm of a branch", reader.report) else {
            whole = false;
            continue;
        };
        if let Some((key, node)) = map.take_entry("otherwise") {
            let steps = reader.within(node, "`otherwise`", &format!("{id}.otherwise"));
            map.finish(reader.report);
            if n < items.len() {
                let complaint =
                    reader.report.error(Code::E0603, key.at.clone(), "behind `otherwise` nothing is reached");
                complaint.label("it stands last");
                whole = false;
            }
            otherwise = Some((key.at.clone(), steps));
            continue;
        }
        let when = map.take_entry("when");
        let steps = reader.below(&mut map, &format!("{id}.{n}"));
        if when.is_none() && !map.is_left() {
            let complaint = reader.report.error(Code::E0903, item.at.clone(), "this arm does not say when it is taken");
            complaint.note("an arm has a `when`; the last one is `otherwise`");
        }
        map.finish(reader.report);
        match when {
            Some((key, when)) => arms.push(WhenFile { at: key.at.clone(), when, steps }),
            None => whole = false,
        }
    }
    if arms.is_empty() && whole {
        reader.report.error(Code::E0603, node.at.clone(), "this branch has no arm with a `when`");
        return None;
    }
    let Some((otherwise_at, otherwise)) = otherwise else {
        let complaint = reader.report.error(Code::E0603, node.at.clone(), "this branch has no `otherwise`");
        complaint.note("its last arm is `otherwise: […]`, or `otherwise: []` where nothing is to be done");
        return None;
    };
    whole.then_some(BranchFile { arms, otherwise, otherwise_at })
}

/// Reads `{a: 50%, b: 50%}`, or `{a: {share: 50%, do: […]}, …}`.
pub(super) fn split<'n>(key: &Key, node: &'n Node, id: &str, reader: &mut Reader<'_, '_>) -> Option<Vec<ArmFile<'n>>> {
    let entries = fields::entries(node, &key.at, "`split`", reader.report)?;
    if let Some((extra, _)) = entries.get(WAYS_MAX) {
        let message = format!("a split has at most {WAYS_MAX} arms");
        reader.report.error(Code::E0114, extra.at.clone(), message);
    }
    let arms: Vec<ArmFile<'_>> = entries.iter().filter_map(|(name, node)| arm(name, node, id, reader)).collect();
    if arms.len() < entries.len() {
        return None;
    }
    let sum: u32 = arms.iter().map(|arm| u32::from(arm.share.0)).sum();
    if sum != u32::from(Share::ALL.0) {
        let sum = format!("{}.{:02}", sum / 100, sum % 100);
        let sum = sum.trim_end_matches('0').trim_end_matches('.');
        let complaint = reader.report.error(Code::E0603, key.at.clone(), format!("the shares add up to {sum}%"));
        complaint.label("everybody takes one arm: 100%");
        return None;
    }
    Some(arms)
}

fn arm<'n>(name: &'n Key, node: &'n Node, id: &str, reader: &mut Reader<'_, '_>) -> Option<ArmFile<'n>> {
    way(&name.name, &name.at, "an arm", reader);
    let under = format!("{id}.{}", name.name);
    let name = name.name.clone();
    if !matches!(node.content, Content::Map(_)) {
        return Some(ArmFile { name, share: share(node, reader)?, steps: Vec::new() });
    }
    let mut map = Fields::open(node, &node.at, "an arm of a split", reader.report)?;
    let share = map.require("share", reader.report).and_then(|node| share(node, reader));
    let steps = reader.below(&mut map, &under);
    map.finish(reader.report);
    Some(ArmFile { name, share: share?, steps })
}

/// `50%`, `12.5%`: more than nothing, two digits behind the point at most.
fn share(node: &Node, reader: &mut Reader<'_, '_>) -> Option<Share> {
    let share = node.text().and_then(hundredths).filter(|share| (1..=Share::ALL.0).contains(share));
    if share.is_none() {
        let complaint = reader.report.error(Code::E0320, node.at.clone(), "a share is a part of 100%, such as `50%`");
        complaint.label("from `0.01%` to `100%`");
    }
    share.map(Share)
}

fn hundredths(text: &str) -> Option<u16> {
    let (whole, part) = text.strip_suffix('%').map(|number| number.split_once('.').unwrap_or((number, "0")))?;
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 3) || !digits(part, 2) {
        return None;
    }
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<u16>().ok()?.checked_mul(100)? + part)
}

fn refuse_many(items: &[Node], most: &str, what: &str, reader: &mut Reader<'_, '_>) {
    if let Some(extra) = items.get(WAYS_MAX) {
        reader.report.error(Code::E0114, extra.at.clone(), format!("{most} {WAYS_MAX} {what}"));
    }
}

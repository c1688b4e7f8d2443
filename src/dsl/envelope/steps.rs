//! `steps`: each is one action, with an id and a condition if it wants them.

use std::ops::Range;

use super::fields::{self, Fields};
use super::{names, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Content, Key, Node};
use crate::dsl::report::Report;
use crate::model::time::Span;

/// A step as written.
#[derive(Debug)]
pub struct StepFile<'n> {
    /// As written, or made from the position.
    pub id: String,
    /// Where its id stands, or its action's key.
    pub at: Range<usize>,
    pub condition: Option<&'n Node>,
    pub action: ActionFile<'n>,
}

/// What a step does, as written.
#[derive(Debug)]
pub enum ActionFile<'n> {
    Send(SendFile<'n>),
    Webhook(WebhookFile<'n>),
    UpdatePerson(Vec<Update<'n>>),
    Wait(Span),
    Exit(String),
}

/// One attribute to be written; no value unsets it.
#[derive(Debug)]
pub struct Update<'n> {
    pub name: String,
    pub at: Range<usize>,
    pub value: Option<&'n Node>,
}

/// A message as written.
#[derive(Debug)]
pub struct SendFile<'n> {
    /// Where `send` stands.
    pub at: Range<usize>,
    pub content: ContentFile<'n>,
    pub if_window_closed: IfClosed<'n>,
    pub even_if_unsubscribed: bool,
}

/// What becomes of a free text outside the service window.
#[derive(Debug)]
pub enum IfClosed<'n> {
    /// Nothing is said: the checker wants to be sure that the window is open.
    Unsaid,
    Skip,
    Send(ContentFile<'n>),
}

/// A text or a template, as written.
#[derive(Debug)]
pub enum ContentFile<'n> {
    Text(&'n Node),
    Template { name: &'n Node, language: &'n Node, params: Vec<(&'n Key, &'n Node)> },
}

/// A request as written.
#[derive(Debug)]
pub struct WebhookFile<'n> {
    pub url: &'n Node,
    pub body: Option<&'n Node>,
    pub timeout: Option<Span>,
    pub retries: Option<u32>,
}

/// Retries of a webhook.
pub const RETRIES_MAX: u32 = 100;
/// Steps of one campaign.
pub const STEPS_MAX: usize = 100;

const DONE: [&str; 5] = ["send", "webhook", "update_person", "wait", "exit"];
const NOT_YET: [&str; 5] = ["wait_until", "branch", "split", "record_event", "manual_segment"];

/// Reads a list of steps.
pub fn read<'n>(node: &'n Node, report: &mut Report<'_>) -> Vec<StepFile<'n>> {
    let items = fields::items(node, "`steps`", report).unwrap_or_default();
    if items.is_empty() && matches!(node.content, Content::List(_)) {
        report.error(Code::E0903, node.at.clone(), "a campaign has at least one step");
    }
    if let Some(extra) = items.get(STEPS_MAX) {
        report.error(Code::E0114, extra.at.clone(), format!("a campaign has at most {STEPS_MAX} steps"));
    }
    let steps: Vec<StepFile<'n>> = items.iter().enumerate().filter_map(|(n, node)| step(n + 1, node, report)).collect();
    refuse_double_ids(&steps, report);
    steps
}

fn refuse_double_ids(steps: &[StepFile<'_>], report: &mut Report<'_>) {
    for (n, step) in steps.iter().enumerate() {
        if let Some(first) = steps.iter().take(n).find(|first| first.id == step.id) {
            report
                .error(Code::E0602, step.at.clone(), format!("two steps have the id `{}`", step.id))
                .also(first.at.clone(), "the first one");
        }
    }
}

fn step<'n>(number: usize, node: &'n Node, report: &mut Report<'_>) -> Option<StepFile<'n>> {
    let mut map = Fields::open(node, &node.at, "a step", report)?;
    let id = map.take("id").and_then(|node| id(node, report));
    let condition = map.take_entry("if");
    let mut actions: Vec<(&'static str, &Key, &Node)> = DONE
        .into_iter()
        .chain(NOT_YET)
        .filter_map(|word| map.take_entry(word).map(|(key, node)| (word, key, node)))
        .collect();
    actions.sort_by_key(|(_, key, _)| key.at.start);
    let (word, key, value) = match actions.as_slice() {
        [] => {
            if !map.is_left() {
                report
                    .error(Code::E0903, first_key(node), "this step does nothing")
                    .note(format!("a step is one of `{}`", DONE.join("`, `")));
            }
            map.finish(report);
            return None;
        }
        [one] => *one,
        [(first, at, _), (second, key, _), ..] => {
            report
                .error(Code::E0903, key.at.clone(), format!("a step does one thing: `{first}` or `{second}`"))
                .also(at.at.clone(), "the first one");
            return None;
        }
    };
    map.finish(report);
    if word == "wait"
        && let Some((key, _)) = condition
    {
        report.error(Code::E0903, key.at.clone(), "a wait has no `if`");
    }
    let action = action(word, key, value, report)?;
    let (id, at) = id.unwrap_or_else(|| (format!("step-{number}"), key.at.clone()));
    Some(StepFile { id, at, condition: condition.map(|(_, node)| node), action })
}

fn id(node: &Node, report: &mut Report<'_>) -> Option<(String, Range<usize>)> {
    let id = fields::text(node, "the id of a step", report)?;
    if !names::is_name(id) {
        report
            .error(Code::E0602, node.at.clone(), format!("a step cannot have the id `{id}`"))
            .label("small letters, digits and `-`");
    }
    Some((id.to_owned(), node.at.clone()))
}

fn first_key(node: &Node) -> Range<usize> {
    match &node.content {
        Content::Map(entries) => entries.first().map_or_else(|| node.at.clone(), |(key, _)| key.at.clone()),
        _ => node.at.clone(),
    }
}

fn action<'n>(word: &str, key: &'n Key, value: &'n Node, report: &mut Report<'_>) -> Option<ActionFile<'n>> {
    match word {
        "send" => send(key, value, report).map(ActionFile::Send),
        "webhook" => webhook(key, value, report).map(ActionFile::Webhook),
        "update_person" => update_person(key, value, report).map(ActionFile::UpdatePerson),
        "wait" => span::wait(value, report).map(ActionFile::Wait),
        "exit" => fields::text(value, "the reason of an exit", report).map(|text| ActionFile::Exit(text.to_owned())),
        _ => {
            report.unsupported(key.at.clone(), &format!("the step `{word}`"));
            None
        }
    }
}

fn send<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<SendFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`send`", report)?;
    let closed = map.take_entry("if_window_closed");
    let even = map
        .take("even_if_unsubscribed")
        .and_then(|node| fields::boolean(node, "`even_if_unsubscribed`", report))
        .unwrap_or(false);
    let content = content(&mut map, &key.at, report);
    map.finish(report);
    // A broken one was complained of, and says at least that there is one.
    let if_window_closed = closed.map(|(key, node)| if_closed(key, node, report).unwrap_or(IfClosed::Skip));
    let content = content?;
    if let (ContentFile::Template { .. }, Some((key, _))) = (&content, closed) {
        report
            .error(Code::E0903, key.at.clone(), "a template may be sent at any time")
            .label("only a text needs `if_window_closed`");
    }
    Some(SendFile {
        at: key.at.clone(),
        content,
        if_window_closed: if_window_closed.unwrap_or(IfClosed::Unsaid),
        even_if_unsubscribed: even,
    })
}

fn if_closed<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<IfClosed<'n>> {
    if node.text() == Some("skip") {
        return Some(IfClosed::Skip);
    }
    let mut map = Fields::open(node, &key.at, "`if_window_closed`", report)?;
    if let Some((text, _)) = map.take_entry("text") {
        report
            .error(Code::E0903, text.at.clone(), "outside the service window only a template can be sent")
            .note("`if_window_closed` is `skip`, or a template");
        return None;
    }
    let content = template(&mut map, report);
    map.finish(report);
    content.map(IfClosed::Send)
}

fn content<'n>(map: &mut Fields<'n>, at: &Range<usize>, report: &mut Report<'_>) -> Option<ContentFile<'n>> {
    match (map.take_entry("text"), map.has("template")) {
        (Some((key, _)), true) => {
            report.error(Code::E0903, key.at.clone(), "a message is a `text` or a `template`, not both");
            template(map, report);
            None
        }
        (Some((_, node)), false) => fields::text(node, "a message", report).map(|_| ContentFile::Text(node)),
        (None, true) => template(map, report),
        (None, false) => {
            report
                .error(Code::E0903, at.clone(), "there is nothing to send")
                .note("`send` has a `text`, or a `template` with its `language`");
            // Known all the same, so that a misspelt one is told what it may mean.
            for known in ["template", "language", "params"] {
                map.take(known);
            }
            None
        }
    }
}

fn template<'n>(map: &mut Fields<'n>, report: &mut Report<'_>) -> Option<ContentFile<'n>> {
    let name = map.require("template", report);
    let language = map.require("language", report);
    let params = match map.take_entry("params") {
        Some((key, node)) => fields::entries(node, &key.at, "`params`", report)?.iter().map(|(k, n)| (k, n)).collect(),
        None => Vec::new(),
    };
    fields::text(name?, "a template's name", report)?;
    Some(ContentFile::Template { name: name?, language: language?, params })
}

fn webhook<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<WebhookFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`webhook`", report)?;
    let url = map.require("url", report);
    let body = map.take("body");
    let timeout = map.take("timeout").and_then(|node| span::elapsed(node, report));
    let retries = map.take("retries").and_then(|node| retries(node, report));
    map.finish(report);
    fields::text(url?, "a URL", report)?;
    Some(WebhookFile { url: url?, body, timeout, retries })
}

fn retries(node: &Node, report: &mut Report<'_>) -> Option<u32> {
    let retries = node.json().as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= RETRIES_MAX);
    if retries.is_none() {
        report.error(Code::E0320, node.at.clone(), format!("`retries` is a number from 0 to {RETRIES_MAX}"));
    }
    retries
}

/// `{x: 1}`, or `{set: {…}, unset: […]}`.
fn update_person<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<Vec<Update<'n>>> {
    let entries = fields::entries(node, &key.at, "`update_person`", report)?;
    let long = ["set", "unset", "add", "remove"];
    let update = |(key, node): &'n (Key, Node)| Update {
        name: key.name.clone(),
        at: key.at.clone(),
        value: (!node.is_null()).then_some(node),
    };
    if entries.is_empty() {
        report.error(Code::E0903, key.at.clone(), "`update_person` changes nothing");
        return None;
    }
    if !entries.iter().all(|(key, _)| long.contains(&key.name.as_str())) {
        return Some(entries.iter().map(update).collect());
    }
    let mut map = Fields::open(node, &key.at, "`update_person`", report)?;
    map.refuse("add", report);
    map.refuse("remove", report);
    let mut updates = Vec::new();
    if let Some((key, node)) = map.take_entry("set") {
        updates.extend(fields::entries(node, &key.at, "`set`", report).unwrap_or_default().iter().map(update));
    }
    for item in map.take("unset").and_then(|node| fields::items(node, "`unset`", report)).unwrap_or_default() {
        if let Some(name) = fields::text(item, "the name of an attribute", report) {
            updates.push(Update { name: name.to_owned(), at: item.at.clone(), value: None });
        }
    }
    map.finish(report);
    Some(updates)
}

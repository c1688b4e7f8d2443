//! The steps that go out to the world: messages and requests.

use std::ops::Range;

use super::fields::{self, Fields};
use super::span;
use crate::diagnostic::Code;
use crate::dsl::node::{Key, Node};
use crate::dsl::report::Report;
use crate::model::time::Span;

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
/// Reads a `send`.
pub fn send<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<SendFile<'n>> {
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

/// Reads a `webhook`.
pub fn webhook<'n>(key: &Key, node: &'n Node, report: &mut Report<'_>) -> Option<WebhookFile<'n>> {
    let mut map = Fields::open(node, &key.at, "`webhook`", report)?;
    let url = map.require("url", report);
    let body = map.take("body");
    let timeout = map.take("timeout").and_then(|node| span::elapsed(node, report));
    let retries = map.take("retries").and_then(|node| fields::number(node, "`retries`", 0, RETRIES_MAX, report));
    map.finish(report);
    fields::text(url?, "a URL", report)?;
    Some(WebhookFile { url: url?, body, timeout, retries })
}

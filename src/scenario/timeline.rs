//! `timeline`: what happens, in the verbs of the language.

use std::ops::Range;

use super::cases::shown;
use super::moment;
use super::names::Names;
use super::read::Cast;
use super::story::{Happening, What, Which, Who};
use crate::diagnostic::Code;
use crate::dsl::file::{Fields, Key, Node, Report, VERBS, fields};
use crate::model::event::Kind;
use crate::model::rule::Via;
use crate::model::said;
use crate::model::time::Second;
use crate::model::value::Properties;

/// The kinds of messages that come by `via: media`.
const MEDIA: [&str; 8] = ["image", "video", "document", "audio", "sticker", "location", "contacts", "order"];

/// Reads the timeline. Entries out of order are E1003.
pub fn read(node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Vec<Happening> {
    let mut timeline = Vec::new();
    let mut last: Option<(Second, Range<usize>)> = None;
    for item in fields::items(node, "`timeline`", report).unwrap_or_default() {
        let Some((happening, at)) = entry(item, cast, report) else { continue };
        if let Some((before, place)) = &last
            && happening.at < *before
        {
            report
                .error(Code::E1003, at.clone(), "this comes before the entry above it")
                .also(place.clone(), "the later one")
                .note("a timeline is sorted by `at`; what is learned late says so with `arrives`");
        }
        last = Some((happening.at, at));
        timeline.push(happening);
    }
    timeline
}

fn entry(node: &Node, cast: &Cast<'_>, report: &mut Report<'_>) -> Option<(Happening, Range<usize>)> {
    let mut map = Fields::open(node, &node.at, "an entry of the timeline", report)?;
    let at = cast.at(&mut map, report);
    let who = cast.who(&mut map, report);
    let arrives = map.take("arrives").map(|node| (node, moment::after(cast.start, node, report)));
    let verbs: Vec<(&'static str, &Key, &Node)> =
        VERBS.iter().filter_map(|verb| map.take_entry(verb).map(|(key, node)| (*verb, key, node))).collect();
    let (verb, key, value) = match verbs.as_slice() {
        [one] => *one,
        [] => {
            if !map.is_left() {
                report
                    .error(Code::E0903, node.at.clone(), "nothing happens here")
                    .note(format!("an entry says one of `{}`", VERBS.join("`, `")));
            }
            map.finish(report);
            return None;
        }
        [(first, at, _), (second, key, _), ..] => {
            report
                .error(Code::E0903, key.at.clone(), format!("an entry says one thing: `{first}` or `{second}`"))
                .also(at.at.clone(), "the first one");
            return None;
        }
    };
    let what = Reader { map: &mut map, names: cast.names, report }.what(verb, key, value);
    map.finish(report);
    let ((at, place), (who, who_at), what) = (at?, who?, what?);
    if matches!(who, Who::Number(_)) && !matches!(what, What::Said { .. }) {
        report.error(Code::E1002, who_at, "only messages and reactions come from numbers").label("name a person");
        return None;
    }
    let arrives = match arrives {
        None => at,
        Some((node, arrives)) => {
            let arrives = arrives?;
            if arrives < at {
                report.error(Code::E1003, node.at.clone(), "nothing arrives before it happens");
            }
            arrives
        }
    };
    if let Who::Person(person) = &who
        && let Some(someone) = cast.people.get(*person)
        && arrives < someone.known_since
    {
        report.error(Code::E1003, place.clone(), format!("`{}` is not known yet", someone.name));
    }
    let words = if value.is_null() { verb.to_owned() } else { format!("{verb}: {}", shown(value, report)) };
    Some((Happening { span: report.span(&key.at), at, arrives, who, what, words }, place))
}

/// One entry, behind its verb.
struct Reader<'m, 'n, 'r, 's> {
    map: &'m mut Fields<'n>,
    names: Names<'m>,
    report: &'r mut Report<'s>,
}

impl Reader<'_, '_, '_, '_> {
    fn what(&mut self, verb: &'static str, key: &Key, value: &Node) -> Option<What> {
        match verb {
            "replied" => self.replied(value),
            "tapped" => self.tapped(key, value),
            "reacted" => {
                let emoji = fields::text(value, "a reaction", self.report)?;
                let mut properties = Properties::new();
                said::say(&mut properties, emoji);
                self.said(Kind::Reaction, properties)
            }
            "removed_reaction" => {
                let removed = fields::boolean(value, "`removed_reaction`", self.report)?;
                if !removed {
                    self.report.error(Code::E0322, value.at.clone(), "what did not happen is no entry of a timeline");
                }
                self.said(Kind::ReactionRemoved, Properties::new())
            }
            "performed" => self.performed(value),
            "was_sent" => {
                let which = which(key, value, self.names, self.report)?;
                let template = which.template.clone().or_else(|| self.names.template(&which).map(str::to_owned));
                Some(What::WasSent(Which { template, ..which }))
            }
            "received" => self.became(Kind::Received, key, value),
            "read" => self.became(Kind::Read, key, value),
            "failed" => self.became(Kind::Failed, key, value),
            "set" => self.set(key, value),
            "joins" => self.moved(value, true),
            _ => self.moved(value, false),
        }
    }

    fn said(&mut self, kind: Kind, properties: Properties) -> Option<What> {
        let to = self.map.take_entry("to").map(|(key, node)| {
            let which = which(key, node, self.names, self.report)?;
            Some((which, self.report.span(&node.at)))
        });
        let to = match to {
            Some(to) => Some(to?),
            None => None,
        };
        Some(What::Said { kind, properties, to })
    }

    fn replied(&mut self, value: &Node) -> Option<What> {
        let ways = [Via::Text, Via::Button, Via::List, Via::Media, Via::Flow];
        let via = match self.map.take("via") {
            Some(node) => {
                let word = fields::word(node, "`via`", &ways.map(Via::as_str), self.report)?;
                ways.into_iter().find(|via| via.as_str() == word)?
            }
            None => Via::Text,
        };
        let mut properties = Properties::new();
        let kind = match via {
            Via::Media => match self.map.take("kind") {
                Some(node) => fields::word(node, "the kind of a message", &MEDIA, self.report)?,
                None => "image",
            },
            other => other.as_str(),
        };
        said::came(&mut properties, kind, via);
        if via == Via::Flow {
            let data = self.map.take_entry("fields").map(|(key, node)| self.properties(key, node));
            let data = data.unwrap_or_default().into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect();
            properties.insert("flow".to_owned(), Properties::from_iter([("data".to_owned(), data)]).into());
        }
        // A voice message or a flow says nothing.
        if !(value.is_null() && matches!(via, Via::Media | Via::Flow)) {
            let text = fields::text(value, "a message", self.report)?;
            if matches!(via, Via::Button | Via::List) {
                said::tap(&mut properties, kind, via, Some(text), None);
            } else {
                said::say(&mut properties, text);
            }
        }
        self.said(Kind::Inbound, properties)
    }

    /// A title, or a map of title and id; by a button, or by a list.
    fn tapped(&mut self, key: &Key, value: &Node) -> Option<What> {
        let via = match self.map.take("via") {
            Some(node) => match fields::word(node, "`via`", &["button", "list"], self.report)? {
                "list" => Via::List,
                _ => Via::Button,
            },
            None => Via::Button,
        };
        let mut properties = Properties::new();
        if let Some(title) = value.text() {
            said::tap(&mut properties, via.as_str(), via, Some(title), None);
            return self.said(Kind::Inbound, properties);
        }
        let mut map = Fields::open(value, &key.at, "`tapped`", self.report)?;
        let title = map.take("title").map(|node| fields::text(node, "a title", self.report));
        let id = map.take("id").map(|node| fields::text(node, "an id", self.report));
        map.finish(self.report);
        let is_one = said::tap(&mut properties, via.as_str(), via, title.flatten(), id.flatten());
        if !is_one && title.is_none() && id.is_none() {
            self.report.error(Code::E0903, key.at.clone(), "what is tapped has a `title`, an `id`, or both");
        }
        if is_one { self.said(Kind::Inbound, properties) } else { None }
    }

    fn performed(&mut self, value: &Node) -> Option<What> {
        let name = fields::text(value, "the name of an event", self.report)?;
        let properties = self.map.take_entry("props").map(|(key, node)| self.properties(key, node));
        let properties = properties.unwrap_or_default();
        let places: Vec<_> = properties.iter().map(|(name, at, _)| (*name, at.clone())).collect();
        self.names.event((name, &value.at), &places, self.report);
        let properties = properties.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect();
        Some(What::Performed { name: name.to_owned(), properties })
    }

    fn properties<'n>(&mut self, key: &Key, node: &'n Node) -> Vec<(&'n str, Range<usize>, serde_json::Value)> {
        let entries = fields::entries(node, &key.at, "a set of values", self.report).unwrap_or_default();
        entries.iter().map(|(key, node)| (key.name.as_str(), key.at.clone(), node.json())).collect()
    }

    fn became(&mut self, kind: Kind, key: &Key, value: &Node) -> Option<What> {
        Some(What::Became(kind, which(key, value, self.names, self.report)?))
    }

    fn set(&mut self, key: &Key, value: &Node) -> Option<What> {
        let mut written = Properties::new();
        for (name, at, value) in self.properties(key, value) {
            if name == "known_since" {
                self.report.error(Code::E0304, at, "`known_since` is not written").note("it stands under `people`");
                continue;
            }
            self.names.attribute(name, &at, self.report);
            written.insert(name.to_owned(), value);
        }
        Some(What::Set(written))
    }

    fn moved(&mut self, value: &Node, joined: bool) -> Option<What> {
        let segment = fields::text(value, "the name of a segment", self.report)?;
        self.names.manual(segment, &value.at, self.report);
        Some(What::Moved { segment: segment.to_owned(), joined })
    }
}

/// `{campaign, step, template}`, each if it is said.
fn which(key: &Key, node: &Node, names: Names<'_>, report: &mut Report<'_>) -> Option<Which> {
    let mut map = Fields::open(node, &key.at, "a message", report)?;
    let mut places = Vec::new();
    let mut part = |name: &'static str, report: &mut Report<'_>| {
        let node = map.take(name)?;
        places.push((name, node.at.clone()));
        fields::text(node, "a name", report).map(str::to_owned)
    };
    let which =
        Which { campaign: part("campaign", report), step: part("step", report), template: part("template", report) };
    map.finish(report);
    names.message(&which, &places, report);
    Some(which)
}

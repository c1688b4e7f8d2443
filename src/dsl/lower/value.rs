//! Strings of steps: paths, Liquid texts, plain strings; and what a path may reach.

use std::ops::Range;

use super::scope::Scope;
use crate::diagnostic::{Code, Origin};
use crate::dsl::block;
use crate::dsl::check::names::{Known, Owner};
use crate::dsl::envelope::fields;
use crate::dsl::node::{Content, Node, Style};
use crate::dsl::report::Report;
use crate::model::rule::{Expression, Path, Phrase, Property, Verb};
use crate::model::value::Type;
use crate::template::{self, Root, Template};

/// What stands behind the roots of paths at a step.
#[derive(Clone, Debug)]
pub struct Roots {
    pub event: Carried,
    /// None: no wait has ended yet.
    pub answer: Option<Answer>,
}

/// What an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    Nothing,
    /// What every inbound message has.
    Message,
    /// The properties of the custom event of this name.
    Event(String),
    /// What nobody declares, or one of several: any name goes, and may be missing.
    Anything,
    /// It could not be read: nothing is said about it.
    Unread,
}

/// The event that ended the latest wait.
#[derive(Clone, Debug)]
pub struct Answer {
    pub carried: Carried,
    /// Every way to here has one.
    pub sure: bool,
}

impl Carried {
    /// What the event carries that `phrase` leaves: the one that completes it; of a verdict, the one that was not
    /// answered.
    pub fn by(phrase: &Phrase) -> Self {
        let event = match phrase {
            Phrase::One(event) => event.as_ref(),
            Phrase::Sequence(sequence) => {
                sequence.steps.iter().rfind(|step| !step.not).map_or(&sequence.first, |step| &step.event)
            }
        };
        match &event.verb {
            Verb::Performed(name) => Self::Event(name.clone()),
            Verb::Replied | Verb::Tapped | Verb::Reacted | Verb::RemovedReaction => Self::Message,
            Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive | Verb::Moved(_) | Verb::Changed(_) => {
                Self::Nothing
            }
        }
    }

    fn owner(&self) -> Option<Owner<'_>> {
        match self {
            Self::Nothing => Some(Owner::Nothing),
            Self::Message => Some(Owner::Message),
            Self::Event(name) => Some(Owner::Event(name)),
            Self::Anything | Self::Unread => None,
        }
    }
}

/// What becomes of a path whose value is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is null where it goes.
    Null,
    /// There must be a value.
    Refused,
}

/// What `journey.…` has.
const JOURNEY: [&str; 3] = ["campaign", "id", "started"];

impl Scope<'_> {
    /// A string, or another value as it is.
    pub(super) fn expression(
        &mut self,
        node: &Node,
        roots: &Roots,
        missing: Missing,
        report: &mut Report<'_>,
    ) -> Option<Expression> {
        let Some(text) = node.text() else { return Some(Expression::Literal(node.json())) };
        let template = match Template::read(text) {
            Ok(template) => template,
            Err(error) => {
                let at = place(node, error.offset, 1, report);
                let complaint = report.error(Code::E0621, at, error.message);
                if let Some(help) = error.help {
                    complaint.note(help);
                }
                return None;
            }
        };
        let errors = report.errors();
        for used in template.uses() {
            let at = place(node, used.offset, used.path.to_string().len(), report);
            let is_path = matches!(template, Template::Path(_));
            let may_be_missing = used.may_be_missing || (is_path && missing == Missing::Null);
            if self.can_be_missing(&used.path, &at, roots, report) && !may_be_missing {
                refuse_missing(node, &used.path, is_path, at, report);
            }
        }
        if report.errors() > errors {
            return None;
        }
        Some(match template {
            Template::Path(path) => Expression::Path(Path(path.to_string())),
            Template::Text(text) => Expression::Text(text.source().to_owned()),
            Template::Literal(text) => Expression::Literal(text.into()),
        })
    }

    /// Looks the path up. Where it is unknown that is all there is to say.
    pub(super) fn can_be_missing(
        &self,
        path: &template::Path,
        at: &Range<usize>,
        roots: &Roots,
        report: &mut Report<'_>,
    ) -> bool {
        let (carried, sure) = match (path.root, &roots.answer) {
            (Root::Person, _) => return self.lookup(Owner::Person, path, at, report),
            (Root::Env, _) => return false,
            (Root::Journey, _) => {
                refuse_unknown(path, at, &JOURNEY, "", report);
                return false;
            }
            (Root::Event, _) => (&roots.event, true),
            (Root::Answer, Some(answer)) => (&answer.carried, answer.sure),
            (Root::Answer, None) => {
                refuse_unknown(path, at, &[], "no `wait_until` has come to an outcome here", report);
                return false;
            }
        };
        match carried.owner() {
            None => *carried == Carried::Anything,
            Some(owner) => self.lookup(owner, path, at, report) || !sure,
        }
    }

    /// Whether a value of `owner` can be missing; a name that is not there is complained of.
    fn lookup(&self, owner: Owner<'_>, path: &template::Path, at: &Range<usize>, report: &mut Report<'_>) -> bool {
        match self.names.value(owner, &path.name) {
            Known::Yes(property, _) => !property.always_set,
            Known::Unchecked => true,
            Known::No => {
                let why = if path.root == Root::Answer {
                    "what ends this wait carries nothing"
                } else {
                    "what starts this campaign carries nothing"
                };
                refuse_unknown(path, at, &self.names.values(owner), why, report);
                false
            }
        }
    }

    /// One running journey per value of this path.
    pub(super) fn key(&mut self, node: &Node, roots: &Roots, report: &mut Report<'_>) -> Option<Path> {
        let text = fields::text(node, "the key of an entry", report)?;
        if template::Path::read(text).is_none() {
            report
                .error(Code::E0621, node.at.clone(), format!("`{text}` is no path"))
                .note("a key is a path such as `event.order_id`");
            return None;
        }
        match self.expression(node, roots, Missing::Null, report)? {
            Expression::Path(path) => Some(path),
            Expression::Literal(_) | Expression::Text(_) => None,
        }
    }

    /// Every string in a JSON body, wherever it stands.
    pub(super) fn body(&mut self, node: &Node, roots: &Roots, report: &mut Report<'_>) -> Option<serde_json::Value> {
        let mut whole = true;
        match &node.content {
            Content::Scalar(_) => whole = self.expression(node, roots, Missing::Null, report).is_some(),
            Content::List(items) => {
                for item in items {
                    whole &= self.body(item, roots, report).is_some();
                }
            }
            Content::Map(entries) => {
                for (_, item) in entries {
                    whole &= self.body(item, roots, report).is_some();
                }
            }
        }
        whole.then(|| node.json())
    }

    /// The type of what a path reads, if it is known.
    pub(super) fn type_of(&self, path: &Path, roots: &Roots) -> Option<Type> {
        let path = template::Path::read(&path.0)?;
        let owner = match path.root {
            Root::Person => Some(Owner::Person),
            Root::Event => roots.event.owner(),
            Root::Answer => roots.answer.as_ref().and_then(|answer| answer.carried.owner()),
            Root::Journey | Root::Env => None,
        }?;
        match self.names.value(owner, &path.name) {
            Known::Yes(Property { ty, .. }, _) => Some(ty),
            Known::Unchecked | Known::No => None,
        }
    }
}

fn refuse_missing(node: &Node, path: &template::Path, is_path: bool, at: Range<usize>, report: &mut Report<'_>) {
    const THEN: &str = "say what stands there then";
    let style = match &node.content {
        Content::Scalar(scalar) => scalar.style,
        Content::List(_) | Content::Map(_) => return,
    };
    let complaint = report.error(Code::E0620, at.clone(), format!("`{path}` can be missing"));
    match (is_path, style) {
        // There the quotes of the fix would end the text.
        (_, Style::SingleQuoted) => _ = complaint.note(format!("{THEN}: `{path} | default: …`")),
        (true, Style::Plain) => _ = complaint.fix(THEN, at, format!("\"{{{{ {path} | default: '-' }}}}\"")),
        (true, _) => _ = complaint.fix(THEN, at, format!("{{{{ {path} | default: '-' }}}}")),
        (false, _) => _ = complaint.fix(THEN, at.end..at.end, " | default: '-'"),
    }
}

/// `why` there is nothing to choose from.
fn refuse_unknown(path: &template::Path, at: &Range<usize>, known: &[&str], why: &str, report: &mut Report<'_>) {
    if known.contains(&path.name.as_str()) {
        return;
    }
    let root = path.root.as_str();
    let known: Vec<String> = known.iter().map(|name| format!("{root}.{name}")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let message =
        if known.is_empty() { format!("there is no `{path}`: {why}") } else { format!("there is no `{path}`") };
    report.unknown(Code::E0621, at.clone(), &message, &path.to_string(), &known);
}

/// Bytes `offset..offset + len` of the text in `node`; the whole of it where its lines cannot be told apart.
pub(super) fn place(node: &Node, offset: usize, len: usize, report: &Report<'_>) -> Range<usize> {
    match block::lines(node, report.text()) {
        Some(lines) => {
            let span = Origin::new(report.file(), lines).span(offset, offset + len);
            span.start..span.end
        }
        None => node.at.clone(),
    }
}

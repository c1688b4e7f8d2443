//! A test as it is meant: who there is, what happens, and what has to come of it.

use serde_json::Value as Json;

use crate::diagnostic::Span;
use crate::model::event::{Kind, MessageRef};
use crate::model::message::Outstanding;
use crate::model::phone::Phone;
use crate::model::time::Second;
use crate::model::value::Properties;

/// One test, or one case of a test with several.
#[derive(Clone, Debug)]
pub struct Story {
    pub name: String,
    /// Where it is named.
    pub span: Span,
    /// Why it is not played yet.
    pub todo: Option<String>,
    pub start: Second,
    pub people: Vec<Someone>,
    /// In the order of the file, which is that of `at`.
    pub timeline: Vec<Happening>,
    pub expectations: Vec<Expectation>,
    /// Exhaustive where there are any; none: they are not looked at.
    pub effects: Option<Vec<ExpectedEffect>>,
}

/// A person of the story. `Who::Person` counts them from 0.
#[derive(Clone, Debug)]
pub struct Someone {
    pub name: String,
    pub known_since: Second,
    /// What they are made with; `phone`, `id` and `email` among it.
    pub attributes: Properties,
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Person(usize),
    /// Whoever has this number then, or nobody.
    Number(Phone),
}

/// An entry of the timeline.
#[derive(Clone, Debug)]
pub struct Happening {
    pub span: Span,
    pub at: Second,
    /// When we learn of it; not before `at`.
    pub arrives: Second,
    pub who: Who,
    pub what: What,
    /// The author's words for it: `replied: "Sí!!"`.
    pub words: String,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum What {
    /// A message or a reaction of theirs, and the message of ours that they point at.
    Said {
        kind: Kind,
        properties: Properties,
        to: Option<(Which, Span)>,
    },
    Performed {
        name: String,
        properties: Properties,
    },
    /// A message of ours, besides those that campaigns send.
    WasSent(Which),
    /// What became of the newest such message: [`Kind::Received`], [`Kind::Read`] or [`Kind::Failed`].
    Became(Kind, Which),
    /// Attributes are written; null unsets.
    Set(Properties),
    Moved {
        segment: String,
        joined: bool,
    },
}

/// Which message of ours: of this campaign, step and template, as far as they are said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    pub campaign: Option<String>,
    pub step: Option<String>,
    pub template: Option<String>,
}

impl Which {
    /// Whether `message` is such a one.
    #[must_use]
    pub fn is(&self, message: &MessageRef) -> bool {
        let same = |said: &Option<String>, is: &Option<String>| said.is_none() || said == is;
        same(&self.campaign, &message.campaign)
            && same(&self.step, &message.step)
            && same(&self.template, &message.template)
    }

    /// The newest such message accepted up to `at`.
    #[must_use]
    pub fn newest<'m>(&self, messages: &'m [Outstanding], at: Second) -> Option<&'m Outstanding> {
        let such = messages.iter().filter(|found| found.accepted.is_some_and(|accepted| accepted <= at));
        // Of one second the one that was accepted last.
        such.filter(|found| self.is(&found.message)).max_by_key(|found| found.accepted)
    }

    /// In words: `campaign "winter", step "ask"`.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [("campaign", &self.campaign), ("step", &self.step), ("template", &self.template)];
        let said: Vec<String> =
            parts.iter().filter_map(|(word, name)| Some(format!("{word} `{}`", name.as_ref()?))).collect();
        if said.is_empty() { "any message".to_owned() } else { said.join(", ") }
    }
}

/// What holds at an instant, after everything in its second.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub at: Second,
    pub members: Vec<Members>,
    pub until: Vec<Until>,
}

/// The exact members of a segment.
#[derive(Clone, Debug)]
pub struct Members {
    pub segment: String,
    pub people: Vec<usize>,
    pub span: Span,
}

/// When the membership of a person flips next, with nobody doing anything.
#[derive(Clone, Debug)]
pub struct Until {
    pub segment: String,
    pub person: usize,
    /// None: never.
    pub flip: Option<Second>,
    pub span: Span,
}

/// What a campaign asks for.
#[derive(Clone, Debug)]
pub struct ExpectedEffect {
    pub at: Second,
    pub who: Who,
    /// `send`, `webhook`, `update_person`, `record_event`, `manual_segment`.
    pub kind: &'static str,
    /// The part of it that is said.
    pub body: Json,
    pub span: Span,
}

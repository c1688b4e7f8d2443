//! Event phrases, and the tests on one event.

use crate::diagnostic::Span;
use crate::model::rule::Via;

use super::{At, Comparison, List, Literal, Name, Path, Pattern, Text};

/// One happening. The person is left out.
pub type Event = At<EventKind>;

/// The event phrases, by their verbs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    Replied(Box<Reply>),
    Reacted {
        emoji: Option<Words>,
        target: Option<Target>,
    },
    RemovedReaction {
        target: Option<Target>,
    },
    Tapped {
        what: Option<Tap>,
        target: Option<Target>,
    },
    /// `was sent M`; with the place of the `not` in `was not sent M`.
    WasSent {
        not: Option<Span>,
        message: Message,
    },
    Received(Message),
    Read(Message),
    FailedToReceive(Message),
    Performed {
        name: Name,
        filter: Option<Test>,
    },
    Segment {
        went: Went,
        name: Name,
    },
    Campaign {
        went: Went,
        name: Name,
    },
    Changed {
        path: Path,
        from: Option<Literal>,
        to: Option<Literal>,
    },
}

impl EventKind {
    /// The message that the phrase names, if it names one.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Replied(reply) => reply.target.as_ref().map(|target| &target.message),
            Self::Reacted { target, .. } | Self::RemovedReaction { target } | Self::Tapped { target, .. } => {
                target.as_ref().map(|target| &target.message)
            }
            Self::WasSent { message, .. }
            | Self::Received(message)
            | Self::Read(message)
            | Self::FailedToReceive(message) => Some(message),
            Self::Performed { .. } | Self::Segment { .. } | Self::Campaign { .. } | Self::Changed { .. } => None,
        }
    }
}

/// `replied …`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub text: Option<TextTest>,
    pub target: Option<Target>,
    pub via: Option<At<Via>>,
    /// `where …`
    pub filter: Option<Test>,
}

/// What a person did with a segment or campaign. Segments know only the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    Entered,
    Left,
    Finished,
    ConvertedIn,
}

/// A test on an inbound text.
pub type TextTest = At<TextTestKind>;

/// How a text is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTestKind {
    /// The whole message: `"YES"`, `any of affirm`
    Whole(Words),
    Containing(Words),
    StartingWith(Words),
    Exactly(Text),
    Matching(Pattern),
}

/// Keywords: one, or any of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    One(Text),
    AnyOf(List),
}

/// Which button or row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// Its visible title.
    Title(Words),
    /// Its payload or id.
    Id(Text),
}

/// `to M`, `directly to M`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub span: Span,
    pub directly: bool,
    pub message: Message,
}

/// Which message of ours.
pub type Message = At<MessageKind>;

/// How a message of ours is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `it`: that of the nearest earlier message step.
    It,
    Any,
    Campaign {
        name: Name,
        step: Option<Name>,
    },
    /// A step of the campaign that this stands in.
    Step(Name),
    Template(Name),
}

/// A `where` test of one event.
pub type Test = At<TestKind>;

/// What a test of `where` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestKind {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Comparison(Comparison),
}

//! Trees without their places: two texts say the same if these are equal.

use chrono::{NaiveDate, NaiveTime, Weekday};
use rust_decimal::Decimal;

use crate::diagnostic::Span;
use crate::model::rule::Via;

use super::*;

/// A tree, or a part of one.
pub trait WithoutSpans {
    /// The same with every place set to the beginning of no file.
    #[must_use]
    fn without_spans(self) -> Self;
}

/// What holds no places.
macro_rules! placeless {
    ($($kind:ty),* $(,)?) => {
        $(impl WithoutSpans for $kind {
            fn without_spans(self) -> Self {
                self
            }
        })*
    };
}

placeless!(
    bool,
    u32,
    String,
    Decimal,
    NaiveDate,
    NaiveTime,
    Weekday,
    Via,
    Lead,
    How,
    CalendarUnit,
    Unit,
    Root,
    IfMissing,
    MomentKind,
    LiteralKind,
    Went,
);

/// Structs, by their fields: one that is new does not compile until it stands here.
macro_rules! fields {
    ($($kind:ident { $($field:ident),* })*) => {
        $(impl WithoutSpans for $kind {
            fn without_spans(self) -> Self {
                let Self { $($field),* } = self;
                Self { $($field: $field.without_spans()),* }
            }
        })*
    };
}

fields! {
    History { span, lead, chain, times, distinct, window }
    Chain { span, first, within_of, steps }
    WithinOf { span, length, of }
    Step { span, not, event, same, within }
    Bound { how, count }
    Distinct { bound, path }
    Reply { text, target, via, filter }
    Target { span, directly, message }
    Comparison { span, path, operator, missing }
    Text { span, text, bare }
    Path { span, root, name }
    Length { span, amount, unit }
    Offset { back, length }
    Limit { messages, length }
}

impl WithoutSpans for Span {
    fn without_spans(self) -> Self {
        Self::default()
    }
}

impl<T: WithoutSpans> WithoutSpans for At<T> {
    fn without_spans(self) -> Self {
        At { span: Span::default(), node: self.node.without_spans() }
    }
}

impl<T: WithoutSpans> WithoutSpans for Option<T> {
    fn without_spans(self) -> Self {
        self.map(T::without_spans)
    }
}

impl<T: WithoutSpans> WithoutSpans for Box<T> {
    fn without_spans(self) -> Self {
        Box::new((*self).without_spans())
    }
}

impl<T: WithoutSpans> WithoutSpans for Vec<T> {
    fn without_spans(self) -> Self {
        self.into_iter().map(T::without_spans).collect()
    }
}

impl WithoutSpans for ConditionKind {
    fn without_spans(self) -> Self {
        match self {
            Self::All(parts) => Self::All(parts.without_spans()),
            Self::Any(parts) => Self::Any(parts.without_spans()),
            Self::Not(inner) => Self::Not(inner.without_spans()),
            Self::ForAtLeast(inner, length) => Self::ForAtLeast(inner.without_spans(), length.without_spans()),
            Self::KnownFor(length) => Self::KnownFor(length.without_spans()),
            Self::InSample { name, share } => {
                Self::InSample { name: name.without_spans(), share: share.without_spans() }
            }
            Self::InSegment(name) => Self::InSegment(name.without_spans()),
            Self::InCampaign(name) => Self::InCampaign(name.without_spans()),
            Self::LocalTime { from, to } => Self::LocalTime { from: from.without_spans(), to: to.without_spans() },
            Self::LocalDay(days) => Self::LocalDay(days.without_spans()),
            Self::History(history) => Self::History(history.without_spans()),
            Self::Comparison(comparison) => Self::Comparison(comparison.without_spans()),
            Self::Everyone | Self::ServiceWindow { .. } => self,
        }
    }
}

impl WithoutSpans for Of {
    fn without_spans(self) -> Self {
        match self {
            Self::Answered => Self::Answered,
            Self::Message(message) => Self::Message(message.without_spans()),
        }
    }
}

impl WithoutSpans for WindowKind {
    fn without_spans(self) -> Self {
        match self {
            Self::InTheLast(length) => Self::InTheLast(length.without_spans()),
            Self::Within(length) => Self::Within(length.without_spans()),
            Self::Since(moment) => Self::Since(moment.without_spans()),
            Self::Before(moment) => Self::Before(moment.without_spans()),
            Self::On(date) => Self::On(date.without_spans()),
            Self::FromTo(from, to) => Self::FromTo(from.without_spans(), to.without_spans()),
            Self::Ever | Self::This(_) | Self::Today | Self::Yesterday | Self::SinceEntry => self,
        }
    }
}

impl WithoutSpans for EventKind {
    fn without_spans(self) -> Self {
        match self {
            Self::Replied(reply) => Self::Replied(reply.without_spans()),
            Self::Reacted { emoji, target } => {
                Self::Reacted { emoji: emoji.without_spans(), target: target.without_spans() }
            }
            Self::RemovedReaction { target } => Self::RemovedReaction { target: target.without_spans() },
            Self::Tapped { what, target } => {
                Self::Tapped { what: what.without_spans(), target: target.without_spans() }
            }
            Self::WasSent { not, message } => {
                Self::WasSent { not: not.without_spans(), message: message.without_spans() }
            }
            Self::Received(message) => Self::Received(message.without_spans()),
            Self::Read(message) => Self::Read(message.without_spans()),
            Self::FailedToReceive(message) => Self::FailedToReceive(message.without_spans()),
            Self::Performed { name, filter } => {
                Self::Performed { name: name.without_spans(), filter: filter.without_spans() }
            }
            Self::Segment { went, name } => Self::Segment { went, name: name.without_spans() },
            Self::Campaign { went, name } => Self::Campaign { went, name: name.without_spans() },
            Self::Changed { path, from, to } => {
                Self::Changed { path: path.without_spans(), from: from.without_spans(), to: to.without_spans() }
            }
        }
    }
}

impl WithoutSpans for TextTestKind {
    fn without_spans(self) -> Self {
        match self {
            Self::Whole(words) => Self::Whole(words.without_spans()),
            Self::Containing(words) => Self::Containing(words.without_spans()),
            Self::StartingWith(words) => Self::StartingWith(words.without_spans()),
            Self::Exactly(text) => Self::Exactly(text.without_spans()),
            Self::Matching(pattern) => Self::Matching(pattern.without_spans()),
        }
    }
}

impl WithoutSpans for Words {
    fn without_spans(self) -> Self {
        match self {
            Self::One(text) => Self::One(text.without_spans()),
            Self::AnyOf(list) => Self::AnyOf(list.without_spans()),
        }
    }
}

impl WithoutSpans for Tap {
    fn without_spans(self) -> Self {
        match self {
            Self::Title(words) => Self::Title(words.without_spans()),
            Self::Id(text) => Self::Id(text.without_spans()),
        }
    }
}

impl WithoutSpans for MessageKind {
    fn without_spans(self) -> Self {
        match self {
            Self::Campaign { name, step } => Self::Campaign { name: name.without_spans(), step: step.without_spans() },
            Self::Step(name) => Self::Step(name.without_spans()),
            Self::Template(name) => Self::Template(name.without_spans()),
            Self::It | Self::Any => self,
        }
    }
}

impl WithoutSpans for TestKind {
    fn without_spans(self) -> Self {
        match self {
            Self::All(parts) => Self::All(parts.without_spans()),
            Self::Any(parts) => Self::Any(parts.without_spans()),
            Self::Not(inner) => Self::Not(inner.without_spans()),
            Self::Comparison(comparison) => Self::Comparison(comparison.without_spans()),
        }
    }
}

impl WithoutSpans for OperatorKind {
    fn without_spans(self) -> Self {
        match self {
            Self::Is(literal) => Self::Is(literal.without_spans()),
            Self::IsNot(literal) => Self::IsNot(literal.without_spans()),
            Self::OneOf(list) => Self::OneOf(list.without_spans()),
            Self::NotOneOf(list) => Self::NotOneOf(list.without_spans()),
            Self::More(literal) => Self::More(literal.without_spans()),
            Self::AtLeast(literal) => Self::AtLeast(literal.without_spans()),
            Self::Less(literal) => Self::Less(literal.without_spans()),
            Self::AtMost(literal) => Self::AtMost(literal.without_spans()),
            Self::Contains(literal) => Self::Contains(literal.without_spans()),
            Self::DoesNotContain(literal) => Self::DoesNotContain(literal.without_spans()),
            Self::StartsWith(text) => Self::StartsWith(text.without_spans()),
            Self::EndsWith(text) => Self::EndsWith(text.without_spans()),
            Self::Matches(pattern) => Self::Matches(pattern.without_spans()),
            Self::Time(test) => Self::Time(test.without_spans()),
            Self::Missing | Self::Present => self,
        }
    }
}

impl WithoutSpans for TimeTest {
    fn without_spans(self) -> Self {
        match self {
            Self::InTheNext(length) => Self::InTheNext(length.without_spans()),
            Self::InTheLast(length) => Self::InTheLast(length.without_spans()),
            Self::MoreThanAgo(length) => Self::MoreThanAgo(length.without_spans()),
            Self::LessThanAgo(length) => Self::LessThanAgo(length.without_spans()),
            Self::MoreThanAway(length) => Self::MoreThanAway(length.without_spans()),
            Self::LessThanAway(length) => Self::LessThanAway(length.without_spans()),
            Self::Before(moment) => Self::Before(moment.without_spans()),
            Self::After(moment) => Self::After(moment.without_spans()),
            Self::On(moment) => Self::On(moment.without_spans()),
            Self::InThePast | Self::InTheFuture | Self::Today | Self::Yesterday | Self::Tomorrow => self,
        }
    }
}

impl WithoutSpans for ListKind {
    fn without_spans(self) -> Self {
        match self {
            Self::Literals(literals) => Self::Literals(literals.without_spans()),
            Self::Named(name) => Self::Named(name),
        }
    }
}

impl WithoutSpans for Wait {
    fn without_spans(self) -> Self {
        match self {
            Self::For(length) => Self::For(length.without_spans()),
            Self::UntilTime(time) => Self::UntilTime(time.without_spans()),
            Self::Until { path, offset } => Self::Until { path: path.without_spans(), offset: offset.without_spans() },
        }
    }
}

impl WithoutSpans for Frequency {
    fn without_spans(self) -> Self {
        match self {
            Self::OncePer(length) => Self::OncePer(length.without_spans()),
            Self::EveryTime | Self::Once => self,
        }
    }
}

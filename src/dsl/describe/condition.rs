//! Conditions in words, `not` worked in as far as it goes.

use super::Describer;
use super::compare::comparison;
use super::outline::Outline;
use crate::dsl::check::names::message_property;
use crate::dsl::envelope::schema::built_in;
use crate::dsl::words::{and, clock, exact, quoted, share, weekday};
use crate::model::compare::{Comparison, Op};
use crate::model::rule::{Condition, Property, SegmentKind, Verb};

impl Describer<'_> {
    /// What is true where `condition` is; or where it is not.
    #[must_use]
    pub fn condition(&self, condition: &Condition, negated: bool) -> Outline {
        let leaf = |yes: String, no: String| Outline::leaf(if negated { no } else { yes });
        match condition {
            Condition::Everyone => leaf("they are anybody at all".to_owned(), "they are nobody at all".to_owned()),
            Condition::Not(part) => self.condition(part, !negated),
            Condition::All(parts) => {
                let head = if negated { "at least one of these fails:" } else { "all of these hold:" };
                self.parts(head, parts)
            }
            Condition::Any(parts) => {
                // None of them: each is said as it fails.
                if negated {
                    return Outline::dotted("all of these hold:", parts.iter().map(|part| self.condition(part, true)));
                }
                self.parts("at least one of these holds:", parts)
            }
            Condition::Attribute(test) => Outline::leaf(self.attribute_test(test, negated)),
            Condition::InSegment(name) => {
                let by_hand = match self.segment(name).map(|segment| &segment.kind) {
                    Some(SegmentKind::Manual) => " (chosen by hand)",
                    Some(SegmentKind::Data(_)) | None => "",
                };
                let name = quoted(name);
                leaf(format!("they are in segment {name}{by_hand}"), format!("they are not in segment {name}{by_hand}"))
            }
            Condition::InCampaign(name) => {
                let rest = format!("of theirs is running in campaign {}", quoted(name));
                leaf(format!("a journey {rest}"), format!("no journey {rest}"))
            }
            Condition::InSample { name, share: part } => {
                let rest = format!(
                    "the {} of all people that sample {} picks, always the same ones",
                    share(*part),
                    quoted(name)
                );
                leaf(format!("they are among {rest}"), format!("they are not among {rest}"))
            }
            Condition::ServiceWindow => {
                let rest = "of theirs (a reaction is none) came in the last 24 hours (86,400 s)";
                leaf(
                    format!("the service window is open: a message {rest}"),
                    format!("the service window is closed: no message {rest}"),
                )
            }
            Condition::LocalTime { from, to } => {
                let night = if to < from { " over midnight" } else { "" };
                let range = format!("from {}{night} to {1} ({1} not included)", clock(*from), clock(*to));
                leaf(format!("their clocks show a time {range}"), format!("their clocks show no time {range}"))
            }
            Condition::LocalDay(days) => {
                let days: Vec<String> = days.iter().map(|day| weekday(*day).to_owned()).collect();
                let days = and(&days).replace(" and ", " or ");
                leaf(format!("it is {days} where they are"), format!("it is not {days} where they are"))
            }
            Condition::KnownFor(span) => {
                let span = exact(*span);
                leaf(
                    format!("we have known them for at least {span}"),
                    format!("we have known them for less than {span}"),
                )
            }
            Condition::HeldFor { condition, span } => {
                let has = if negated { "this has not held" } else { "this has held" };
                let whole = self.condition(condition, false);
                whole.behind(&format!("{has} at every second of the last {}:", exact(*span)))
            }
            Condition::Happened(happened) => self.happened(happened, negated),
        }
    }

    fn parts(&self, head: &str, parts: &[Condition]) -> Outline {
        Outline::dotted(head, parts.iter().map(|part| self.condition(part, false)))
    }

    /// A test on an attribute of the person.
    #[must_use]
    pub fn attribute_test(&self, test: &Comparison, negated: bool) -> String {
        let built_in = built_in(&test.name);
        comparison(test, built_in.as_ref().or_else(|| self.rules.schema.person.get(&test.name)), negated)
    }

    /// A test on a property of an event.
    #[must_use]
    pub fn property_test(&self, test: &Comparison, verb: &Verb, negated: bool) -> String {
        if test.name == "answers" && *verb == Verb::Replied {
            match (&test.op, negated) {
                (Op::Missing, false) | (Op::Present, true) => return "it answers none of our messages".to_owned(),
                (Op::Missing, true) | (Op::Present, false) => return "it answers one of our messages".to_owned(),
                _ => {}
            }
        }
        comparison(test, self.property(verb, &test.name).as_ref(), negated)
    }

    fn property(&self, verb: &Verb, name: &str) -> Option<Property> {
        match verb {
            Verb::Performed(event) => self.rules.schema.events.get(event)?.get(name).cloned(),
            Verb::Replied | Verb::Tapped | Verb::Reacted | Verb::RemovedReaction => message_property(name),
            Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive | Verb::Moved(_) | Verb::Changed(_) => {
                None
            }
        }
    }
}

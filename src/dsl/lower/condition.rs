//! Conditions: their parts, counts and windows.

use super::scope::{Place, Scope};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{self, Known, Owner};
use crate::dsl::syntax::{self, Bound, ConditionKind, EventKind, History, How, Lead, Of, OperatorKind, WindowKind};
use crate::model::rule::{Condition, Counted, Happened, Match, Phrase, Times, Verb, Window};
use crate::model::time;

/// How long a message of theirs lets us write freely.
pub(super) const SERVICE_WINDOW: time::Span = time::Span::hours(24);

impl Scope<'_> {
    /// What a whole condition means.
    pub fn condition(&mut self, written: &syntax::Condition) -> Option<Condition> {
        self.warn_of_people_just_met(written);
        self.part(written)
    }

    fn part(&mut self, written: &syntax::Condition) -> Option<Condition> {
        let span = written.span;
        match &written.node {
            ConditionKind::All(parts) => self.parts(parts).map(Condition::All),
            ConditionKind::Any(parts) => self.parts(parts).map(Condition::Any),
            ConditionKind::Not(inner) => {
                self.warn_of_missing(inner);
                Some(Condition::Not(Box::new(self.part(inner)?)))
            }
            ConditionKind::Everyone => Some(Condition::Everyone),
            ConditionKind::KnownFor(length) => self.elapsed(length).map(Condition::KnownFor),
            ConditionKind::InSegment(name) => self.in_segment(name),
            ConditionKind::ServiceWindow { open: true } => Some(service_window()),
            ConditionKind::ServiceWindow { open: false } => Some(Condition::Not(Box::new(service_window()))),
            ConditionKind::History(history) => self.history(history),
            ConditionKind::Comparison(comparison) => {
                self.comparison(comparison, Owner::Person).map(Condition::Attribute)
            }
            ConditionKind::ForAtLeast(inner, length) => {
                self.part(inner);
                self.unsupported(length.span, "`for at least`")
            }
            ConditionKind::InSample { .. } => self.unsupported(span, "`in sample`"),
            ConditionKind::InCampaign(_) => self.unsupported(span, "`in campaign`"),
            ConditionKind::LocalTime { .. } | ConditionKind::LocalDay(_) => {
                self.unsupported(span, "`local time` and `local day`")
            }
        }
    }

    /// All parts are looked at, also behind one that has no meaning.
    fn parts(&mut self, parts: &[syntax::Condition]) -> Option<Vec<Condition>> {
        let parts: Vec<Option<Condition>> = parts.iter().map(|part| self.part(part)).collect();
        parts.into_iter().collect()
    }

    fn in_segment(&mut self, name: &syntax::Name) -> Option<Condition> {
        if !self.names.segments.contains_key(&name.node) {
            let known = self.names.segments.keys().map(String::as_str);
            return self.refuse(names::unknown(Code::E0301, name.span, "segment", &name.node, known, true));
        }
        self.segments.insert(name.node.clone());
        Some(Condition::InSegment(name.node.clone()))
    }

    fn history(&mut self, history: &History) -> Option<Condition> {
        let what = self.phrase(&history.chain);
        let times = history.times.as_ref().map_or(Some(Times::AtLeast(1)), |bound| self.times(bound.node, bound.span));
        let window = self.window(history);
        if let Some(distinct) = &history.distinct {
            return self.unsupported(distinct.span, "`distinct`");
        }
        let negative = match history.lead.map(|lead| (lead.node, lead.span)) {
            Some((Lead::MostRecently, span)) => return self.unsupported(span, "`most recently`"),
            Some((Lead::HasNot | Lead::Never, _)) => true,
            Some((Lead::Has, _)) | None => was_not_sent(history),
        };
        let happened = Happened { what: what?, counted: Counted::Times(times?), window: window? };
        let happened = Condition::Happened(Box::new(happened));
        Some(if negative { Condition::Not(Box::new(happened)) } else { happened })
    }

    fn times(&mut self, bound: Bound, span: Span) -> Option<Times> {
        let count = bound.count.node;
        match bound.how {
            How::AtLeast => Some(Times::AtLeast(count)),
            How::AtMost => Some(Times::AtMost(count)),
            How::Exactly => Some(Times::Exactly(count)),
            How::MoreThan => Some(Times::AtLeast(count.saturating_add(1))),
            How::FewerThan => match count.checked_sub(1) {
                Some(most) => Some(Times::AtMost(most)),
                None => self.refuse(Diagnostic::new(Code::E0206, span, "nothing happens fewer than 0 times")),
            },
        }
    }

    fn window(&mut self, history: &History) -> Option<Window> {
        let Some(window) = &history.window else { return self.no_window(history) };
        match &window.node {
            WindowKind::Ever => Some(Window::Ever),
            WindowKind::InTheLast(length) => self.last(length),
            WindowKind::Within(length) => {
                if history.chain.within_of.is_none() && is_deed(&history.chain.first.node) {
                    self.bare_within.push(window.span);
                }
                self.last(length)
            }
            WindowKind::SinceEntry if self.place != Place::Journey => {
                self.refuse(Diagnostic::new(Code::E0216, window.span, "`since entry` stands outside of a journey"))
            }
            _ => self.unsupported(window.span, "windows of calendar days, and with fixed ends"),
        }
    }

    /// Left out, it is for ever: the form of the phrase was looked at while it was read.
    fn no_window(&mut self, history: &History) -> Option<Window> {
        let never = history.lead.is_some_and(|lead| lead.node == Lead::Never);
        let sequence = history.chain.within_of.is_some() || !history.chain.steps.is_empty();
        if never || sequence {
            return Some(Window::Ever);
        }
        // E0203 says so already where this was read.
        None
    }

    fn last(&mut self, length: &syntax::Length) -> Option<Window> {
        let span = self.elapsed(length)?;
        if span > self.retention {
            let days = self.retention.0 / time::Span::DAY.0;
            let message = format!("this window is longer than events are kept, which is {days} days");
            return self.refuse(Diagnostic::new(Code::E0220, length.span, message));
        }
        Some(Window::Last(time::Length::Elapsed(span)))
    }

    /// `not (x is "…")` takes in those without an x, which is easily overlooked.
    fn warn_of_missing(&mut self, inner: &syntax::Condition) {
        let ConditionKind::Comparison(comparison) = &inner.node else { return };
        let positive = !matches!(
            comparison.operator.node,
            OperatorKind::Missing
                | OperatorKind::Present
                | OperatorKind::IsNot(_)
                | OperatorKind::NotOneOf(_)
                | OperatorKind::DoesNotContain(_)
        );
        if !positive || comparison.missing.is_some() {
            return;
        }
        let always = match self.names.value(Owner::Person, &comparison.path.name) {
            Known::Yes(property, _) => property.always_set,
            Known::Unchecked | Known::No => false,
        };
        if !always {
            let name = &comparison.path.name;
            self.complaints.push(
                Diagnostic::new(Code::W0702, inner.span, format!("this is also true of people without `{name}`"))
                    .note("if that is meant, say `… (or missing)`; if not, `… (and present)`"),
            );
        }
    }

    /// `has not replied within 7 days` holds of somebody who is known since yesterday.
    fn warn_of_people_just_met(&mut self, written: &syntax::Condition) {
        if self.place == Place::Journey {
            return;
        }
        let conjuncts = match &written.node {
            ConditionKind::All(parts) => parts.as_slice(),
            _ => std::slice::from_ref(written),
        };
        if conjuncts.iter().any(|part| matches!(part.node, ConditionKind::KnownFor(_))) {
            return;
        }
        for part in conjuncts {
            let ConditionKind::History(history) = &part.node else { continue };
            let absent = history.lead.is_some_and(|lead| lead.node == Lead::HasNot);
            let length = match history.window.as_ref().map(|window| &window.node) {
                Some(WindowKind::InTheLast(length) | WindowKind::Within(length)) => length,
                _ => continue,
            };
            if absent && is_deed(&history.chain.first.node) {
                let length = format!("{} {}", length.amount, unit_word(length));
                self.complaints.push(
                    Diagnostic::new(Code::W0705, part.span, "this is also true of people whom we know since yesterday")
                        .fix("leave them out", part.span.before(), format!("known for at least {length} and ")),
                );
            }
        }
    }
}

/// A message of theirs in the last 24 hours: then we may write freely.
pub(super) fn service_window() -> Condition {
    Condition::Happened(Box::new(Happened {
        what: Phrase::One(Box::new(Match::any(Verb::Replied))),
        counted: Counted::ONCE,
        window: Window::Last(time::Length::Elapsed(SERVICE_WINDOW)),
    }))
}

fn was_not_sent(history: &History) -> bool {
    matches!(history.chain.first.node, EventKind::WasSent { not: Some(_), .. })
}

/// Whether the event is something that people do.
fn is_deed(event: &EventKind) -> bool {
    matches!(event, EventKind::Replied(_) | EventKind::Tapped { .. } | EventKind::Reacted { .. })
}

/// The unit of a length, agreeing with its number.
fn unit_word(length: &syntax::Length) -> String {
    let unit = match length.unit {
        syntax::Unit::Second => "second",
        syntax::Unit::Minute => "minute",
        syntax::Unit::Hour => "hour",
        syntax::Unit::Day | syntax::Unit::Calendar(_) => "day",
        syntax::Unit::Week => "week",
    };
    if length.amount == 1 { unit.to_owned() } else { format!("{unit}s") }
}

/// `within D of …`, where it is the message that the event itself answers.
pub(super) fn answered(chain: &syntax::Chain) -> Option<&syntax::Length> {
    chain.within_of.as_ref().filter(|within| matches!(within.of.node, Of::Answered)).map(|within| &within.length)
}

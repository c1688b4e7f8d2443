//! Histories: how often something happened, and when.

use super::scope::{GONE, Place, Scope, in_words};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::redundant::decided;
use crate::dsl::syntax::{
    At, Bound, Distinct, Event, EventKind, History, How, Lead, Length, MomentKind, Unit, WindowKind,
};
use crate::model::rule::{Condition, Counted, Happened, Point, Times, Window};
use crate::model::time::CalendarUnit;

impl Scope<'_> {
    /// What a history means.
    pub(super) fn history(&mut self, history: &History) -> Option<Condition> {
        let what = self.phrase(&history.chain);
        let counted = self.counted(history);
        let window = self.window(history);
        let happened = Happened { what: what?, counted: counted?, window: window? };
        let happened = Condition::Happened(Box::new(happened));
        let negative = match history.lead.map(|lead| lead.node) {
            Some(Lead::HasNot | Lead::Never) => true,
            Some(Lead::Has | Lead::MostRecently) | None => {
                matches!(history.chain.first.node, EventKind::WasSent { not: Some(_), .. })
            }
        };
        Some(if negative { Condition::Not(Box::new(happened)) } else { happened })
    }

    fn counted(&mut self, history: &History) -> Option<Counted> {
        if let Some(distinct) = &history.distinct {
            return self.distinct(distinct, &history.chain.first);
        }
        if let Some(times) = &history.times {
            return self.times(times.node, times.span).map(Counted::Times);
        }
        Some(match history.lead.map(|lead| lead.node) {
            Some(Lead::MostRecently) => Counted::Newest,
            _ => Counted::ONCE,
        })
    }

    fn distinct(&mut self, distinct: &At<Distinct>, event: &Event) -> Option<Counted> {
        let times = self.times(distinct.node.bound, distinct.span);
        let property = self.property(&distinct.node.path, event, "`distinct`")?;
        Some(Counted::Distinct { times: times?, property })
    }

    fn times(&mut self, bound: Bound, span: Span) -> Option<Times> {
        let count = bound.count.node;
        match bound.how {
            How::AtLeast => {
                if count == 0 {
                    self.complaints.push(decided(span, true).label("also where nothing happens"));
                }
                Some(Times::AtLeast(count))
            }
            How::AtMost => Some(Times::AtMost(count)),
            How::Exactly => Some(Times::Exactly(count)),
            How::MoreThan => Some(Times::AtLeast(count.saturating_add(1))),
            How::FewerThan => match count.checked_sub(1) {
                Some(most) => Some(Times::AtMost(most)),
                None => self.refuse(
                    Diagnostic::new(Code::E0206, span, "nothing happens fewer than 0 times")
                        .label("this can never be true"),
                ),
            },
        }
    }

    fn window(&mut self, history: &History) -> Option<Window> {
        let Some(window) = &history.window else { return no_window(history) };
        Some(match &window.node {
            WindowKind::Ever => Window::Ever,
            WindowKind::InTheLast(length) => self.last(length)?,
            WindowKind::Within(length) => {
                if history.chain.within_of.is_none() && is_deed(&history.chain.first.node) {
                    self.bare_within.push(window.span);
                }
                self.last(length)?
            }
            WindowKind::This(unit) => self.this(*unit, window.span)?,
            WindowKind::Today => Window::This(CalendarUnit::Day),
            WindowKind::Yesterday => Window::Yesterday,
            WindowKind::Since(moment) => Window::Since(point(moment.node)),
            WindowKind::Before(moment) => Window::Before(point(moment.node)),
            WindowKind::On(day) => Window::Days(day.node, day.node),
            WindowKind::FromTo(from, to) if to.node < from.node => {
                return self.refuse(backwards(window.span, from, to));
            }
            WindowKind::FromTo(from, to) => Window::Days(from.node, to.node),
            WindowKind::SinceEntry if self.place == Place::Journey => Window::SinceEntry,
            WindowKind::SinceEntry => {
                return self.refuse(
                    Diagnostic::new(Code::E0216, window.span, "`since entry` stands where a journey runs")
                        .label("who has entered what?")
                        .note(
                            "it is for the steps, the exit and the goal of a campaign; elsewhere write `in the last …`",
                        ),
                );
            }
        })
    }

    fn last(&mut self, length: &Length) -> Option<Window> {
        self.keep(length, length.longest())?;
        Some(Window::Last(length.meant()))
    }

    /// On its last day the whole of it is needed.
    fn this(&mut self, unit: CalendarUnit, span: Span) -> Option<Window> {
        let whole = Length { span, amount: 1, unit: Unit::Calendar(unit) };
        if whole.longest() > self.retention {
            let kept = in_words(self.retention);
            let message = format!("events are kept for {kept}, and this can be longer");
            return self.refuse(Diagnostic::new(Code::E0220, span, message).note(GONE));
        }
        Some(Window::This(unit))
    }
}

/// Left out, it is for ever: the form of the phrase was looked at while it was read.
fn no_window(history: &History) -> Option<Window> {
    let never = history.lead.is_some_and(|lead| lead.node == Lead::Never);
    let sequence = history.chain.within_of.is_some() || !history.chain.steps.is_empty();
    // Else E0203 says so already where this was read.
    (never || sequence).then_some(Window::Ever)
}

fn point(moment: MomentKind) -> Point {
    match moment {
        MomentKind::Date(day) => Point::Day(day),
        MomentKind::Time(second) => Point::Instant(second),
    }
}

fn backwards(span: Span, from: &At<chrono::NaiveDate>, to: &At<chrono::NaiveDate>) -> Diagnostic {
    let edits = [(from.span, to.node), (to.span, from.node)]
        .map(|(span, day)| crate::diagnostic::diagnostic::Edit { span, replacement: day.to_string() });
    Diagnostic::new(Code::E0221, span, "this window ends before it begins")
        .label("no day lies in it")
        .fix_all("the other way round", edits.into())
}

/// Whether the event is something that people do.
pub(super) fn is_deed(event: &EventKind) -> bool {
    matches!(event, EventKind::Replied(_) | EventKind::Tapped { .. } | EventKind::Reacted { .. })
}

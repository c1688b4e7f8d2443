//! Tests of times and days: against now, and against fixed ones.

use super::comparison::Subject;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::values::with_article;
use crate::dsl::parse;
use crate::dsl::syntax::{self, CalendarUnit, Literal, LiteralKind, Moment, MomentKind, TimeTest as Written, Unit};
use crate::model::compare::{Op, TimeTest};
use crate::model::rule::Point;
use crate::model::time::Length;
use crate::model::value::Type;

impl Scope<'_> {
    /// `is in the next D` and its like.
    pub(super) fn time_test(&mut self, test: &Written, span: Span, subject: &Subject) -> Option<Op> {
        Some(Op::Time(match test {
            Written::InTheNext(d) | Written::LessThanAway(d) => TimeTest::InTheNext(self.away(d, subject)?),
            Written::InTheLast(d) | Written::LessThanAgo(d) => TimeTest::InTheLast(self.away(d, subject)?),
            Written::MoreThanAgo(d) => TimeTest::MoreThanAgo(self.away(d, subject)?),
            Written::MoreThanAway(d) => TimeTest::MoreThanAway(self.away(d, subject)?),
            Written::InThePast => self.of_times(TimeTest::InThePast, span, subject)?,
            Written::InTheFuture => self.of_times(TimeTest::InTheFuture, span, subject)?,
            Written::Today => self.of_times(TimeTest::DaysAway(0), span, subject)?,
            Written::Yesterday => self.of_times(TimeTest::DaysAway(-1), span, subject)?,
            Written::Tomorrow => self.of_times(TimeTest::DaysAway(1), span, subject)?,
            Written::Before(moment) => TimeTest::Before(self.against(moment, subject)?),
            Written::After(moment) => TimeTest::After(self.against(moment, subject)?),
            Written::On(moment) => match self.against(moment, subject)? {
                Point::Day(day) => TimeTest::On(day),
                Point::Instant(_) => {
                    let literal = Literal { span: moment.span, node: LiteralKind::Moment(moment.node) };
                    return self.literal(&literal, subject).map(Op::Is);
                }
            },
        }))
    }

    /// A span from now. A date is a whole local day, so that seconds from it mean nothing.
    fn away(&mut self, length: &syntax::Length, subject: &Subject) -> Option<Length> {
        self.of_times((), length.span, subject)?;
        if subject.ty() == Some(Type::Date) && length.elapsed().is_some() {
            return self.refuse(counted_in_seconds(length, subject));
        }
        Some(length.meant())
    }

    fn of_times<T>(&mut self, test: T, span: Span, subject: &Subject) -> Option<T> {
        match subject.ty() {
            None | Some(Type::Time | Type::Date) => Some(test),
            Some(ty) => {
                let message = format!("`{}` is {}, and this asks for a time", subject.name, with_article(ty));
                let complaint = Diagnostic::new(Code::E0320, span, message);
                self.refuse(subject.declared(complaint))
            }
        }
    }

    /// A fixed day or instant. A day and an instant are not compared, but times have a day.
    fn against(&mut self, moment: &Moment, subject: &Subject) -> Option<Point> {
        self.of_times((), moment.span, subject)?;
        match moment.node {
            MomentKind::Date(day) => Some(Point::Day(day)),
            MomentKind::Time(second) if subject.ty() != Some(Type::Date) => Some(Point::Instant(second)),
            MomentKind::Time(_) => {
                let message = format!("`{}` is a date, and this is a time", subject.name);
                let day = Span::new(moment.span.file, moment.span.start + "2026-01-01".len(), moment.span.end);
                let complaint = Diagnostic::new(Code::E0320, moment.span, message).fix("write the day alone", day, "");
                self.refuse(subject.declared(complaint))
            }
        }
    }
}

fn counted_in_seconds(length: &syntax::Length, subject: &Subject) -> Diagnostic {
    let message = format!("`{}` is a date, which is a whole day, and this counts seconds", subject.name);
    let complaint = subject.declared(Diagnostic::new(Code::E0323, length.span, message));
    let unit = match length.unit {
        Unit::Day => CalendarUnit::Day,
        Unit::Week => CalendarUnit::Week,
        _ => return complaint.note("dates take units of the calendar, such as `3 calendar days`"),
    };
    let days = format!("{} {}", length.amount, parse::unit_word(length.amount, Unit::Calendar(unit)));
    complaint.fix("count whole days", length.span, days)
}

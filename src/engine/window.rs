//! Windows: which seconds lie in one now, and when a second leaves one.

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::calendar::{Calendar, Now};
use crate::model::rule::{Point, Window};
use crate::model::time::{CalendarUnit, Length, Second, Span};

/// The part of time that a memory is about, as far as it depends on the window that it is read through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Part {
    All,
    Since(Point),
    Before(Point),
    Days(NaiveDate, NaiveDate),
}

impl Part {
    /// What is to be remembered for `window`.
    #[must_use]
    pub fn of(window: Window) -> Self {
        match window {
            Window::Since(point) => Self::Since(point),
            Window::Before(point) => Self::Before(point),
            Window::Days(first, last) => Self::Days(first, last),
            Window::Ever | Window::Last(_) | Window::This(_) | Window::Yesterday | Window::SinceEntry => Self::All,
        }
    }

    /// Whether `at` lies in it.
    #[must_use]
    pub fn contains(self, at: Second, calendar: Calendar) -> bool {
        match self {
            Self::All => true,
            Self::Since(point) => at >= calendar.point(point),
            Self::Before(point) => at < calendar.point(point),
            Self::Days(first, last) => calendar.start(first) <= at && at <= calendar.end(last),
        }
    }

    /// Whether that depends on how days lie.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self, Self::Days(..) | Self::Since(Point::Day(_)) | Self::Before(Point::Day(_)))
    }
}

/// Whether what lies in `window` depends on how days lie.
#[must_use]
pub fn is_local(window: Window) -> bool {
    match window {
        Window::Last(Length::Calendar { .. }) | Window::This(_) | Window::Yesterday => true,
        Window::Ever | Window::Last(Length::Elapsed(_)) | Window::SinceEntry => false,
        Window::Since(_) | Window::Before(_) | Window::Days(..) => Part::of(window).is_local(),
    }
}

/// Whether seconds leave `window` as time passes.
#[must_use]
pub fn is_sliding(window: Window) -> bool {
    matches!(window, Window::Last(_) | Window::This(_) | Window::Yesterday)
}

/// How far behind now lies what `window` can hold, at most: local days are a little longer than others at times.
/// None where that has no bound, or none that moves with now.
#[must_use]
pub fn back(window: Window) -> Option<Span> {
    /// Where a day begins depends on the zone, and a day can have an hour more.
    const SLACK: Span = Span::days(2);
    let calendar = |length: Length| Some(Span(length.longest().0.saturating_add(SLACK.0)));
    match window {
        Window::Last(Length::Elapsed(span)) => Some(span),
        Window::Last(length) => calendar(length),
        Window::This(unit) => calendar(Length::Calendar { amount: 1, unit }),
        Window::Yesterday => calendar(Length::Calendar { amount: 2, unit: CalendarUnit::Day }),
        Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) | Window::SinceEntry => None,
    }
}

/// A window as of one instant: from a second to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pane {
    from: Second,
    to: Second,
}

impl Pane {
    /// What lies in `window` now, of what has happened: a window that ends now is open in front, so that whoever
    /// asks about an instant before the newest event finds what they know.
    #[must_use]
    pub fn of(window: Window, now: Now) -> Self {
        let Now { at, calendar } = now;
        let (always, open) = (Second(i64::MIN), Second(i64::MAX));
        let (from, to) = match window {
            Window::Ever | Window::SinceEntry => (always, open),
            Window::Last(length) => (calendar.window_start(length, at), open),
            Window::This(unit) => (calendar.start_of(unit, at), open),
            Window::Yesterday => {
                let yesterday = calendar.day(at).pred_opt().unwrap_or(NaiveDate::MIN);
                (calendar.start(yesterday), calendar.end(yesterday))
            }
            Window::Since(point) => (calendar.point(point), open),
            Window::Before(point) => (always, calendar.point(point).minus(crate::model::time::Span(1))),
            Window::Days(first, last) => (calendar.start(first), calendar.end(last)),
        };
        Self { from, to }
    }

    #[must_use]
    pub fn contains(self, at: Second) -> bool {
        self.from <= at && at <= self.to
    }
}

/// The seconds at which time moves an event at `at` into or out of `window`. Only those ahead are of interest.
pub fn flips(window: Window, at: Second, calendar: Calendar, flips: &mut Vec<Second>) {
    match window {
        Window::Last(length) => flips.push(calendar.window_exit(at, length)),
        Window::This(unit) => flips.push(calendar.next_start_of(unit, at)),
        Window::Yesterday => {
            let over = calendar.end(calendar.day(at)).next();
            flips.extend([over, calendar.end(calendar.day(over)).next()]);
        }
        Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) | Window::SinceEntry => {}
    }
}

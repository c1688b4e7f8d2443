//! Where matches lie, and which values came with them: as much as conditions can ask for.

use serde::{Deserialize, Serialize};

use super::atom::Form;
use super::window::{self, Pane};
use crate::model::calendar::{Calendar, Now};
use crate::model::rule::Window;
use crate::model::time::Second;

/// A second in four bytes: they run until the year 2106. What lies outside stands at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp(u32);

impl From<Second> for Stamp {
    fn from(second: Second) -> Self {
        Self(u32::try_from(second.0.max(0)).unwrap_or(u32::MAX))
    }
}

impl From<Stamp> for Second {
    fn from(stamp: Stamp) -> Self {
        Self(i64::from(stamp.0))
    }
}

/// A local day, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(i32);

impl Day {
    fn of(at: Second, calendar: Calendar) -> Self {
        use chrono::Datelike as _;
        Self(calendar.day(at).num_days_from_ce())
    }

    fn yesterday(now: Now) -> Self {
        Self(Self::of(now.at, now.calendar).0.saturating_sub(1))
    }

    /// The midnights at which it becomes yesterday, and stops to be that.
    fn flips(self, calendar: Calendar) -> impl Iterator<Item = Second> {
        let midnight = move |ahead: i32| {
            let day = chrono::NaiveDate::from_num_days_from_ce_opt(self.0.saturating_add(ahead));
            day.map(|day| calendar.start(day))
        };
        [1, 2].into_iter().filter_map(midnight)
    }
}

/// The first 8 bytes of a SHA-256 hash of a value.
pub type Hash = [u8; 8];

/// How often, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tally {
    /// The newest seconds, newest first.
    Times(Vec<Stamp>),
    /// How many, up to where it stops to matter.
    Count(u32),
    /// The two newest local days that had any, newest first, each with how many up to where it stops to matter.
    Days(Vec<(Day, u32)>),
}

/// Which values, and when each came last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Values {
    /// The most recent ones, newest first.
    Newest(Vec<(Hash, Stamp)>),
    /// Those of the two newest local days that had any, newest first.
    Days(Vec<(Day, Vec<Hash>)>),
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn empty(form: Form) -> Self {
        match form {
            Form::Times => Self::Times(Vec::new()),
            Form::Count => Self::Count(0),
            Form::Days => Self::Days(Vec::new()),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Times(times) => times.is_empty(),
            Self::Count(count) => *count == 0,
            Self::Days(days) => days.is_empty(),
        }
    }

    /// Whether one that is kept lies at `at`.
    #[must_use]
    pub fn contains(&self, at: Second) -> bool {
        matches!(self, Self::Times(times) if times.contains(&Stamp::from(at)))
    }

    /// Takes in one more, in order or late: where it lies is its second alone.
    pub fn add(&mut self, at: Second, keep: u32, calendar: Calendar) {
        match self {
            Self::Times(times) => insert(times, Stamp::from(at), keep as usize),
            Self::Count(count) => *count = count.saturating_add(1).min(keep),
            Self::Days(days) => {
                if let Some(count) = on_day(days, Day::of(at, calendar)) {
                    *count = count.saturating_add(1).min(keep);
                }
            }
        }
    }

    /// Forgets what nobody asks for who keeps so many, and none that lies at `until` or before.
    pub fn forget_beyond(&mut self, keep: u32, until: Option<Second>) {
        match self {
            Self::Times(times) => {
                times.truncate(keep as usize);
                times.retain(|at| until.is_none_or(|until| Second::from(*at) > until));
            }
            Self::Count(count) => *count = (*count).min(keep),
            Self::Days(days) => days.iter_mut().for_each(|(_, count)| *count = (*count).min(keep)),
        }
    }

    /// How many lie in `window` now, up to where it stops to matter.
    #[must_use]
    pub fn count(&self, window: Window, now: Now) -> u32 {
        match self {
            Self::Times(times) => {
                let pane = Pane::of(window, now);
                number(times.iter().filter(|stamp| pane.contains(Second::from(**stamp))).count())
            }
            Self::Count(count) => *count,
            Self::Days(days) => {
                let yesterday = Day::yesterday(now);
                days.iter().find(|(day, _)| *day == yesterday).map_or(0, |(_, count)| *count)
            }
        }
    }

    /// The instants at which time can change the count.
    pub fn flips(&self, window: Window, calendar: Calendar, flips: &mut Vec<Second>) {
        match self {
            Self::Times(times) => {
                times.iter().for_each(|stamp| window::flips(window, Second::from(*stamp), calendar, flips));
            }
            Self::Count(_) => {}
            Self::Days(days) => flips.extend(days.iter().flat_map(|(day, _)| day.flips(calendar))),
        }
    }
}

impl Values {
    /// Nothing yet.
    #[must_use]
    pub fn empty(by_day: bool) -> Self {
        if by_day { Self::Days(Vec::new()) } else { Self::Newest(Vec::new()) }
    }

    /// Forgets what nobody asks for who keeps so many, and none that came last at `until` or before.
    pub fn forget_beyond(&mut self, keep: u32, until: Option<Second>) {
        match self {
            Self::Newest(values) => {
                values.truncate(keep as usize);
                values.retain(|(_, at)| until.is_none_or(|until| Second::from(*at) > until));
            }
            Self::Days(days) => days.iter_mut().for_each(|(_, values)| values.truncate(keep as usize)),
        }
    }

    /// Takes in one more, in order or late.
    pub fn add(&mut self, value: Hash, at: Second, keep: u32, calendar: Calendar) {
        let keep = keep as usize;
        match self {
            Self::Newest(values) => {
                let at = Stamp::from(at);
                if values.iter().any(|(known, last)| *known == value && *last >= at) {
                    return;
                }
                values.retain(|(known, _)| *known != value);
                let place = values.partition_point(|(_, last)| *last > at);
                if place < keep {
                    values.insert(place, (value, at));
                    values.truncate(keep);
                }
            }
            Self::Days(days) => {
                if let Some(values) = on_day(days, Day::of(at, calendar))
                    && values.len() < keep
                    && !values.contains(&value)
                {
                    values.push(value);
                }
            }
        }
    }

    /// How many different ones came in `window`, up to where it stops to matter.
    #[must_use]
    pub fn count(&self, window: Window, now: Now) -> u32 {
        match self {
            Self::Newest(values) => {
                // Where the window stands still, only what lies in it was kept.
                let pane = Pane::of(if window::is_sliding(window) { window } else { Window::Ever }, now);
                number(values.iter().filter(|(_, last)| pane.contains(Second::from(*last))).count())
            }
            Self::Days(days) => {
                let yesterday = Day::yesterday(now);
                days.iter().find(|(day, _)| *day == yesterday).map_or(0, |(_, values)| number(values.len()))
            }
        }
    }

    /// The instants at which time can change the count.
    pub fn flips(&self, window: Window, calendar: Calendar, flips: &mut Vec<Second>) {
        match self {
            Self::Newest(values) => {
                values.iter().for_each(|(_, last)| window::flips(window, Second::from(*last), calendar, flips));
            }
            Self::Days(days) => flips.extend(days.iter().flat_map(|(day, _)| day.flips(calendar))),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Keeps the `keep` newest, newest first. A second that comes twice counts twice.
fn insert(times: &mut Vec<Stamp>, at: Stamp, keep: usize) {
    let place = times.partition_point(|stamp| *stamp > at);
    if place < keep {
        times.insert(place, at);
        times.truncate(keep);
    }
}

/// What is kept of `day`, unless two newer days are known: they alone can be yesterday, now or later.
fn on_day<T: Default>(days: &mut Vec<(Day, T)>, day: Day) -> Option<&mut T> {
    let place = days.partition_point(|(known, _)| *known > day);
    if days.get(place).is_none_or(|(known, _)| *known != day) {
        days.insert(place, (day, T::default()));
        days.truncate(2);
    }
    days.get_mut(place).map(|(_, kept)| kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{Length, Span};

    fn utc(at: i64) -> Now {
        Now { at: Second(at), calendar: Calendar::default() }
    }

    fn tally(form: Form, keep: u32, times: &[i64]) -> Tally {
        let mut tally = Tally::empty(form);
        times.iter().for_each(|at| tally.add(Second(*at), keep, Calendar::default()));
        tally
    }

    #[test]
    fn the_newest_are_kept_whatever_the_order_of_arrival() {
        let newest = [9, 9, 5].map(|at| Stamp::from(Second(at))).to_vec();
        assert_eq!(tally(Form::Times, 3, &[5, 1, 9, 3, 9]), Tally::Times(newest));
    }

    #[test]
    fn a_window_is_open_behind_and_closed_in_front() {
        let last = Window::Last(Length::Elapsed(Span(10)));
        let tally = tally(Form::Times, 1, &[100]);
        assert_eq!([100, 109, 110].map(|at| tally.count(last, utc(at))), [1, 1, 0]);
    }

    #[test]
    fn a_count_stops_where_it_stops_to_matter() {
        assert_eq!(tally(Form::Count, 3, &[1, 1, 1, 1, 1]), Tally::Count(3));
    }

    #[test]
    fn two_days_are_enough_for_yesterday() {
        const DAY: i64 = 86_400;
        let tally = tally(Form::Days, 2, &[5 * DAY, 3 * DAY, 5 * DAY + 1, 4 * DAY, 5 * DAY + 2, DAY]);
        let counts = [4, 5, 6, 7].map(|day| tally.count(Window::Yesterday, utc(day * DAY)));
        assert_eq!(counts, [0, 1, 2, 0]);
    }

    #[test]
    fn the_most_recent_values_are_kept_each_once() {
        let mut values = Values::empty(false);
        for (value, at) in [(1, 10), (2, 20), (1, 5), (3, 15), (4, 1)] {
            values.add([value; 8], Second(at), 3, Calendar::default());
        }
        let last = Window::Last(Length::Elapsed(Span(10)));
        assert_eq!([20, 24, 25, 30].map(|at| values.count(last, utc(at))), [2, 2, 1, 0]);
    }
}

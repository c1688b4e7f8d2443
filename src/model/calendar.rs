//! Local days: where they begin, and what lengths of days, weeks, months and years come to.
//! The only place where zones become instants.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;

use super::person::Person;
use super::rule::{Point, Schema};
use super::time::{CalendarUnit, Length, Second, Span};

/// Clocks show nothing earlier.
const FIRST: Second = Second(-62_000_000_000);

/// How the days of one person lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub zone: Tz,
    /// The first day of a week.
    pub week_starts: Weekday,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: Tz::UTC, week_starts: Weekday::Mon }
    }
}

/// An instant as one person's clocks show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub at: Second,
    pub calendar: Calendar,
}

impl Calendar {
    /// The days of `person`: in their own zone, else in the schema's, else in UTC. An unknown zone name
    /// counts as missing.
    #[must_use]
    pub fn of(schema: &Schema, person: &Person) -> Self {
        let zone = Self::own_zone(schema, person).unwrap_or_else(|| Self::zone_otherwise(schema));
        Self { zone, week_starts: schema.week_starts }
    }

    /// The zone that `person` has themselves, if it is one.
    #[must_use]
    pub fn own_zone(schema: &Schema, person: &Person) -> Option<Tz> {
        let own = schema.person_time_zone.as_deref().and_then(|name| person.value(name))?;
        own.as_str()?.parse().ok()
    }

    /// The zone of people without one of their own.
    #[must_use]
    pub fn zone_otherwise(schema: &Schema) -> Tz {
        schema.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// What local clocks show at `at`. Before the year 5 and behind the year 9999 they stand still.
    #[must_use]
    pub fn local(self, at: Second) -> NaiveDateTime {
        let utc = DateTime::from_timestamp(at.clamp(FIRST, Second::LAST).0, 0).unwrap_or_default();
        self.zone.from_utc_datetime(&utc.naive_utc()).naive_local()
    }

    /// The local day of `at`: the newest that has begun. Where clocks go back over midnight, a day that has begun
    /// goes on, although they show the one before for a while: days follow one another and never return.
    #[must_use]
    pub fn day(self, at: Second) -> NaiveDate {
        let (at, mut day) = (at.min(Second::LAST), self.local(at).date());
        // Twice at most: a day that a zone left out begins together with the next.
        while let Some(next) = day.succ_opt().filter(|next| self.start(*next) <= at) {
            day = next;
        }
        day
    }

    /// The first instant at or behind the local time `local`: where clocks jump over it, the jump; where they
    /// show it twice, the first time.
    #[must_use]
    pub fn instant(self, local: NaiveDateTime) -> Second {
        let at = |seconds: i64| {
            let local = local.checked_add_signed(chrono::TimeDelta::seconds(seconds))?;
            self.zone.from_local_datetime(&local).earliest().map(|at| Second(at.timestamp()))
        };
        if let Some(at) = at(0) {
            return at;
        }
        // The longest jump is a whole day, where a zone moved over the date line.
        let (mut missing, mut shown) = (0_i64, 2 * Span::DAY.0);
        while missing.saturating_add(1) < shown {
            let middle = (missing + shown) / 2;
            if at(middle).is_some() { shown = middle } else { missing = middle }
        }
        at(shown).unwrap_or(Second::LAST)
    }

    /// The first second of the local day `day`.
    #[must_use]
    pub fn start(self, day: NaiveDate) -> Second {
        self.instant(day.and_time(NaiveTime::MIN))
    }

    /// The last second of the local day `day`.
    #[must_use]
    pub fn end(self, day: NaiveDate) -> Second {
        day.succ_opt().map_or(Second::LAST, |next| self.start(next).minus(Span(1)))
    }

    /// The next local midnight after `at`.
    #[must_use]
    pub fn next_midnight(self, at: Second) -> Second {
        // The day of `at` is the newest that has begun, so the next one has not.
        self.day(at).succ_opt().map_or(Second::LAST, |next| self.start(next))
    }

    /// The first second of the day, week, month or year that `at` lies in.
    #[must_use]
    pub fn start_of(self, unit: CalendarUnit, at: Second) -> Second {
        let today = self.day(at);
        let first = match unit {
            CalendarUnit::Day => Some(today),
            CalendarUnit::Week => {
                today.checked_sub_days(Days::new(u64::from(today.weekday().days_since(self.week_starts))))
            }
            CalendarUnit::Month => today.with_day(1),
            CalendarUnit::Year => NaiveDate::from_yo_opt(today.year(), 1),
        };
        self.start(first.unwrap_or(today))
    }

    /// The first second of the window of the last `length` up to `now`. Elapsed: the second after
    /// now − D. Calendar: the local midnight behind the day N units before today.
    #[must_use]
    pub fn window_start(self, length: Length, now: Second) -> Second {
        match length {
            Length::Elapsed(span) => now.minus(span).next(),
            Length::Calendar { amount, unit } => {
                let day = earlier(self.day(now), amount, unit).and_then(|day| day.succ_opt());
                self.start(day.unwrap_or(NaiveDate::MIN))
            }
        }
    }

    /// The first second at which an event at `at` has left the window of the last `length`.
    #[must_use]
    pub fn window_exit(self, at: Second, length: Length) -> Second {
        match length {
            Length::Elapsed(span) => at.plus(span),
            Length::Calendar { amount, unit } => {
                let day = self.day(at);
                // A month that was clamped to its end leaves some days later.
                let out = |today: &NaiveDate| earlier(*today, amount, unit).is_none_or(|first| first >= day);
                let todays = later(day, amount, unit).into_iter().flat_map(|today| today.iter_days().take(5));
                todays.into_iter().find(out).map_or(Second::LAST, |today| self.start(today))
            }
        }
    }

    /// The first second of the day, week, month or year behind the one that `at` lies in.
    #[must_use]
    pub fn next_start_of(self, unit: CalendarUnit, at: Second) -> Second {
        let first = self.day(self.start_of(unit, at));
        later(first, 1, unit).map_or(Second::LAST, |next| self.start(next))
    }

    /// The last second of a deadline of `length` after `from`. Elapsed: from + D. Calendar: the end of the
    /// local day N units after that of `from`.
    #[must_use]
    pub fn deadline(self, from: Second, length: Length) -> Second {
        match length {
            Length::Elapsed(span) => from.plus(span),
            Length::Calendar { amount, unit } => {
                later(self.day(from), amount, unit).map_or(Second::LAST, |day| self.end(day))
            }
        }
    }

    /// The last second of the next `length` after `now`. Elapsed: now + D. Calendar: the end of the day
    /// before the one N units after today.
    #[must_use]
    pub fn window_end(self, length: Length, now: Second) -> Second {
        match length {
            Length::Elapsed(span) => now.plus(span),
            Length::Calendar { amount, unit } => {
                later(self.day(now), amount, unit).map_or(Second::LAST, |day| self.start(day).minus(Span(1)))
            }
        }
    }

    /// The midnights at which `day` can come into the next `length`: those around the day that lies so much
    /// before it, since months end unevenly.
    #[must_use]
    pub fn midnights_ahead(self, day: NaiveDate, length: Length) -> Vec<Second> {
        let Length::Calendar { amount, unit } = length else { return Vec::new() };
        let around = earlier(day, amount, unit).and_then(|first| first.pred_opt());
        around.into_iter().flat_map(|first| first.iter_days().take(7)).map(|day| self.start(day)).collect()
    }

    /// The midnights that begin and end `day`.
    #[must_use]
    pub fn midnights_of(self, day: Option<NaiveDate>) -> Vec<Second> {
        day.into_iter().flat_map(|day| [self.start(day), self.end(day).next()]).collect()
    }

    /// The midnights of the week after `at`.
    pub fn midnights_after(self, at: Second) -> impl Iterator<Item = Second> {
        self.day(at).iter_days().skip(1).take(7).map(move |day| self.start(day))
    }

    /// The instants after `at`, up to two days ahead, at which local clocks show one of `times` or jump.
    #[must_use]
    pub fn clock_flips(self, at: Second, times: &[NaiveTime]) -> Vec<Second> {
        let today = self.day(at);
        let days: Vec<NaiveDate> = today.iter_days().take(3).collect();
        let mut flips = Vec::new();
        for day in &days {
            flips.extend(times.iter().map(|time| self.instant(day.and_time(*time))));
            flips.extend(self.jump(self.start(*day), self.end(*day).next()));
        }
        flips.retain(|flip| *flip > at);
        flips
    }

    /// The second at which local clocks jump between `from` and `to`, if they show another offset there.
    fn jump(self, from: Second, to: Second) -> Option<Second> {
        let offset = |at: Second| self.local(at).and_utc().timestamp().saturating_sub(at.0);
        let (mut before, mut behind) = (from.0, to.0);
        if offset(from) == offset(to) {
            return None;
        }
        while before.saturating_add(1) < behind {
            let middle = before.midpoint(behind);
            if offset(Second(middle)) == offset(from) { before = middle } else { behind = middle }
        }
        Some(Second(behind))
    }

    /// The instant that `point` stands for.
    #[must_use]
    pub fn point(self, point: Point) -> Second {
        match point {
            Point::Instant(at) => at,
            Point::Day(day) => self.start(day),
        }
    }
}

/// `amount` units before `day`, clamped to the month's end.
fn earlier(day: NaiveDate, amount: u32, unit: CalendarUnit) -> Option<NaiveDate> {
    match unit {
        CalendarUnit::Day => day.checked_sub_days(Days::new(amount.into())),
        CalendarUnit::Week => day.checked_sub_days(Days::new(u64::from(amount) * 7)),
        CalendarUnit::Month => day.checked_sub_months(Months::new(amount)),
        CalendarUnit::Year => day.checked_sub_months(Months::new(amount.checked_mul(12)?)),
    }
}

/// `amount` units after `day`, clamped to the month's end.
fn later(day: NaiveDate, amount: u32, unit: CalendarUnit) -> Option<NaiveDate> {
    match unit {
        CalendarUnit::Day => day.checked_add_days(Days::new(amount.into())),
        CalendarUnit::Week => day.checked_add_days(Days::new(u64::from(amount) * 7)),
        CalendarUnit::Month => day.checked_add_months(Months::new(amount)),
        CalendarUnit::Year => day.checked_add_months(Months::new(amount.checked_mul(12)?)),
    }
}

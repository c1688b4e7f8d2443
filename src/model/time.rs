//! Seconds. Truth is decided in whole Unix seconds; milliseconds exist only to measure lateness.
//! Nobody reads a clock here.

use serde::{Deserialize, Serialize};

/// An instant: whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Second(pub i64);

impl Second {
    /// 9999-12-31T23:59:59Z, the last instant that is taken from outside.
    pub const LAST: Self = Self(253_402_300_799);

    /// This instant moved by `span`, saturating.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This instant moved back by `span`, saturating.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// The second after this one.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(Span(1))
    }

    /// How long ago `earlier` was, seen from here; negative if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC, for people and for JSON.
    #[must_use]
    pub fn rfc3339(self) -> String {
        chrono::DateTime::from_timestamp(self.0, 0)
            .map_or_else(|| self.0.to_string(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }
}

/// A length of time in seconds. `2 days` is 172,800 seconds, whatever the clocks on walls do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(pub i64);

impl Span {
    /// One day of 86,400 seconds.
    pub const DAY: Self = Self(86_400);

    /// `n` days.
    #[must_use]
    pub const fn days(n: i64) -> Self {
        Self(n * 86_400)
    }

    /// `n` hours.
    #[must_use]
    pub const fn hours(n: i64) -> Self {
        Self(n * 3_600)
    }
}

/// A length of time as rules mean it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Length {
    /// So many seconds.
    Elapsed(Span),
    /// So many local days, weeks, months or years.
    Calendar { amount: u32, unit: CalendarUnit },
}

impl Length {
    /// As many seconds as it can have: of the longest months and years, each day of 24 hours.
    #[must_use]
    pub fn longest(self) -> Span {
        let (amount, unit) = match self {
            Self::Elapsed(span) => return span,
            Self::Calendar { amount, unit } => (amount, unit),
        };
        let days = match unit {
            CalendarUnit::Day => 1,
            CalendarUnit::Week => 7,
            CalendarUnit::Month => 31,
            CalendarUnit::Year => 366,
        };
        Span::days(i64::from(amount) * days)
    }
}

impl From<Span> for Length {
    fn from(span: Span) -> Self {
        Self::Elapsed(span)
    }
}

/// Units that end with local days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CalendarUnit {
    Day,
    Week,
    Month,
    Year,
}

//! Instants as the clocks of one person show them.

use chrono::{DateTime, Datelike, TimeZone};

use crate::model::calendar::Calendar;
use crate::model::time::Second;

/// `at` as local clocks show it: `Mon 30 Mar 12:00:00 CEST`, with the year where that is not the one of `start`.
#[must_use]
pub fn local_words(calendar: Calendar, start: Second, at: Second) -> String {
    let local = calendar.zone.from_utc_datetime(&calendar_utc(at));
    let year = if calendar.local(start).year() == local.year() { "" } else { " %Y" };
    local.format(&format!("%a %-d %b{year} %H:%M:%S %Z")).to_string()
}

/// An instant as people write it: RFC 3339, with or without seconds. It says its own zone.
#[must_use]
pub fn read(text: &str) -> Option<Second> {
    let text = text.trim();
    let written = text.strip_suffix(['Z', 'z']).map_or_else(|| text.to_owned(), |rest| format!("{rest}+00:00"));
    let whole = DateTime::parse_from_rfc3339(&written);
    let at = whole.or_else(|_| DateTime::parse_from_str(&written, "%Y-%m-%dT%H:%M%:z")).ok()?;
    Some(Second(at.timestamp())).filter(|at| *at <= Second::LAST)
}

fn calendar_utc(at: Second) -> chrono::NaiveDateTime {
    DateTime::from_timestamp(at.0, 0).unwrap_or_default().naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_its_zone_and_seconds_may_be_left_out() {
        let at = Some(Second(1_774_724_400));
        for written in [
            "2026-03-28T19:00:00Z",
            "2026-03-28T19:00Z",
            "2026-03-28t19:00:00z",
            "2026-03-28T20:00+01:00",
            "2026-03-28T20:00:00.9+01:00",
            " 2026-03-28 20:00:00+01:00 ",
        ] {
            assert_eq!(read(written), at, "{written}");
        }
        for wrong in ["", "yesterday", "2026-03-28", "2026-03-28T20:00", "2026-02-30T20:00Z", "1774724400"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

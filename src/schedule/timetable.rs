//! When schedules come round: which occurrences are due by now, which of them are made up for, and which comes
//! next. Nothing here waits or asks anybody.

use chrono_tz::Tz;

use crate::model::cadence::Cadence;
use crate::model::calendar::Calendar;
use crate::model::rule::{RuleSet, Schedule, ScheduleZone, Task as Doing};
use crate::model::time::{Second, Span};
use crate::store::schedules::{Task, ZoneRow};

/// What is seen to so late is still on time: schedules count in minutes.
pub const ON_TIME: Span = Span(60);
/// Occurrences that are counted as missed, of one schedule in one zone, at once.
pub const MISSED_COUNTED_MAX: u64 = 10_000;

/// The schedules of a rule set that do something.
pub(super) struct Timetable {
    entries: Vec<Entry>,
    otherwise: Tz,
}

struct Entry {
    name: String,
    cron: String,
    cadence: Cadence,
    task: Task,
    /// None: in each zone that people are in.
    zone: Option<Tz>,
    run_missed: bool,
    max_lateness: Span,
}

/// What is due of one schedule in one zone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub zone: ZoneRow,
    pub task: Task,
    /// The newest occurrence whose second is over, if any is.
    pub newest: Option<Second>,
    /// Whether that one runs. Otherwise it is missed, too.
    pub runs: bool,
    pub missed: u64,
    /// The one behind it.
    pub next: Option<Second>,
}

impl Timetable {
    /// `starts` says whether a schedule with `for_each` starts anything.
    pub fn of(rules: &RuleSet, starts: impl Fn(&str) -> bool) -> Self {
        let otherwise = Calendar::zone_otherwise(&rules.schema);
        let entries = rules.schedules.iter().filter_map(|schedule| Entry::of(schedule, &starts, otherwise)).collect();
        Self { entries, otherwise }
    }

    /// Whether somebody has to look where people are.
    pub fn asks_for_zones(&self) -> bool {
        self.entries.iter().any(|entry| entry.zone.is_none())
    }

    /// Looks at every schedule in every zone. `known`: what is written down; `since`: when these rules became
    /// active; `used`: the zones that people have of their own.
    pub fn look(&self, known: &[ZoneRow], since: Second, used: &[String], now: Second) -> Vec<Due> {
        let mut zones: Vec<Tz> = used.iter().filter_map(|zone| zone.parse().ok()).collect();
        zones.push(self.otherwise);
        zones.sort_unstable_by_key(|zone| zone.name());
        zones.dedup();
        let mut all = Vec::new();
        for entry in &self.entries {
            match entry.zone {
                Some(zone) => all.push(entry.look(known, since, zone, now)),
                None => all.extend(zones.iter().map(|zone| entry.look(known, since, *zone, now))),
            }
        }
        all
    }
}

impl Entry {
    fn of(schedule: &Schedule, starts: &impl Fn(&str) -> bool, otherwise: Tz) -> Option<Self> {
        let task = match schedule.task {
            Doing::ForEach(_) if starts(&schedule.name) => Task::ForEach,
            Doing::ForEach(_) => return None,
            Doing::Recheck { .. } => Task::Recheck,
        };
        let zone = match (schedule.time_zone, task) {
            (ScheduleZone::Fixed(zone), _) => Some(zone),
            (ScheduleZone::Person, Task::ForEach) => None,
            // It is about segments and not about the people of a zone.
            (ScheduleZone::Person, _) => Some(otherwise),
        };
        Some(Self {
            name: schedule.name.clone(),
            cron: schedule.cron.clone(),
            // What is no cadence is refused where it is read.
            cadence: Cadence::parse(&schedule.cron).ok()?,
            task,
            zone,
            run_missed: schedule.run_missed,
            max_lateness: schedule.max_lateness,
        })
    }

    fn look(&self, known: &[ZoneRow], since: Second, zone: Tz, now: Second) -> Due {
        let reached = self.reached(known, since, zone, now);
        let over = now.minus(Span(1));
        let until_over = |at: Second| self.cadence.next(at, zone).filter(|next| *next <= over);
        let (mut count, mut newest) = (0, None);
        while let Some(next) = until_over(newest.unwrap_or(reached)).filter(|_| count < MISSED_COUNTED_MAX) {
            (count, newest) = (count + 1, Some(next));
        }
        if count == MISSED_COUNTED_MAX {
            // There may be more than are worth counting. What is too old to run is of no interest.
            let mut at = newest.unwrap_or(reached).max(over.minus(self.max_lateness).minus(Span(1)));
            while let Some(next) = until_over(at) {
                (at, newest) = (next, Some(next));
            }
        }
        let runs = newest.is_some_and(|newest| self.runs(now.since(newest)));
        let row = ZoneRow {
            schedule: self.name.clone(),
            zone: zone.name().to_owned(),
            cadence: self.cron.clone(),
            reached: newest.unwrap_or(reached),
        };
        let next = self.cadence.next(row.reached.max(over), zone);
        Due { zone: row, task: self.task, newest, runs, missed: count - u64::from(runs), next }
    }

    /// Up to when everything is dealt with.
    fn reached(&self, known: &[ZoneRow], since: Second, zone: Tz, now: Second) -> Second {
        // The rules can have become active in this very second, or by a clock that is ahead.
        let since = since.min(now);
        let mut own = known.iter().filter(|row| row.schedule == self.name).peekable();
        let is_as_before = |row: &ZoneRow| row.cadence == self.cron;
        match own.clone().find(|row| row.zone == zone.name()) {
            Some(row) if is_as_before(row) => row.reached,
            // Another cadence is another schedule, which never runs for the past.
            Some(row) => row.reached.max(since),
            // Nobody was in this zone until now.
            None if own.peek().is_some() && own.all(is_as_before) => now,
            None => since,
        }
    }

    /// Whether an occurrence of that age runs.
    fn runs(&self, age: Span) -> bool {
        age <= self.max_lateness && (self.run_missed || age <= ON_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rule::Place;
    use crate::model::rule::Schema;

    /// 2026-11-02T00:00:00Z, a Monday.
    const MIDNIGHT: Second = Second(1_793_577_600);

    fn schedule(cron: &str, time_zone: ScheduleZone, run_missed: bool) -> Schedule {
        Schedule {
            name: "s".to_owned(),
            place: Place::default(),
            cron: cron.to_owned(),
            time_zone,
            task: Doing::Recheck { segments: None, repair: true },
            run_missed,
            max_lateness: Span::hours(1),
            spread: Span(0),
        }
    }

    fn look(schedule: &Schedule, known: &[ZoneRow], now: Second) -> Due {
        let rules = RuleSet { schema: Schema::default(), schedules: vec![schedule.clone()], ..RuleSet::default() };
        Timetable::of(&rules, |_| true).look(known, MIDNIGHT, &[], now).remove(0)
    }

    fn at(hour: i64, minute: i64, second: i64) -> Second {
        MIDNIGHT.plus(Span(hour * 3_600 + minute * 60 + second))
    }

    #[test]
    fn an_occurrence_is_due_when_its_second_is_over() {
        let daily = schedule("0 9 * * *", ScheduleZone::Fixed(Tz::UTC), true);
        let before = look(&daily, &[], at(9, 0, 0));
        assert_eq!((before.newest, before.next, before.missed), (None, Some(at(9, 0, 0)), 0));
        let due = look(&daily, &[], at(9, 0, 1));
        assert_eq!((due.newest, due.runs, due.missed, due.next), (Some(at(9, 0, 0)), true, 0, Some(at(33, 0, 0))));
        let behind = look(&daily, &[due.zone], at(9, 0, 2));
        assert_eq!((behind.newest, behind.next), (None, Some(at(33, 0, 0))));
    }

    #[test]
    fn after_downtime_the_newest_runs_if_it_is_not_too_old() {
        let hourly = |run_missed| schedule("0 * * * *", ScheduleZone::Fixed(Tz::UTC), run_missed);
        for (run_missed, now, runs, missed) in [
            (true, at(5, 59, 0), true, 4),
            (true, at(6, 0, 0), true, 4),
            (true, at(6, 0, 1), true, 5),
            (false, at(5, 1, 0), true, 4),
            (false, at(5, 1, 1), false, 5),
        ] {
            let due = look(&hourly(run_missed), &[], now);
            assert_eq!((due.runs, due.missed), (runs, missed), "{run_missed} {}", now.rfc3339());
        }
        let daily = schedule("0 9 * * *", ScheduleZone::Fixed(Tz::UTC), true);
        for (now, runs) in [(at(34, 0, 0), true), (at(34, 0, 1), false)] {
            let due = look(&daily, &[], now);
            assert_eq!((due.newest, due.runs, due.missed), (Some(at(33, 0, 0)), runs, if runs { 1 } else { 2 }));
        }
    }

    #[test]
    fn more_than_can_be_counted_is_not_counted() {
        let often = schedule("* * * * *", ScheduleZone::Fixed(Tz::UTC), true);
        for (minutes, missed) in [(10_000, 9_999), (10_001, 9_999)] {
            let due = look(&often, &[], at(0, minutes, 1));
            assert_eq!((due.newest, due.runs, due.missed), (Some(at(0, minutes, 0)), true, missed));
        }
    }

    #[test]
    fn a_schedule_never_runs_for_the_past() {
        let row = |zone: &str, cadence: &str, reached| ZoneRow {
            schedule: "s".to_owned(),
            zone: zone.to_owned(),
            cadence: cadence.to_owned(),
            reached,
        };
        let daily = schedule("0 9 * * *", ScheduleZone::Fixed(Tz::UTC), true);
        let now = at(9, 30, 0);
        // Known and behind; another cadence before these rules; known elsewhere; known elsewhere by another cadence.
        for (known, newest) in [
            (row("UTC", "0 9 * * *", at(8, 0, 0)), Some(at(9, 0, 0))),
            (row("UTC", "0 8 * * *", at(-20, 0, 0)), Some(at(9, 0, 0))),
            (row("UTC", "0 8 * * *", at(9, 0, 0)), None),
            (row("Asia/Tokyo", "0 9 * * *", at(-20, 0, 0)), None),
            (row("Asia/Tokyo", "0 8 * * *", at(-20, 0, 0)), Some(at(9, 0, 0))),
        ] {
            assert_eq!(look(&daily, std::slice::from_ref(&known), now).newest, newest, "{known:?}");
        }
        let tomorrow = MIDNIGHT.plus(Span::DAY);
        let rules = RuleSet { schema: Schema::default(), schedules: vec![daily], ..RuleSet::default() };
        let due = Timetable::of(&rules, |_| true).look(&[], tomorrow, &[], tomorrow.plus(Span(60))).remove(0);
        assert_eq!((due.newest, due.missed, due.next), (None, 0, Some(at(33, 0, 0))));
    }
}

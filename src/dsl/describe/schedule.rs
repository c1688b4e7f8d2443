//! Schedules in English.

use super::Describer;
use super::cron::cron;
use super::outline::{Outline, wrapped};
use super::segment::below;
use crate::dsl::walk::Rule;
use crate::dsl::words::{and, exact, name, quoted};
use crate::model::rule::{Schedule, ScheduleZone, Task, Trigger};
use crate::model::time::Span;

impl Describer<'_> {
    pub(super) fn schedule_rule(&self, schedule: &Schedule) -> String {
        let mut out = String::new();
        let rule = Rule::Schedule(schedule);
        self.head(rule, None, None, &mut out);
        let zone = match schedule.time_zone {
            ScheduleZone::Fixed(zone) => format!("in the zone {zone}"),
            ScheduleZone::Person => self.persons_zone(),
        };
        let mut say = |text: &str| wrapped("", "  ", text, &mut out);
        say(&format!("Runs {}, {zone}.", cron(&schedule.cron)));
        match &schedule.task {
            Task::ForEach(condition) => {
                let started = self.started_by(&schedule.name);
                let starts = match started.as_slice() {
                    [] => "no campaign names it, so that nothing starts".to_owned(),
                    [one] => format!("campaign {one} starts"),
                    several => format!("campaigns {} start", and(several)),
                };
                let head = format!("Then {starts}, for each person of whom this is true at that moment:");
                below(&head, self.condition(condition, false), &mut out);
            }
            Task::Recheck { segments, repair } => {
                let which = match segments {
                    None => "all segments".to_owned(),
                    Some(names) => {
                        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                        format!("segment{} {}", if names.len() == 1 { "" } else { "s" }, and(&names))
                    }
                };
                say(&format!("Then the members of {which} are computed again from the log."));
                say(if *repair {
                    "Differences are reported and repaired; a repair starts no journey."
                } else {
                    "Differences are reported, and nothing is changed."
                });
            }
        }
        let mut say = |text: &str| wrapped("", "  ", text, &mut out);
        if schedule.spread > Span(0) {
            say(&format!(
                "Each person has a fixed place of their own within the {} behind it.",
                exact(schedule.spread)
            ));
        }
        if schedule.run_missed {
            say(&format!(
                "After downtime the newest time that was missed is made up for, if it is at most {} ago; others are \
                 counted as missed.",
                exact(schedule.max_lateness)
            ));
        } else {
            say("A time that is missed during downtime is not made up for.");
        }
        say(
            "A local time that clocks jump over runs at the next minute there is; one that they show twice, the first time.",
        );
        self.notes(rule, &mut out);
        out
    }

    /// Whose clocks count where each person has their own.
    pub(super) fn persons_zone(&self) -> String {
        let schema = &self.rules.schema;
        match &schema.person_time_zone {
            Some(zone) => format!("in each person's own zone ({}; {} for those without)", name(zone), schema.time_zone),
            None => format!("in the zone {} (people have no zone of their own)", schema.time_zone),
        }
    }

    fn started_by(&self, schedule: &str) -> Vec<String> {
        let named = |trigger: &Trigger| matches!(trigger, Trigger::Schedule(name) if name == schedule);
        self.rules.campaigns.iter().filter(|c| named(&c.trigger)).map(|c| quoted(&c.name)).collect()
    }
}

/// A paragraph behind a label; more lines stand below the text.
pub(super) fn labelled(label: &str, width: usize, outline: &Outline, out: &mut String) {
    outline.write(&format!("{label:width$}"), out);
}

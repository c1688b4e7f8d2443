//! What is held against the definition after each step, and what is counted of it.

use std::sync::Arc;

use antiphon::engine::{Audited, History, Input, Step, Stored, Versions, audit, history_needed, step};
use antiphon::model::calendar::Calendar;
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::RulesVersion;
use antiphon::model::journey::What;
use antiphon::model::time::{Second, Span};
use antiphon::model::transition::Cause;

use super::{Change, Stage};
use crate::simulation::counts;
use crate::simulation::world::Delivery;

impl Stage<'_> {
    /// The number, the arrival and the event's own second, as the language says they are made.
    pub(super) fn check_stamps(&self, person: usize, raw: &Event, numbered: &Event) -> Result<(), String> {
        let last = self.people[person].log.last();
        let answers = matches!(raw.kind, Kind::Inbound | Kind::Reaction | Kind::ReactionRemoved);
        let sent = raw.message.as_ref().filter(|_| answers).map_or(raw.at, |message| message.at);
        let right = numbered.seq == last.map_or(1, |last| last.seq + 1)
            && numbered.arrived >= self.now
            && numbered.arrived >= last.map_or(self.world.start, |last| last.arrived)
            && (numbered.arrived == self.now || self.now < self.top)
            && numbered.at == raw.at.max(sent).min(numbered.arrived);
        if right { Ok(()) } else { Err(format!("{raw:?} became {numbered:?}")) }
    }

    /// Where everything that depends on time was just looked at, the wake is the very next second at which truth
    /// changes by itself.
    pub(super) fn check_wake(&self, person: usize) -> Result<(), String> {
        let someone = &self.people[person];
        let Some(defined) = &someone.defined else { return Ok(()) };
        let since = |at: Second| at.since(self.world.start).0;
        let horizon = Second(self.now.0 + self.world.scale.end());
        let wake = someone.subject.wake.filter(|wake| *wake <= horizon).map(since);
        let next = defined.next_flip(horizon).map(since);
        if wake == next { Ok(()) } else { Err(format!("at {}: wake {wake:?}, but {next:?}", since(self.now))) }
    }

    /// What people's states keep when rules change is what a fold of the whole log gives.
    pub(super) fn check_kept(&self) -> Result<(), String> {
        let active = self.versions.active.version();
        let before = self.versions.older.get(&RulesVersion(active.0 - 1));
        let Some(before) = before.filter(|_| self.manner.judged) else { return Ok(()) };
        if before.rules() == self.versions.active.rules() {
            // The state goes over as it is, and what this second changes by itself is found when it is over.
            return Ok(());
        }
        let old = Versions { active: Arc::clone(before), ..self.versions.clone() };
        for someone in self.people.iter().filter(|someone| someone.subject.state.rules == before.version()) {
            let (mut log, mut moves) = (someone.log.clone(), someone.moves.clone());
            let mut kept = someone.subject.clone();
            // What was due is due under the old rules.
            let history = History { events: &someone.log, moves: &someone.moves };
            let played = step(&old, &mut kept, Input::Wake, Some(history), self.now);
            log.extend(played.events);
            moves.extend(played.moves);
            let history = History { events: &log, moves: &moves };
            let mut folded = kept.clone();
            folded.state.rules = RulesVersion(0);
            let needed = history_needed(&self.versions, &kept, &Input::Wake).then_some(history);
            let kept = step(&self.versions, &mut kept, Input::Wake, needed, self.now).transitions;
            let folded = step(&self.versions, &mut folded, Input::Wake, Some(history), self.now).transitions;
            if kept != folded {
                return Err(format!("at {} kept {kept:?}\n  folded {folded:?}", self.now.since(self.world.start).0));
            }
        }
        Ok(())
    }

    /// The streams may only part by what is not played yet.
    pub(super) fn compare(&self, person: usize, place: &str) -> Result<(), String> {
        let someone = &self.people[person];
        let Some(defined) = someone.defined.as_ref().filter(|_| !self.is_behind(person)) else { return Ok(()) };
        if sorted(&someone.seen) == sorted(&defined.stream) {
            return Ok(());
        }
        let start = self.world.start;
        Err(format!(
            "{place}, person {person}:\n  engine     {}\n  definition {}",
            show(&someone.seen, start),
            show(&defined.stream, start)
        ))
    }

    /// An audit of everybody finds nothing, however late what is due is played.
    pub(super) fn audit(&self) -> Result<(), String> {
        // Rules that are active from a later second on than the clock shows now: of no interest here.
        if !self.manner.judged || self.now < self.top {
            return Ok(());
        }
        for someone in &self.people {
            let stored = Stored { subject: someone.subject.clone(), members: someone.members.clone() };
            let history = History { events: &someone.log, moves: &someone.moves };
            match audit(&self.versions, stored, history, self.now) {
                Audited::Looked(drifts) if !drifts.is_empty() => {
                    let at = self.now.since(self.world.start).0;
                    return Err(format!("at {at} an audit finds {drifts:?}"));
                }
                Audited::Looked(_) | Audited::TooLong => {}
            }
        }
        Ok(())
    }

    pub(super) fn count_before(&mut self, delivery: &Delivery) {
        let someone = &self.people[delivery.person];
        let (wake, now) = (someone.subject.wake, self.now);
        let at_once = someone.log.last().is_some_and(|last| last.arrived == now && last.seq > 1);
        self.counts.note(counts::AT_ONCE, at_once);
        self.counts.note(counts::ON_THE_EDGE, wake == Some(now));
        self.counts.note(counts::AHEAD, delivery.event.at > now);
    }

    /// What other rules mean to somebody who is about to be brought up to them.
    pub(super) fn count_rules(&mut self, person: usize) {
        let known = self.people[person].subject.state.rules;
        let says_the_same = self.is_outdated(person) && known.0 > 0 && self.rules_of(known) == self.active_rules();
        self.counts.note(counts::STATE_WENT_OVER, says_the_same);
    }

    pub(super) fn count_step(&mut self, step: &Step, person: usize) {
        let calendar = Calendar::of(&self.active_rules().schema, &self.people[person].subject.person);
        let by_event = |cause: Cause| matches!(cause, Cause::Event { .. });
        let mut wakes = std::collections::BTreeSet::new();
        for transition in &step.transitions {
            let day = calendar.day(transition.at);
            let length = calendar.end(day).next().since(calendar.start(day));
            self.counts.note(counts::LATE_ENTERED, transition.late && transition.entered);
            self.counts.note(counts::LATE_LEFT, transition.late && !transition.entered);
            self.counts.note(counts::MOVED_BY_RULES, transition.cause == Cause::Rules);
            self.counts.note(counts::SHORT_DAY, length < Span::DAY);
            self.counts.note(counts::LONG_DAY, length > Span::DAY);
            wakes.extend((transition.cause == Cause::Wake).then_some(transition.at));
        }
        self.counts.note(counts::WAKES_IN_A_ROW, wakes.len() > 1 && !step.events.is_empty());
        let caused = step.transitions.iter().filter(|transition| by_event(transition.cause)).count();
        self.counts.note(counts::CASCADE, caused > 1);
        for entry in &step.entries {
            self.counts.note(counts::STARTED_BY_EVENT, entry.what == What::Started && by_event(entry.cause));
            self.counts.note(counts::STARTED_BY_TIME, entry.what == What::Started && entry.cause == Cause::Wake);
            self.counts.note(counts::REFUSED, matches!(entry.what, What::Refused(_)));
        }
    }
}

/// Moves and starts, each in order.
pub fn sorted(changes: &[Change]) -> (Vec<&Change>, Vec<&Change>) {
    changes.iter().partition(|change| matches!(change, Change::Moved { .. }))
}

/// A stream in one line, in seconds from `start`.
pub fn show(changes: &[Change], start: Second) -> String {
    let show = |change: &Change| match change {
        Change::Moved { segment, entered, at } => {
            format!("{}{segment}@{}", if *entered { '+' } else { '-' }, at.since(start).0)
        }
        Change::Started { campaign, at } => format!("!{campaign}@{}", at.since(start).0),
    };
    changes.iter().map(show).collect::<Vec<_>>().join(" ")
}

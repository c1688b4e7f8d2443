//! A person's state from their log alone: the same steps once more, in the order of arrival, starting nothing.

use super::compiled::Versions;
use super::evaluate::Dirty;
use super::history::{Biography, History};
use super::run::{Mode, Run};
use super::state::State;
use super::step::Subject;
use crate::model::event::Event;
use crate::model::time::Second;
use crate::model::transition::{Cause, Transition};

/// A state from the log, and what is different from before.
#[derive(Clone, Debug, PartialEq)]
pub struct Refolded {
    pub state: State,
    pub wake: Option<Second>,
    /// Entries and exits of segments that the active rule set has, in the order of their numbers.
    /// Nobody leaves a segment that is gone.
    pub transitions: Vec<Transition>,
}

/// Folds the person's whole log under the active rule set, as of `now`.
///
/// What was decided of them stands as it was decided, in `history`: what they entered and left under other rules
/// they did enter and leave, and what the active ones find is where they begin. Nothing is started. When
/// campaigns were last started, and messages asked for, is no part of the log and is kept.
#[must_use]
pub fn refold(versions: &Versions, subject: &Subject, history: History<'_>, now: Second) -> Refolded {
    let events = history.events;
    let mut folded = Subject {
        person: Biography::before(&subject.person, events.iter()).person,
        journeys: subject.journeys.clone(),
        ..Subject::new(subject.person.clone())
    };
    let mut moves = history.moves.iter().peekable();
    let mut run = Run::new(versions, &mut folded, Some(History::default()));
    run.mode = Mode::Silent;
    // What journeys remember is theirs: it is no part of the fold.
    run.scoped.clear();
    let first = events.first().map_or(now, |event| event.arrived);
    run.be_born(subject.person.known_since.min(first).min(now));
    for (before, event) in (0_usize..).zip(events) {
        // What was decided before this event arrived.
        while let Some(moved) = moves.next_if(|moved| moved.seq < event.seq) {
            let arrival = before.checked_sub(1).and_then(|before| events.get(before));
            run.retrace(moved, arrival);
        }
        run.history = Some(History { events: events.get(..before).unwrap_or(events), moves: &[] });
        run.fold(event);
    }
    run.history = Some(History { events, moves: &[] });
    moves.for_each(|moved| run.retrace(moved, events.last()));
    run.play_due(now);
    run.look(now);
    run.mode = Mode::Live;
    run.arm(false);
    let wake = folded.wake;
    let mut state = folded.state;
    state.entries.clone_from(&subject.state.entries);
    state.limits.clone_from(&subject.state.limits);
    state.floor = subject.state.floor.max(now);
    state.woken = state.woken.max(subject.state.woken);
    state.last_seq = state.last_seq.max(subject.state.last_seq);
    for (segment, since) in subject.state.memberships() {
        // Nobody leaves a segment that is gone: if it comes back, it is known who was in it. And whoever was in one
        // and still is has been in it since that was decided.
        let is_gone = !versions.active.segments.contains(&segment);
        if state.set_member(segment, false, since) || is_gone {
            state.set_member(segment, true, since);
        }
    }
    let transitions = differences(versions, &subject.state, &state, now);
    Refolded { state, wake, transitions }
}

impl Run<'_> {
    /// Takes in what was decided, behind `arrival` or a later wake.
    fn retrace(&mut self, moved: &Event, arrival: Option<&Event>) {
        let by_arrival = arrival.is_some_and(|arrival| arrival.arrived == moved.at);
        self.play_due(if by_arrival { moved.at } else { moved.at.next() });
        self.recorded(moved);
    }

    /// Takes in an event of the log, which has its number and its stamps.
    fn fold(&mut self, event: &Event) {
        self.play_due(event.arrived);
        self.set_instant(event.arrived);
        self.note(event);
        let scratch = self.subject.wake.is_some_and(|wake| wake <= event.arrived);
        let timed = if scratch { self.timed() } else { Dirty::new() };
        self.take_in(event, timed);
        self.arm(scratch);
    }

    /// Evaluates what time has changed up to `now`, this second included.
    fn look(&mut self, now: Second) {
        self.set_instant(now);
        if self.subject.wake.is_some_and(|wake| wake <= now) {
            self.evaluate(self.timed(), false);
            self.arm(true);
        }
    }
}

fn differences(versions: &Versions, old: &State, new: &State, at: Second) -> Vec<Transition> {
    let segments = versions.active.segments.iter();
    let changed = segments.filter(|segment| old.is_in(**segment) != new.is_in(**segment));
    let transition =
        |segment| Transition { segment, entered: new.is_in(segment), at, cause: Cause::Rules, late: false };
    changed.copied().map(transition).collect()
}

//! One person recomputed by the definition, and held against what is stored of them. Nothing is changed: what is
//! due is played on a copy, so that being late is no drift.

use std::collections::BTreeSet;

use super::atom::{Atom, What};
use super::compiled::{Engine, Versions};
use super::history::{Biography, History};
use super::memory::Memory;
use super::naive::Case;
use super::refold::refold;
use super::state::State;
use super::step::{Input, Step, Subject, step};
use crate::model::calendar::{Calendar, Now};
use crate::model::event::{Event, Order};
use crate::model::id::{SegmentId, Seq};
use crate::model::person::Person;
use crate::model::rule::{Condition, Phrase, RuleSet, SegmentKind, Trigger};
use crate::model::time::{Second, Span};
use crate::model::transition::{Cause, Transition};

/// Somebody with more events than this is not audited: the definition looks at all of them for everything.
pub const AUDITED_EVENTS_MAX: usize = 1_000;
/// So many instants are looked at for one question of an audit; fewer where each look is at a long history.
const LOOKS_MAX: usize = 500;
const LOOKS_MIN: usize = 50;
/// Instants times events of one question.
const EVENTS_LOOKED_AT_MAX: usize = 50_000;
/// So far ahead an audit looks for what time changes.
const LOOK_AHEAD: Span = Span::days(40);
/// So many deciding events are told of a drift.
const DECIDING_EVENTS_MAX: usize = 5;

/// Somebody as they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub subject: Subject,
    /// The segments that the table of memberships has them in.
    pub members: BTreeSet<SegmentId>,
}

/// Something stored that is not what the definition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The segment or campaign; none where the whole state is concerned.
    pub rule: Option<String>,
    pub wrong: Wrong,
    /// Since when the truth is what it is, as far as that was looked for.
    pub since: Option<Second>,
    /// The newest events that the rule's conditions look for, newest first.
    pub events: Vec<Deciding>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The table of memberships has, or lacks, somebody whom the definition does not, or does, put in.
    Member { truth: bool },
    /// The same of the engine's own state.
    State { truth: bool },
    /// Time changes something at `due`, and nobody is woken for it by then.
    Wake { stored: Option<Second>, due: Second },
    /// What the engine remembers is not what the log gives: these parts of it.
    Memory { parts: Vec<&'static str> },
}

/// An event that a rule looks for, by its number in the person's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    pub seq: Seq,
    pub kind: String,
    pub at: Second,
}

/// What an audit of one person came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audited {
    /// Everything that is stored and not so. Nothing: all is well.
    Looked(Vec<Drift>),
    /// Their history is longer than [`AUDITED_EVENTS_MAX`]: the definition looks at everything for everything.
    TooLong,
}

impl Drift {
    /// One of which no more is known.
    pub(super) fn of(wrong: Wrong) -> Self {
        Self { rule: None, wrong, since: None, events: Vec::new() }
    }
}

impl Wrong {
    /// The word in storage and in lists.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Member { .. } => "membership",
            Self::State { .. } => "state",
            Self::Wake { .. } => "wake",
            Self::Memory { .. } => "memory",
        }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = |truth: &bool| if *truth { ("out", "in") } else { ("in", "out") };
        match self {
            Self::Member { truth } => {
                let (stored, truth) = place(truth);
                write!(f, "the table of memberships says {stored}, but the log says {truth}")
            }
            Self::State { truth } => {
                let (stored, truth) = place(truth);
                write!(f, "the engine's state says {stored}, but the log says {truth}")
            }
            Self::Wake { stored: Some(stored), due } => {
                write!(f, "the wake is set to {}, but time changes it at {}", stored.rfc3339(), due.rfc3339())
            }
            Self::Wake { stored: None, due } => {
                write!(f, "no wake is set, but time changes it at {}", due.rfc3339())
            }
            Self::Memory { parts } => write!(f, "the state is not what the log gives: {}", parts.join(", ")),
        }
    }
}

/// Holds `stored` against the definition, as of `now`. `history` is the person's whole log with what was decided.
///
/// What is due before `now` is played first, and an outdated state is folded, both on the copy. A wake of this
/// very second is played when it is over: until then what was true in the second before may stand too.
#[must_use]
pub fn audit(versions: &Versions, stored: Stored, history: History<'_>, now: Second) -> Audited {
    if history.events.len() > AUDITED_EVENTS_MAX {
        return Audited::TooLong;
    }
    let lived = Lived::until(versions, stored, history, now);
    let (first, known) = (lived.first(), lived.known());
    let judge =
        Judge { engine: &versions.active, case: Case::new(versions.active.rules(), &first, &known), lived: &lived };
    let mut drifts = judge.members();
    drifts.extend(judge.wake(versions));
    drifts.extend(judge.memory(versions));
    Audited::Looked(drifts)
}

/// Takes what is stored of somebody for lost: the state is folded again from the log, whoever is in or out by the
/// definition is so in the state, and where `members`, the table of memberships, says otherwise a transition is
/// written. Nothing is started by what is found. The wake is the first second at which time changes anything.
pub fn mend(
    versions: &Versions,
    subject: &mut Subject,
    members: BTreeSet<SegmentId>,
    history: History<'_>,
    now: Second,
) -> Step {
    let now = now.max(subject.state.floor);
    let refolded = refold(versions, subject, history, now);
    (subject.state, subject.wake) = (refolded.state, refolded.wake);
    let (events, moves) = (history.events.to_vec(), history.moves.to_vec());
    let lived = Lived { subject: subject.clone(), members, events, moves, now };
    let (first, known) = (lived.first(), lived.known());
    let case = Case::new(versions.active.rules(), &first, &known);
    let judge = Judge { engine: &versions.active, case, lived: &lived };
    let mut mended = Step::default();
    for (segment, name) in judge.segments() {
        let truth = judge.case.is_member(name, now);
        subject.state.set_member(segment, truth, now);
        if lived.members.contains(&segment) != truth {
            let cause = Cause::Recheck;
            mended.transitions.push(Transition { segment, entered: truth, at: now, cause, late: false });
        }
    }
    let flip = judge.first_flip(now.plus(LOOK_AHEAD)).map(|(due, ..)| due);
    let waits = subject.journeys.iter().filter(|journey| journey.ended.is_none() && !versions.is_paused(journey));
    // A wait that is over goes on now: nothing is evaluated in the past.
    let wait = waits.filter_map(|journey| journey.wake).min().map(|wait| wait.max(now));
    subject.wake = [subject.wake, flip, wait].into_iter().flatten().min();
    mended.wake = subject.wake;
    mended
}

/// A person, brought up to a second as the server would do it next.
pub(super) struct Lived {
    pub subject: Subject,
    pub members: BTreeSet<SegmentId>,
    events: Vec<Event>,
    moves: Vec<Event>,
    pub now: Second,
}

impl Lived {
    pub fn until(versions: &Versions, stored: Stored, history: History<'_>, now: Second) -> Self {
        let Stored { mut subject, members } = stored;
        let now = now.max(subject.state.floor);
        let behind = subject.wake.is_some_and(|wake| wake < now) || subject.state.rules != versions.active.version();
        let mut lived = Self {
            members,
            events: history.events.to_vec(),
            moves: history.moves.to_vec(),
            now,
            subject: Subject::new(subject.person.clone()),
        };
        if behind {
            let step = step(versions, &mut subject, Input::Wake, Some(history), now);
            lived.note(&step);
        }
        lived.subject = subject;
        lived
    }

    /// A wake of this very second is to come.
    pub fn is_mid_second(&self) -> bool {
        self.subject.wake == Some(self.now)
    }

    pub fn history(&self) -> History<'_> {
        History { events: &self.events, moves: &self.moves }
    }

    /// The person as they were made.
    fn first(&self) -> Person {
        Biography::before(&self.subject.person, self.events.iter()).person
    }

    /// Everything that happened to them.
    fn known(&self) -> Vec<Event> {
        self.events.iter().chain(&self.moves).cloned().collect()
    }

    /// Adds what came of a step.
    fn note(&mut self, step: &Step) {
        for transition in &step.transitions {
            if transition.entered {
                self.members.insert(transition.segment);
            } else {
                self.members.remove(&transition.segment);
            }
        }
        self.events.extend(step.events.iter().cloned());
        self.events.sort_unstable_by_key(|event| event.seq);
        self.moves.extend(step.moves.iter().cloned());
    }
}

/// The definition of one person, and what is stored of them.
struct Judge<'a> {
    engine: &'a Engine,
    case: Case<'a>,
    lived: &'a Lived,
}

impl Judge<'_> {
    fn now(&self) -> Second {
        self.lived.now
    }

    fn rules(&self) -> &RuleSet {
        self.engine.rules()
    }

    /// How many instants a question is worth.
    fn looks(&self) -> usize {
        (EVENTS_LOOKED_AT_MAX / self.lived.events.len().max(1)).clamp(LOOKS_MIN, LOOKS_MAX)
    }

    fn is_mid_second(&self) -> bool {
        self.lived.is_mid_second()
    }

    fn members(&self) -> Vec<Drift> {
        let mut drifts = Vec::new();
        for (id, name) in self.segments() {
            let truth = self.case.is_member(name, self.now());
            let earlier = self.is_mid_second().then(|| self.case.is_member(name, self.now().minus(Span(1))));
            let is_right = |stored: bool| stored == truth || Some(stored) == earlier;
            let wrong = [
                (self.lived.members.contains(&id), Wrong::Member { truth }),
                (self.lived.subject.state.is_in(id), Wrong::State { truth }),
            ];
            let wrong = wrong.into_iter().filter(|(stored, _)| !is_right(*stored)).map(|(_, wrong)| wrong);
            drifts.extend(wrong.map(|wrong| self.drift_of_segment(name, wrong, truth)));
        }
        drifts
    }

    /// The segments of the rule set in force, in the order of their numbers.
    fn segments(&self) -> Vec<(SegmentId, &str)> {
        let named = |id: &SegmentId| Some((*id, self.engine.segment_names.get(id)?.as_str()));
        self.engine.segments.iter().filter_map(named).collect()
    }

    fn drift_of_segment(&self, name: &str, wrong: Wrong, truth: bool) -> Drift {
        let membership = Condition::InSegment(name.to_owned());
        let since = self.since(&membership, truth);
        Drift { rule: Some(name.to_owned()), wrong, since, events: self.deciding(&membership) }
    }

    /// The second since which `condition` is `truth`, looked for so many instants back.
    fn since(&self, condition: &Condition, truth: bool) -> Option<Second> {
        let start = self.lived.subject.person.known_since;
        let instants = self.case.instants(condition, start.minus(Span(1)), self.now());
        let mut since = None;
        for at in instants.into_iter().rev().take(self.looks()) {
            if self.case.truth(condition, at) != truth {
                return since;
            }
            since = Some(at);
        }
        since
    }

    /// The newest events that complete a phrase of `condition`.
    fn deciding(&self, condition: &Condition) -> Vec<Deciding> {
        let mut phrases = Vec::new();
        self.phrases(condition, &mut BTreeSet::new(), &mut phrases);
        let found = phrases.into_iter().flat_map(|phrase| self.case.completions(phrase, self.now()));
        let mut events: Vec<&Event> = found.map(|completion| completion.event).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.order()));
        events.dedup_by_key(|event| event.order());
        let deciding = |event: &Event| Deciding { seq: event.seq, kind: event.kind.name().to_owned(), at: event.at };
        events.into_iter().take(DECIDING_EVENTS_MAX).map(deciding).collect()
    }

    fn phrases<'r>(&'r self, condition: &'r Condition, seen: &mut BTreeSet<&'r str>, found: &mut Vec<&'r Phrase>) {
        match condition {
            Condition::Not(part) | Condition::HeldFor { condition: part, .. } => self.phrases(part, seen, found),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.phrases(part, seen, found));
            }
            Condition::InSegment(name) if seen.insert(name) => {
                let segment = self.rules().segments.iter().find(|segment| segment.name == *name);
                if let Some(SegmentKind::Data(condition)) = segment.map(|segment| &segment.kind) {
                    self.phrases(condition, seen, found);
                }
            }
            Condition::Happened(happened) => found.push(&happened.what),
            _ => {}
        }
    }

    /// The first thing that time changes before anybody is woken for it.
    fn wake(&self, versions: &Versions) -> Option<Drift> {
        let stored = self.lived.subject.wake;
        let far = self.now().plus(LOOK_AHEAD);
        let until = stored.map_or(far, |wake| wake.minus(Span(1)).min(far));
        if until <= self.now() {
            return None;
        }
        let (due, rule, condition) =
            self.first_flip(until).into_iter().chain(self.first_wait(versions, until)).min_by_key(|(due, ..)| *due)?;
        let events = condition.map(|condition| self.deciding(&condition)).unwrap_or_default();
        Some(Drift { rule: Some(rule), wrong: Wrong::Wake { stored, due }, since: None, events })
    }

    /// The first second up to `until` at which time changes a segment or starts a campaign, as far as is looked.
    fn first_flip(&self, until: Second) -> Option<(Second, String, Option<Condition>)> {
        let watched = self.watched();
        let truths: Vec<bool> = watched.iter().map(|(_, condition)| self.case.truth(condition, self.now())).collect();
        let mut instants: BTreeSet<(Second, usize)> = BTreeSet::new();
        for (place, (_, condition)) in watched.iter().enumerate() {
            instants.extend(self.case.instants(condition, self.now(), until).into_iter().map(|at| (at, place)));
        }
        let flips = |(at, place): &(Second, usize)| {
            let (Some((_, condition)), Some(truth)) = (watched.get(*place), truths.get(*place)) else { return false };
            self.case.truth(condition, *at) != *truth
        };
        let flip = instants.into_iter().take(self.looks()).find(flips);
        let flip = flip.and_then(|(at, place)| {
            watched.get(place).map(|(name, condition)| (at, (*name).to_owned(), Some(condition.clone())))
        });
        flip.into_iter().chain(self.first_verdict(until)).min_by_key(|(at, ..)| *at)
    }

    /// What is kept true at every second: segments, and the conditions that campaigns start on.
    fn watched(&self) -> Vec<(&str, Condition)> {
        let segments = self.rules().segments.iter();
        let segments = segments.filter(|segment| matches!(segment.kind, SegmentKind::Data(_)));
        let segments = segments.map(|segment| (segment.name.as_str(), Condition::InSegment(segment.name.clone())));
        let campaigns = self.rules().campaigns.iter();
        let campaigns = campaigns.filter_map(|campaign| match &campaign.trigger {
            Trigger::Becomes(condition) => Some((campaign.name.as_str(), condition.clone())),
            Trigger::Event(_) | Trigger::Schedule(_) | Trigger::Api => None,
        });
        segments.chain(campaigns).collect()
    }

    /// The first second up to `until` at which nothing having come starts a campaign.
    fn first_verdict(&self, until: Second) -> Option<(Second, String, Option<Condition>)> {
        let campaigns = self.rules().campaigns.iter();
        let verdicts = campaigns.filter_map(|campaign| {
            let Trigger::Event(phrase @ Phrase::Sequence(_)) = &campaign.trigger else { return None };
            let completions = self.case.completions(phrase, until).into_iter();
            let verdicts = completions.filter(|one| one.is_verdict && one.at > self.now()).map(|one| one.at);
            Some((verdicts.min()?, campaign.name.clone(), None))
        });
        verdicts.min_by_key(|(at, ..)| *at)
    }

    /// The first wait of a journey that is over by `until`.
    fn first_wait(&self, versions: &Versions, until: Second) -> Option<(Second, String, Option<Condition>)> {
        let open = self.lived.subject.journeys.iter().filter(|journey| journey.ended.is_none());
        let waits = open.filter(|journey| !versions.is_paused(journey));
        let waits = waits.filter_map(|journey| Some((journey.wake?, journey.campaign.clone(), None)));
        waits.filter(|(at, ..)| *at <= until).min_by_key(|(at, ..)| *at)
    }

    /// The state against one that is folded from the log.
    fn memory(&self, versions: &Versions) -> Option<Drift> {
        if self.is_mid_second() {
            return None;
        }
        let folded = refold(versions, &self.lived.subject, self.lived.history(), self.now());
        let mut parts = parts_that_differ(&self.lived.subject.state, &folded.state);
        if remembers_otherwise(self.engine, &self.lived.subject, &folded.state, self.now()) {
            parts.push("what conditions remember");
        }
        (!parts.is_empty()).then(|| Drift::of(Wrong::Memory { parts }))
    }
}

/// Whether the memories of an atom of `engine` are not alike in what can be asked for, with what is decided by now
/// written down as such. One that was kept over a change of rules can hold more than that.
pub(super) fn remembers_otherwise(engine: &Engine, subject: &Subject, folded: &State, at: Second) -> bool {
    let now = Now { at, calendar: Calendar::of(&engine.rules().schema, &subject.person) };
    let memory = |atom: &Atom, state: &State| {
        let mut memory = state.memory(atom.key).cloned().unwrap_or_else(|| atom.empty());
        let until = atom.back.map(|back| at.minus(back));
        match (&atom.what, &mut memory) {
            (_, Memory::Tally(tally)) => tally.forget_beyond(atom.keep, until),
            (_, Memory::Values(values)) => values.forget_beyond(atom.keep, until),
            (What::Sequence { chain, .. }, Memory::Sequence(progress)) => {
                progress.settle(chain, atom.keep(), now);
                progress.forget_beyond(atom.keep());
                // What counts once and for ever is decided, whichever verdict it was by.
                if chain.absent.is_some() && !atom.keep().all && progress.is_complete() {
                    return None;
                }
            }
            // What was decided is read back with the number of its cause, which may be an earlier one.
            (_, Memory::Newest { order, .. }) => *order = Order::new(order.0, 0, None),
            _ => {}
        }
        Some(memory)
    };
    // A run is known up to the second at which it was last asked for, which says nothing; what lives in journeys is
    // theirs.
    let atoms = engine.atoms.iter().filter(|atom| !atom.scoped && !matches!(atom.what, What::Held));
    atoms.into_iter().any(|atom| memory(atom, &subject.state) != memory(atom, folded))
}

/// The parts of a state that its own log decides, where they are not alike.
pub(super) fn parts_that_differ(stored: &State, folded: &State) -> Vec<&'static str> {
    let parts = [
        ("the newest event", stored.last_seq == folded.last_seq && stored.newest == folded.newest),
        ("the newest attribute write", stored.newest_write == folded.newest_write),
        ("moves of manual segments", stored.moves == folded.moves),
        ("the service window", stored.newest_inbound == folded.newest_inbound),
        ("conditions that campaigns start on", stored.risen == folded.risen),
        ("running journeys", stored.running == folded.running),
    ];
    parts.into_iter().filter(|(_, is_alike)| !is_alike).map(|(part, _)| part).collect()
}

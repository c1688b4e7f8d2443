//! The door of the engine: one input for one person, and what comes of it. Pure and total.

use super::compiled::{Engine, Versions};
use super::history;
use super::matching::Observed;
use super::run::Run;
use super::state::State;
use crate::model::effect::Effect;
use crate::model::event::{Event, Kind, Order};
use crate::model::id::RulesVersion;
use crate::model::journey::{Entry, Journey};
use crate::model::person::Person;
use crate::model::time::Second;
use crate::model::transition::Transition;

/// What happens to a person.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "an input lives for one step, and nearly all of them are events")]
pub enum Input {
    /// The person was just made, with these first attributes. Comes before everything else.
    Born,
    /// Something arrived. Its number and its place in the history are given by the step.
    Event(Event),
    /// Time has passed.
    Wake,
}

/// A person as the engine needs them.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub person: Person,
    pub state: State,
    /// Those that are not over, in the order of their start.
    pub journeys: Vec<Journey>,
    /// The next instant at which time alone changes something. It plays when that second is over.
    pub wake: Option<Second>,
}

impl Subject {
    /// Somebody without a history.
    #[must_use]
    pub fn new(person: Person) -> Self {
        Self { person, state: State::default(), journeys: Vec::new(), wake: None }
    }
}

/// What came of an input. The subject is changed in place; this is what else is to be written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// The input's event first, numbered; then those that steps of campaigns caused. Their numbers say
    /// their order: wakes that were due before the input can have caused events before it.
    pub events: Vec<Event>,
    /// In the order of the decisions.
    pub transitions: Vec<Transition>,
    pub entries: Vec<Entry>,
    pub effects: Vec<Effect>,
    /// Journeys that began, went on or ended.
    pub journeys_changed: Vec<Journey>,
    /// The subject's wake afterwards.
    pub wake: Option<Second>,
}

/// Plays `input` at `now` (the second of its arrival).
///
/// Wakes that were due before `now` are played first, each as of its own second, so that a caller
/// cannot be too late for them. With [`Input::Wake`] there is nothing but them. An older `now` than
/// one that was played already is raised to it.
///
/// `history` holds the person's events by their number, without the input; it is looked at only where
/// [`history_needed`] says so. Without it an order-sensitive condition takes a late event as the newest.
///
/// The caller loads the person's rule set before one that is older: versions never go back.
pub fn step(versions: &Versions, subject: &mut Subject, input: Input, history: Option<&[Event]>, now: Second) -> Step {
    let mut run = Run::new(versions, subject, history.unwrap_or(&[]));
    let now = now.max(run.subject.state.floor);
    match input {
        Input::Born => run.be_born(now),
        Input::Wake => run.reach(now),
        Input::Event(event) => {
            run.reach(now);
            run.arrive(event, now);
        }
    }
    run.finish()
}

/// Plays the wakes that are due before `now`, one step each.
pub fn play_due(versions: &Versions, subject: &mut Subject, history: Option<&[Event]>, now: Second) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(due) = subject.wake.filter(|wake| *wake < now) {
        // A wake is due when its second is over.
        steps.push(step(versions, subject, Input::Wake, history, due.next()));
    }
    steps
}

/// Whether [`step`] needs the person's whole log for this input.
///
/// It does when the state was written under a rule set that says something else, and when a late
/// event meets something whose truth depends on the order of events.
#[must_use]
pub fn history_needed(versions: &Versions, subject: &Subject, input: &Input) -> bool {
    match input {
        Input::Born => false,
        Input::Wake => is_outdated(&versions.active, &subject.state),
        Input::Event(event) => is_outdated(&versions.active, &subject.state) || is_disturbing(versions, subject, event),
    }
}

/// Whether the state cannot go on under `engine` as it is.
pub(super) fn is_outdated(engine: &Engine, state: &State) -> bool {
    state.rules != engine.version && (state.rules == RulesVersion(0) || state.fingerprint != engine.fingerprint)
}

/// Whether `event` is late and meets something that depends on the order.
fn is_disturbing(versions: &Versions, subject: &Subject, event: &Event) -> bool {
    let at = history::stamp(event, event.arrived.max(subject.state.floor));
    let order = Order::new(at, subject.state.last_seq.saturating_add(1), event.precedes);
    if event.kind == Kind::AttributesSet {
        return subject.state.newest_write.is_some_and(|newest| order < newest);
    }
    // A wait that is over goes on first, and what its steps write is then newer than the event.
    let over = |wait: Second| wait < event.arrived && at <= wait;
    let overtaken = subject.journeys.iter().any(|journey| journey.wake.is_some_and(over));
    if !overtaken && subject.state.newest.is_none_or(|newest| newest < order) {
        return false;
    }
    let observed = Observed::new(event);
    history::engines(versions, &versions.active, &subject.journeys).any(|engine| {
        let candidates = engine.router.candidates(&observed);
        let uses = candidates.into_iter().filter_map(|hit| engine.uses.get(hit.number as usize));
        let atoms = uses.flat_map(|uses| &uses.atoms).filter_map(|place| engine.atoms.get(*place as usize));
        atoms.into_iter().any(super::atom::Atom::is_order_sensitive)
    })
}

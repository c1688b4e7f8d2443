//! The door of the engine: one input for one person, and what comes of it. Pure and total.

use super::atom::Atom;
use super::compiled::{Engine, Versions};
use super::evaluate;
use super::history::{self, History};
use super::matching::Observed;
use super::run::Run;
use super::state::State;
use crate::model::calendar::Calendar;
use crate::model::effect::Effect;
use crate::model::event::{Event, Kind, Order};
use crate::model::id::RulesVersion;
use crate::model::journey::{Entry, Journey};
use crate::model::person::Person;
use crate::model::time::{Second, Span};
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
    /// A schedule has come round. Its second is over, like that of a wake that is due.
    Occurrence(Occurrence),
    /// A campaign with this name was published that starts who matches already.
    Deployed(String),
}

/// An occurrence of a schedule, for one of its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    pub schedule: String,
    /// When it was due; it can be seen to later.
    pub at: Second,
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
    /// What the decisions mean to rules that look for them, in their order. Not for the log, but a part of the
    /// [`History`] from here on.
    pub moves: Vec<Event>,
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
/// one that was played already is raised to it. [`Input::Occurrence`] has an instant of its own instead: it is
/// evaluated as of that second, behind the wakes of it, or as soon after it as the person's past allows.
///
/// `history` is the person's past without the input; it is looked at only where [`history_needed`] says so. Without it an order-sensitive condition takes a late event as the newest.
///
/// The caller loads the person's rule set before one that is older: versions never go back.
pub fn step(
    versions: &Versions,
    subject: &mut Subject,
    input: Input,
    history: Option<History<'_>>,
    now: Second,
) -> Step {
    let mut run = Run::new(versions, subject, history);
    let now = now.max(run.subject.state.floor);
    match input {
        Input::Born => run.be_born(now),
        Input::Wake => run.reach(now),
        Input::Occurrence(occurrence) => run.reach_occurrence(&occurrence),
        Input::Deployed(campaign) => run.reach_deployment(&campaign, now),
        Input::Event(event) => {
            run.reach(now);
            run.arrive(event, now);
        }
    }
    run.finish()
}

/// Plays the wakes that are due before `now`, one step each.
pub fn play_due(versions: &Versions, subject: &mut Subject, history: Option<History<'_>>, now: Second) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(due) = subject.wake.filter(|wake| *wake < now) {
        // A wake is due when its second is over.
        steps.push(step(versions, subject, Input::Wake, history, due.next()));
    }
    steps
}

/// Whether [`step`] needs the person's whole log for this input.
///
/// It does when the active rule set asks about events that the state does not remember, when a late event meets
/// something whose truth depends on the order of events, and when a campaign starts because something did not come:
/// its journey has the data of what was not answered.
#[must_use]
pub fn history_needed(versions: &Versions, subject: &Subject, input: &Input) -> bool {
    match input {
        Input::Born => false,
        Input::Wake | Input::Occurrence(_) | Input::Deployed(_) => {
            lacks_past(versions, &subject.state) || next_verdict(versions, subject).is_some()
        }
        Input::Event(event) => {
            let is_over = |verdict: Second| verdict < event.arrived.max(subject.state.floor);
            lacks_past(versions, &subject.state)
                || next_verdict(versions, subject).is_some_and(is_over)
                || may_disturb(versions, subject, event)
        }
    }
}

/// Whether the active rule set asks about a past that the state does not remember.
fn lacks_past(versions: &Versions, state: &State) -> bool {
    let amendment = || versions.amendment(state.rules);
    is_outdated(&versions.active, state) && amendment().is_none_or(|amendment| amendment.asks_past())
}

/// When the next verdict starts a campaign: by the rules in force, or by those of the state, which play what was due
/// before the change.
pub fn next_verdict(versions: &Versions, subject: &Subject) -> Option<Second> {
    let engines = [Some(&*versions.active), versions.get(subject.state.rules)];
    let verdicts = engines.into_iter().flatten().filter_map(|engine| {
        let calendar = Calendar::of(&engine.rules.schema, &subject.person);
        evaluate::next_verdict(engine, &subject.state, calendar)
    });
    verdicts.min()
}

/// Whether the state cannot go on under `engine` as it is.
pub(super) fn is_outdated(engine: &Engine, state: &State) -> bool {
    state.rules != engine.version && (state.rules == RulesVersion(0) || state.fingerprint != engine.fingerprint)
}

/// Whether `event`, once what is due has been played, can be one that disturbs.
fn may_disturb(versions: &Versions, subject: &Subject, event: &Event) -> bool {
    let now = event.arrived.max(subject.state.floor);
    let at = history::stamp(event, now);
    let order = Order::new(at, subject.state.last_seq.saturating_add(1), event.precedes);
    let engines: Vec<&Engine> = history::engines(versions, &versions.active, &subject.journeys).collect();
    if subject.wake.is_none_or(|wake| wake >= now) {
        return is_disturbing(&engines, &subject.state, event, order);
    }
    // What is due goes on first, and all of it can be newer than the event. Only campaigns write.
    let over = now.minus(Span(1));
    let end = Some(Order::behind(over, u32::MAX));
    let mut later = subject.state.clone();
    (later.newest_move, later.woken) = (end, Some(over));
    if engines.iter().any(|engine| !engine.campaigns.is_empty()) {
        (later.newest, later.newest_write) = (end, end);
    }
    is_disturbing(&engines, &later, event, order)
}

/// Whether `event`, which lies at `order`, changes more than what comes next to what is remembered: it lies
/// before something that was taken in already, or the person's days lie otherwise from now on.
pub(super) fn is_disturbing(engines: &[&Engine], state: &State, event: &Event, order: Order) -> bool {
    let at = order.0;
    let is_behind = |newest: Option<Order>| newest.is_none_or(|newest| newest < order);
    let late = !is_behind(state.newest);
    let before_moves = late || !is_behind(state.newest_move);
    let before_wakes = state.woken.is_some_and(|woken| at <= woken);
    let before_runs = before_moves || before_wakes;
    let is_late_for = |atom: &Atom| match atom.chain() {
        Some(chain) => late || (atom.moves && before_moves) || (chain.absent.is_some() && before_wakes),
        None => atom.is_order_sensitive() && late,
    };
    if event.kind == Kind::AttributesSet {
        let zone_changes = |engine: &&Engine| {
            let zone = engine.rules.schema.person_time_zone.as_ref();
            let is_written = zone.is_some_and(|zone| event.properties.contains_key(zone));
            is_written && engine.remembers_days()
        };
        if !is_behind(state.newest_write) || engines.iter().any(zone_changes) {
            return true;
        }
    }
    let observed = Observed::new(event);
    engines.iter().any(|engine| {
        let uses = engine.router.candidates(&observed).into_iter();
        let uses = uses.filter_map(|hit| engine.uses.get(hit.number as usize)).flat_map(|uses| &uses.atoms);
        let mut atoms = uses.filter_map(|place| engine.atoms.get(*place as usize));
        // What lives in a journey can be part of what is followed, too.
        let meets = |atom: &Atom| is_late_for(atom) || (atom.scoped && before_runs);
        atoms.any(meets) || (before_runs && !engine.touchable_runs(event).is_empty())
    })
}

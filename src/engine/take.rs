//! From an event to changed memories: attributes, manual segments, atoms.

use super::atom::{Atom, AtomKey, What};
use super::compiled::Engine;
use super::evaluate::Dirty;
use super::history;
use super::matching::{Observed, Witness};
use super::route::Hit;
use super::run::Run;
use super::sequence::{Keep, Met};
use super::tally::Stamp;
use super::trigger::Start;
use crate::model::calendar::Calendar;
use crate::model::event::{Event, Kind};
use crate::model::id::{JourneyId, RulesVersion, SegmentId};
use crate::model::transition::Cause;

/// An atom that an event met.
pub struct Encounter<'a> {
    pub engine: &'a Engine,
    pub atom: &'a Atom,
    /// The most that any rule set in play keeps of it.
    pub keep: Keep,
    /// The tests of it that the event passed.
    pub passed: Vec<u32>,
    /// The place of the journey in whose memory it lives.
    pub journey: Option<usize>,
}

/// A journey that remembers something by itself.
#[derive(Clone)]
pub struct Rememberer {
    pub place: usize,
    pub id: JourneyId,
    pub campaign: String,
    pub rules: RulesVersion,
}

/// What an event met.
#[derive(Default)]
pub struct Meeting<'a> {
    pub encounters: Vec<Encounter<'a>>,
    /// The campaigns, by rule set, that start on it as it is.
    pub triggers: Vec<(RulesVersion, u32)>,
}

/// The atoms that an event meets, each once, and the campaigns that start on it.
pub fn meet<'a>(
    engines: &[&'a Engine],
    observed: &Observed<'_>,
    witness: Witness<'_>,
    rememberers: &[Rememberer],
) -> Meeting<'a> {
    let mut meeting = Meeting::default();
    let met = &mut meeting.encounters;
    for engine in engines.iter().copied() {
        for Hit { number, is_sure } in engine.router.candidates(observed) {
            let (Some(matcher), Some(uses)) = (engine.matchers.get(number as usize), engine.uses.get(number as usize))
            else {
                continue;
            };
            let passes = |journey| matcher.matches(observed, Witness { journey, ..witness });
            let of_person = is_sure || (!matcher.is_scoped() && passes(None));
            if of_person {
                meeting.triggers.extend(uses.triggers.iter().map(|campaign| (engine.version, *campaign)));
            }
            for place in &uses.atoms {
                let Some(atom) = engine.atoms.get(*place as usize) else { continue };
                let mut meets = |journey| {
                    met.push(Encounter { engine, atom, keep: atom.keep(), passed: vec![number], journey });
                };
                if !atom.scoped {
                    if of_person {
                        meets(None);
                    }
                    continue;
                }
                for asks in rememberers.iter().filter(|asks| asks.rules == engine.version) {
                    let scoped = engine.campaign_named(&asks.campaign).map(|(campaign, _)| &campaign.scoped);
                    let has = scoped.is_some_and(|scoped| scoped.atoms.iter().any(|(known, _)| known == place));
                    if has && (of_person || (matcher.is_scoped() && passes(Some(asks.id)))) {
                        meets(Some(asks.place));
                    }
                }
            }
        }
    }
    // Several tests of one atom, or two rule sets in play, make one of what they share.
    met.sort_by_key(|met| (met.atom.key, met.journey, met.engine.version));
    met.dedup_by(|other, met| {
        let is_same = (other.atom.key, other.journey) == (met.atom.key, met.journey);
        if is_same {
            met.keep.count = met.keep.count.max(other.keep.count);
            met.keep.all |= other.keep.all;
            if other.engine.version == met.engine.version {
                met.passed.append(&mut other.passed);
            }
        }
        is_same
    });
    // An event that is none of those of which the newest is looked for says nothing.
    met.retain(|met| !matches!(met.atom.what, What::Newest { among, .. } if !met.passed.contains(&among)));
    meeting
}

impl<'a> Run<'a> {
    /// Takes in a numbered event and evaluates what it touched, besides what is in `dirty` already.
    /// Returns the campaigns it can start, in the order of the rule set, each once.
    pub fn take_in(&mut self, event: &Event, mut dirty: Dirty) -> Vec<Start> {
        let cause = Cause::Event { seq: event.seq, key: event.key };
        let (mut starts, mut shifted) = (Vec::new(), None);
        let local = self.calendar;
        if !self.disturbing {
            self.before_touch(event, event.at);
        }
        match &event.kind {
            Kind::AttributesSet => starts = self.write(event, cause, &mut dirty),
            Kind::SegmentJoined(name) => shifted = self.shift(event, name, true, cause, &mut dirty),
            Kind::SegmentLeft(name) => shifted = self.shift(event, name, false, cause, &mut dirty),
            _ => starts = self.remember(&Observed::new(event), cause, &mut dirty),
        }
        if self.calendar != local {
            self.note_dirty(&self.engine.local, cause, &mut dirty);
            if !self.disturbing && self.engines().iter().any(|engine| engine.remembers_days()) {
                // A step of a campaign wrote it, and the past is not at hand: it is folded next.
                self.subject.state.forget();
                self.flip = [self.flip, Some(self.at)].into_iter().flatten().min();
            }
        }
        if self.disturbing {
            starts.extend(self.retell(event, local, cause, &mut dirty));
            let engine = self.engine;
            dirty.retain(|place, _| !engine.is_held(*place));
        } else {
            self.behind_touch(event.at, &mut dirty);
        }
        if let Some((segment, joined)) = shifted {
            starts.extend(self.moved_segment(segment, joined, cause, &mut dirty));
        }
        starts.extend(self.evaluate(dirty, false));
        starts.sort_by_key(|start| start.campaign);
        starts.dedup_by_key(|start| start.campaign);
        starts
    }

    /// Writes attributes, except what a later write has taken up already.
    fn write(&mut self, event: &Event, cause: Cause, dirty: &mut Dirty) -> Vec<Start> {
        let order = event.order();
        let is_late = self.subject.state.newest_write.is_some_and(|newest| order < newest);
        let names = if is_late {
            history::unwritten(event, &self.past())
        } else {
            event.properties.keys().map(String::as_str).collect()
        };
        let asks = !is_late && self.is_asked_for(&Observed::new(event));
        let person = &mut self.subject.person;
        let first = asks.then(|| person.clone());
        let before = self.engine.attributes.before(names.iter().copied(), person);
        for (name, value) in event.properties.iter().filter(|(name, _)| names.contains(&name.as_str())) {
            person.set(name, value);
        }
        let touched = self.engine.attributes.touched(&before, person);
        dirty.extend(touched.into_iter().map(|place| (place, cause)));
        let newest = &mut self.subject.state.newest_write;
        *newest = (*newest).max(Some(order));
        self.calendar = Calendar::of(&self.engine.rules.schema, &self.subject.person);
        let Some(first) = first else { return Vec::new() };
        let behind = self.subject.person.clone();
        self.remember(&Observed::write(event, &first, &behind), cause, dirty)
    }

    fn is_asked_for(&self, observed: &Observed<'_>) -> bool {
        self.engines().iter().any(|engine| !engine.router.candidates(observed).is_empty())
    }

    /// The rule sets whose atoms are kept up.
    pub fn engines(&self) -> Vec<&'a Engine> {
        history::engines(self.versions, self.engine, &self.subject.journeys).collect()
    }

    /// Moves the person into or out of a manual segment. Says whether that is a change.
    fn shift(
        &mut self,
        event: &Event,
        name: &str,
        joined: bool,
        cause: Cause,
        dirty: &mut Dirty,
    ) -> Option<(SegmentId, bool)> {
        let segment = self.engine.manual.get(name).copied()?;
        let state = &mut self.subject.state;
        if state.set_moved(segment, event.order()) && state.set_member(segment, joined, self.at) {
            self.step.transitions.push(self.transition(segment, joined, cause));
            self.depend(segment, cause, dirty);
            return Some((segment, joined));
        }
        None
    }

    /// Goes on with the memories of the atoms that the event meets. Returns the campaigns it starts.
    pub fn remember(&mut self, observed: &Observed<'_>, cause: Cause, dirty: &mut Dirty) -> Vec<Start> {
        let event = observed.event;
        if event.kind == Kind::Inbound {
            let newest = &mut self.subject.state.newest_inbound;
            *newest = (*newest).max(Some(Stamp::from(event.at)));
            self.note_dirty(&self.engine.service_window, cause, dirty);
        }
        let rememberers = self.rememberers();
        let meeting = meet(&self.engines(), observed, self.witness(), &rememberers);
        let triggers = meeting.triggers.iter().filter(|(version, _)| *version == self.engine.version);
        let mut starts: Vec<Start> = triggers.map(|(_, campaign)| Start::new(*campaign, cause)).collect();
        for met in &meeting.encounters {
            // What depends on the order of the past is told again as a whole.
            let told_again = self.disturbing && met.atom.is_order_sensitive() && !matches!(event.kind, Kind::Moved(_));
            let own = self.own(met);
            // Of what begins in one second there is one verdict: it may have been reached before.
            let was_decided = own.is_some_and(|atom| self.is_decided(atom, event));
            let completed = !told_again && self.learn(met, event);
            // Another rule set's conditions are not watched: they are asked when its journeys go on.
            let Some(atom) = own else { continue };
            self.note_dirty(&atom.conditions, cause, dirty);
            if completed || (!was_decided && self.is_decided(atom, event)) {
                starts.extend(atom.triggers.iter().map(|campaign| Start::new(*campaign, cause)));
            }
        }
        starts
    }

    /// For whom tests are made now.
    pub fn witness(&self) -> Witness<'_> {
        Witness { person: &self.subject.person, then: self.calendar, today: self.calendar, journey: None }
    }

    /// The atom of the rule set in force that an encounter is about.
    fn own(&self, met: &Encounter<'a>) -> Option<&'a Atom> {
        if met.engine.version == self.engine.version { Some(met.atom) } else { self.engine.atom(met.atom.key) }
    }

    /// Whether what waits since `event` has its verdict already: nobody wakes for that any more.
    fn is_decided(&self, atom: &Atom, event: &Event) -> bool {
        use super::memory::Memory;
        let Some(absent) = atom.chain().and_then(|chain| chain.absent.as_ref()) else { return false };
        let Some(Memory::Sequence(progress)) = self.subject.state.memory(atom.key) else { return false };
        let verdict = absent.deadline.verdict(event.at, self.calendar);
        verdict < self.at && progress.has_verdict(verdict, absent.deadline, self.calendar)
    }

    /// Goes on with one memory. Says whether a sequence was completed.
    fn learn(&mut self, met: &Encounter<'_>, event: &Event) -> bool {
        let (atom, calendar) = (met.atom, self.calendar);
        let memory = match met.journey {
            None => self.subject.state.memory_mut(atom.key, || atom.empty()),
            Some(place) => {
                let Some(scoped) = self.scoped.get_mut(&place).filter(|scoped| scoped.is_behind(event)) else {
                    return false;
                };
                scoped.memory_mut(atom.key, || atom.empty())
            }
        };
        atom.learn(memory, &Met { event, passed: &met.passed }, met.keep, calendar)
    }

    /// The journeys that remember something by themselves.
    pub fn rememberers(&self) -> Vec<Rememberer> {
        let journeys = self.scoped.keys().filter_map(|place| Some((*place, self.subject.journeys.get(*place)?)));
        let open = journeys.filter(|(_, journey)| journey.ended.is_none());
        open.map(|(place, journey)| Rememberer {
            place,
            id: journey.id,
            campaign: journey.campaign.clone(),
            rules: journey.rules,
        })
        .collect()
    }

    /// What atom `key` has to be told again by, after a late event.
    pub(super) fn retold(&self, atom: &Atom, met: &[AtomKey], event: &Event, zone_changed: bool) -> bool {
        let write = event.kind == Kind::AttributesSet;
        (atom.is_order_sensitive() && met.contains(&atom.key))
            || (write && atom.changes)
            || (zone_changed && atom.local)
            || matches!(atom.what, What::Held)
    }
}

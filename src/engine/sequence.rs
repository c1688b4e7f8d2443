//! How far a sequence got: per step the newest second at which it was complete so far. For whatever
//! comes, a later one leaves a smaller gap, and less in between that is forbidden.

use serde::{Deserialize, Serialize};

use super::atom::Form;
use super::chain::{Chain, Deadline, Linked, Stage, message_hash, value_hash};
use super::tally::{Hash, Stamp, Tally};
use super::window::{self, Pane, Part};
use crate::model::calendar::{Calendar, Now};
use crate::model::event::{Event, Kind};
use crate::model::id::Seq;
use crate::model::rule::Window;
use crate::model::time::Second;

/// The memory of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// By step, the last one left out.
    steps: Vec<Vec<Entry>>,
    /// Before a last `not`: what was complete up to it and waits for the verdict.
    waiting: Vec<Entry>,
    /// Where completions lie. Verdicts whose second is over are among them once that second was played.
    done: Tally,
}

/// The decision that nothing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    pub at: Second,
    /// The number of the event that was not answered; none for a move.
    pub about: Option<Seq>,
    /// The second of that event. It says which verdict it is: where days lie otherwise, `at` is another one.
    pub since: Second,
}

/// An event that completed the sequence so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    at: Stamp,
    /// Its number; none for a move, which is in no log.
    seq: Option<Seq>,
    /// What its [`Stage`] keeps: the message first, then the properties.
    keys: Vec<Hash>,
}

/// One event in order, with the numbers of the tests that it passed.
pub struct Met<'a> {
    pub event: &'a Event,
    pub passed: &'a [u32],
}

impl Met<'_> {
    fn is(&self, test: u32) -> bool {
        self.passed.contains(&test)
    }
}

/// What an atom keeps of its sequence.
#[derive(Clone, Copy)]
pub struct Keep {
    pub part: Part,
    pub count: u32,
    /// All that waits for a verdict, and not the earliest alone.
    pub all: bool,
}

impl Progress {
    /// Nothing yet.
    #[must_use]
    pub fn empty(form: Form) -> Self {
        Self { steps: Vec::new(), waiting: Vec::new(), done: Tally::empty(form) }
    }

    /// The same progress, of which nothing is completed yet that counts: of verdicts, only those from `entered` on.
    #[must_use]
    pub fn begun_at(&self, chain: &Chain, form: Form, entered: Second, calendar: Calendar) -> Self {
        let mut waiting = self.waiting.clone();
        if let Some(absent) = &chain.absent {
            waiting.retain(|entry| absent.deadline.verdict(Second::from(entry.at), calendar) > entered);
        }
        Self { steps: self.steps.clone(), waiting, done: Tally::empty(form) }
    }

    /// Goes on by the next event in order. Returns whether it completes the sequence.
    pub fn walk(&mut self, chain: &Chain, met: &Met<'_>, keep: Keep, calendar: Calendar) -> bool {
        let mut completed = false;
        if let Some(absent) = chain.absent.as_ref().filter(|absent| met.is(absent.event.test)) {
            let stage = chain.stages.get(chain.links.len());
            let in_time = |at: Second| met.event.at <= absent.deadline.last(at, calendar);
            let answers =
                |entry: &Entry| entry.fits(stage, &absent.event, met.event) && in_time(Second::from(entry.at));
            self.waiting.retain(|entry| !answers(entry));
        }
        // From the last step down: one event fills one place.
        for (n, link) in chain.links.iter().enumerate().rev() {
            let stage = chain.stages.get(n);
            let at = met.event.at;
            let entries = self.step(n);
            if let Some(within) = link.within {
                entries.retain(|entry| at <= calendar.deadline(Second::from(entry.at), within));
            }
            let completing: Vec<Entry> = if met.is(link.event.test) {
                entries.iter().filter(|entry| entry.fits(stage, &link.event, met.event)).cloned().collect()
            } else {
                Vec::new()
            };
            if let Some(unless) = link.unless.as_ref().filter(|unless| met.is(unless.test)) {
                entries.retain(|entry| !entry.fits(stage, unless, met.event));
            }
            let is_last = n + 1 == chain.links.len() && chain.absent.is_none();
            if is_last {
                completed |= !completing.is_empty();
            } else {
                for before in &completing {
                    let it = stage.filter(|stage| stage.keeps_it).and(before.keys.first().copied());
                    self.complete(n + 1, chain, it, met.event, keep);
                }
            }
        }
        if met.is(chain.first) {
            self.complete(0, chain, None, met.event, keep);
        }
        if completed && keep.part.contains(met.event.at, calendar) {
            self.done.add(met.event.at, keep.count, calendar);
        }
        completed
    }

    fn step(&mut self, n: usize) -> &mut Vec<Entry> {
        if self.steps.len() <= n {
            self.steps.resize_with(n + 1, Vec::new);
        }
        self.steps.get_mut(n).expect("the list was made long enough")
    }

    /// Notes that `event` completes the sequence up to step `n`.
    fn complete(&mut self, n: usize, chain: &Chain, it: Option<Hash>, event: &Event, keep: Keep) {
        let Some(keys) = chain.stages.get(n).and_then(|stage| keys(stage, it, event)) else { return };
        let seq = Some(event.seq).filter(|_| !matches!(event.kind, Kind::Moved(_)));
        let entry = Entry { at: Stamp::from(event.at), seq, keys };
        let waits = chain.absent.is_some() && n == chain.links.len();
        if waits && !keep.all && !self.done.is_empty() {
            return;
        }
        let entries = if waits { &mut self.waiting } else { self.step(n) };
        let same = |other: &&mut Entry| other.keys == entry.keys && (!(waits && keep.all) || other.at == entry.at);
        match entries.iter_mut().find(same) {
            // What waits for a verdict: the earliest is the first to have it.
            Some(_) if waits => {}
            Some(known) => (known.at, known.seq) = (entry.at, entry.seq),
            None => entries.push(entry),
        }
    }

    /// Counts the verdicts that lie no later than `now` as completions. Returns the one at `now`, if there is one.
    pub fn settle(&mut self, chain: &Chain, keep: Keep, now: Now) -> Option<Verdict> {
        let absent = chain.absent.as_ref()?;
        let verdict = |entry: &Entry| absent.deadline.verdict(Second::from(entry.at), now.calendar);
        let (over, waiting): (Vec<Entry>, Vec<Entry>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|entry| verdict(entry) <= now.at);
        self.waiting = waiting;
        for at in over.iter().map(verdict).filter(|at| keep.part.contains(*at, now.calendar)) {
            self.done.add(at, keep.count, now.calendar);
        }
        if !keep.all && !self.done.is_empty() {
            self.waiting.clear();
        }
        let of_now = over.iter().filter(|entry| verdict(entry) == now.at);
        of_now.map(|entry| Verdict { at: now.at, about: entry.seq, since: entry.at.into() }).min()
    }

    /// The verdicts that were not counted yet.
    pub fn verdicts(&self, deadline: Deadline, calendar: Calendar) -> impl Iterator<Item = Verdict> {
        let of = move |entry: &Entry| {
            let since = Second::from(entry.at);
            Verdict { at: deadline.verdict(since, calendar), about: entry.seq, since }
        };
        self.waiting.iter().map(of)
    }

    /// Forgets what nobody asks for who keeps this much.
    pub fn forget_beyond(&mut self, keep: Keep) {
        self.done.forget_beyond(keep.count, None);
        if !keep.all {
            // The earliest is the first to have its verdict.
            self.waiting.sort_by_key(|entry| entry.at);
            let mut seen = Vec::new();
            self.waiting.retain(|entry| {
                let is_first = !seen.contains(&entry.keys);
                seen.push(entry.keys.clone());
                is_first
            });
        }
    }

    /// Whether a completion was counted.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether `verdict` is among them, or was counted.
    pub fn has_verdict(&self, verdict: Second, deadline: Deadline, calendar: Calendar) -> bool {
        self.done.contains(verdict) || self.verdicts(deadline, calendar).any(|known| known.at == verdict)
    }

    /// How many completions lie in `window` now, up to where it stops to matter.
    #[must_use]
    pub fn count(&self, window: Window, deadline: Option<Deadline>, now: Now) -> u32 {
        let pane = Pane::of(window, now);
        let verdicts = deadline.into_iter().flat_map(|deadline| self.verdicts(deadline, now.calendar));
        let verdicts = verdicts.filter(|verdict| verdict.at <= now.at && pane.contains(verdict.at)).count();
        self.done.count(window, now).saturating_add(u32::try_from(verdicts).unwrap_or(u32::MAX))
    }

    /// The instants at which time can change the count.
    pub fn flips(&self, window: Window, deadline: Option<Deadline>, calendar: Calendar, flips: &mut Vec<Second>) {
        self.done.flips(window, calendar, flips);
        for verdict in deadline.into_iter().flat_map(|deadline| self.verdicts(deadline, calendar)) {
            flips.push(verdict.at);
            window::flips(window, verdict.at, calendar, flips);
        }
    }
}

impl Entry {
    /// Whether `event` has in common with this one what `linked` asks for.
    fn fits(&self, stage: Option<&Stage>, linked: &Linked, event: &Event) -> bool {
        let Some(stage) = stage else { return false };
        let it =
            !linked.to_it || (stage.keeps_it && message_hash(event).is_some_and(|it| self.keys.first() == Some(&it)));
        it && linked.same.as_deref().is_none_or(|property| {
            let place = stage.properties.iter().position(|known| known == property);
            let known = place.and_then(|place| self.keys.get(place + usize::from(stage.keeps_it)));
            known.is_some() && known == value_hash(event, property).as_ref()
        })
    }
}

/// What `stage` keeps of `event`. An event that lacks something of it takes no part.
fn keys(stage: &Stage, it: Option<Hash>, event: &Event) -> Option<Vec<Hash>> {
    let mut keys = Vec::new();
    if stage.keeps_it {
        keys.push(if stage.is_message { message_hash(event)? } else { it? });
    }
    for property in &stage.properties {
        keys.push(value_hash(event, property)?);
    }
    Some(keys)
}

//! What decisions of the engine mean to rules that look for them: `entered segment`, `left campaign` and so on
//! are events directly behind the arrival or wake that caused them.

use super::evaluate::Dirty;
use super::matching::Observed;
use super::run::{Mode, Run};
use super::scoped::Scoped;
use super::trigger::Start;
use crate::model::event::{Event, Kind};
use crate::model::id::SegmentId;
use crate::model::journey::What;
use crate::model::limit::CASCADE_ROUNDS_MAX;
use crate::model::rule::Move;
use crate::model::transition::Cause;

/// What the moves of journeys touched, until it is evaluated.
#[derive(Default)]
pub struct Decided {
    dirty: Dirty,
    starts: Vec<Start>,
    /// How deep in the chain of causes it stands.
    depth: u32,
}

impl Run<'_> {
    /// Takes in what happened to a journey. What that touches is evaluated before any journey goes on.
    pub fn moved(&mut self, what: Move, cause: Cause) {
        if self.mode == Mode::Anonymous {
            return;
        }
        let mut dirty = std::mem::take(&mut self.decided.dirty);
        let starts = self.observe(what, cause, &mut dirty);
        self.decided.dirty = dirty;
        self.decided.starts.extend(starts);
        self.decided.depth = self.decided.depth.max(self.depth);
        if self.mode == Mode::Live {
            let moved = self.step.moves.last().cloned();
            self.asks.extend(moved.map(|moved| (moved, self.depth)));
        }
    }

    /// Evaluates what happened to journeys, and starts what that starts. Returns whether there was anything.
    pub fn look_at_moves(&mut self) -> bool {
        let Decided { dirty, mut starts, depth } = std::mem::take(&mut self.decided);
        if dirty.is_empty() && starts.is_empty() {
            return false;
        }
        starts.extend(self.evaluate(dirty, false));
        starts.sort_by_key(|start| start.campaign);
        starts.dedup_by_key(|start| start.campaign);
        match starts.first() {
            Some(first) if depth >= CASCADE_ROUNDS_MAX => {
                let (engine, cause) = (self.engine, first.cause);
                if let Some((_, rule)) = engine.campaign(first.campaign) {
                    self.enter(None, &rule.name, None, cause, What::Loop);
                }
            }
            _ => {
                // What time alone caused is nobody's event.
                let event = self.arriving.clone();
                self.start_all(&starts, event.as_deref(), depth.saturating_add(1));
            }
        }
        true
    }

    /// A journey has begun: it remembers by itself from here on.
    pub fn entered_campaign(&mut self, place: usize) {
        let Some(journey) = self.subject.journeys.get(place) else { return };
        let (campaign, cause) = (journey.campaign.clone(), journey.cause);
        if let Some((compiled, _)) = self.engine.campaign_named(&campaign).filter(|(c, _)| !c.scoped.is_empty()) {
            let atoms = compiled.scoped.atoms.iter();
            let atoms = atoms.filter_map(|(place, twin)| Some((self.engine.atoms.get(*place as usize)?, *twin)));
            let entered =
                Event::of_move(Move::EnteredCampaign(campaign.clone()), self.at, self.subject.state.last_seq, cause);
            let scoped = Scoped::begin(entered.order(), atoms, &self.subject.state, self.calendar);
            self.scoped.insert(place, scoped);
        }
        self.moved(Move::EnteredCampaign(campaign), cause);
    }

    /// Feeds the atoms with a data-driven or manual segment's move.
    pub fn moved_segment(&mut self, id: SegmentId, entered: bool, cause: Cause, dirty: &mut Dirty) -> Vec<Start> {
        let Some(name) = self.engine.segment_names.get(&id).cloned() else { return Vec::new() };
        if self.mode == Mode::Silent {
            // It was written down when it happened.
            return Vec::new();
        }
        let what = if entered { Move::EnteredSegment(name) } else { Move::LeftSegment(name) };
        self.observe(what, cause, dirty)
    }

    /// Takes in a move that was written down.
    pub fn recorded(&mut self, event: &Event) {
        let Kind::Moved(what) = &event.kind else { return };
        self.set_instant(event.at);
        let mut dirty = Dirty::new();
        let starts = self.observe(what.clone(), Cause::Wake, &mut dirty);
        debug_assert!(
            starts.is_empty() || self.mode == Mode::Silent,
            "what is written down has started what it starts"
        );
        self.evaluate(dirty, false);
        self.arm(false);
    }

    fn note_running(&mut self, what: &Move, cause: Cause, dirty: &mut Dirty) {
        let changed = match what {
            Move::EnteredCampaign(campaign) => self.subject.state.set_running(campaign, true),
            Move::LeftCampaign(campaign) => self.subject.state.set_running(campaign, false),
            _ => false,
        };
        if changed {
            self.note_dirty(self.engine.running.get(what.name()).into_iter().flatten(), cause, dirty);
        }
    }

    fn observe(&mut self, what: Move, cause: Cause, dirty: &mut Dirty) -> Vec<Start> {
        let event = Event::of_move(what, self.at, self.subject.state.last_seq, cause);
        self.before_touch(&event, self.at);
        if let Kind::Moved(what) = &event.kind {
            self.note_running(what, cause, dirty);
        }
        let newest = &mut self.subject.state.newest_move;
        *newest = (*newest).max(Some(event.order()));
        let starts = self.remember(&Observed::new(&event), cause, dirty);
        self.behind_touch(self.at, dirty);
        self.step.moves.push(event);
        starts
    }
}

impl Move {
    /// The name of the segment or campaign.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::EnteredSegment(name)
            | Self::LeftSegment(name)
            | Self::EnteredCampaign(name)
            | Self::LeftCampaign(name)
            | Self::FinishedCampaign(name)
            | Self::ConvertedIn(name) => name,
        }
    }
}

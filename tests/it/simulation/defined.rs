//! What the definition says of one life: the stream of changes, looked at second by second.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use antiphon::engine::naive::{Case, Completion};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::EventKey;
use antiphon::model::person::Person;
use antiphon::model::rule::{Action, Campaign, Condition, Frequency, IfRunning, Move, Phrase, RuleSet, Trigger, Wait};
use antiphon::model::time::{Length, Second};
use antiphon::model::value::Properties;

use super::stage::Change;

/// One completion: the second of the event, and the event unless it is a verdict: of those on the events of one
/// second there is one. Where days lie otherwise from now on, it has another instant, and is the same.
type Completed = BTreeSet<(Second, Option<EventKey>)>;

/// The stream of changes by the definition.
pub struct Definition {
    rules: RuleSet,
    person: Person,
    /// What was taken in, and what was decided.
    events: Vec<Event>,
    members: BTreeMap<String, bool>,
    risen: BTreeMap<String, bool>,
    completed: BTreeMap<String, Completed>,
    /// When the wait of each campaign's journey is over.
    running: BTreeMap<String, Second>,
    /// When each campaign was last started, whatever the rules were.
    started: BTreeMap<String, Second>,
    /// Campaigns whose journey has begun and is to end at once.
    passing: VecDeque<String>,
    /// Everything up to here was looked at.
    seen: Second,
    /// So many of the events were looked at.
    known: usize,
    /// Whether the second that was looked at last is over, so that verdicts of it are reached.
    is_over: bool,
    /// Nothing is started.
    silent: bool,
    pub stream: Vec<Change>,
}

impl Definition {
    pub fn new(rules: RuleSet, person: Person) -> Self {
        let seen = person.known_since;
        Self {
            rules,
            person,
            events: Vec::new(),
            members: BTreeMap::new(),
            risen: BTreeMap::new(),
            completed: BTreeMap::new(),
            running: BTreeMap::new(),
            started: BTreeMap::new(),
            passing: VecDeque::new(),
            seen,
            known: 0,
            is_over: false,
            silent: false,
            stream: Vec::new(),
        }
    }

    /// An event arrives.
    pub fn take_in(&mut self, event: Event, now: Second) {
        self.events.push(event);
        self.is_over = false;
        self.look(now);
    }

    /// Looks at every second before `now` at which time alone could change anything.
    pub fn wait_until(&mut self, now: Second) {
        if !self.is_over && self.seen < now {
            self.is_over = true;
            self.look(self.seen);
        }
        loop {
            let decided = self.events.len();
            let next = Second(now.0 - 1);
            let ends = self.running.values().copied().filter(|end| *end < now).min();
            let until = ends.unwrap_or(next).min(next);
            for at in self.instants(until) {
                self.look(at);
                if self.events.len() > decided {
                    break;
                }
            }
            if self.events.len() > decided {
                // What was decided can be waited for too.
                continue;
            }
            let Some(end) = ends else { return };
            self.seen = self.seen.max(end);
            self.end_journeys(end);
        }
    }

    /// The next second up to `horizon` at which anything changes by itself.
    pub fn next_flip(&self, horizon: Second) -> Option<Second> {
        let ends = self.running.values().copied().min();
        let case = self.case();
        let changes = |at: &Second| {
            let segments = self.rules.segments.iter();
            let mut moved =
                segments.map(|segment| (case.is_member(&segment.name, *at), self.members.get(&segment.name)));
            let mut campaigns = self.rules.campaigns.iter();
            moved.any(|(truth, known)| known != Some(&truth))
                || campaigns.any(|campaign| match &campaign.trigger {
                    Trigger::Becomes(condition) => self.risen.get(&campaign.name) != Some(&case.truth(condition, *at)),
                    Trigger::Event(_) => {
                        self.completed.get(&campaign.name) != Some(&self.completions(&case, campaign, *at))
                    }
                    Trigger::Schedule(_) | Trigger::Api => false,
                })
        };
        let flip = self.instants(horizon).into_iter().find(changes);
        flip.into_iter().chain(ends.filter(|end| *end <= horizon)).min()
    }

    fn case(&self) -> Case<'_> {
        Case::new(&self.rules, &self.person, &self.events)
    }

    /// The instants behind what was looked at, up to `until`, at which anything can change.
    fn instants(&self, until: Second) -> BTreeSet<Second> {
        let case = self.case();
        let mut instants = BTreeSet::new();
        for segment in &self.rules.segments {
            instants.extend(case.instants(&Condition::InSegment(segment.name.clone()), self.seen, until));
        }
        for campaign in &self.rules.campaigns {
            instants.extend(match &campaign.trigger {
                Trigger::Becomes(condition) => case.instants(condition, self.seen, until),
                Trigger::Event(phrase) => case.instants_of(phrase, self.seen, until),
                Trigger::Schedule(_) | Trigger::Api => BTreeSet::new(),
            });
        }
        instants
    }

    /// Evaluates everything at `at`, until nothing that is decided decides anything more.
    pub fn look(&mut self, at: Second) {
        // Where the clock went back and nothing was played meanwhile, what lies ahead is looked at again.
        self.seen = at;
        loop {
            let decided = self.events.len();
            self.look_at_segments(at);
            self.look_at_campaigns(at);
            self.known = decided;
            if self.events.len() > decided {
                continue;
            }
            // A journey without a wait is over at once, but has been entered before.
            let Some(campaign) = self.passing.pop_front() else { return };
            self.finish(&campaign, at);
        }
    }

    fn look_at_segments(&mut self, at: Second) {
        let names: Vec<String> = self.rules.segments.iter().map(|segment| segment.name.clone()).collect();
        for segment in names {
            let member = self.case().is_member(&segment, at);
            let known = self.members.entry(segment.clone()).or_insert(false);
            if *known != member {
                *known = member;
                self.stream.push(Change::Moved { segment: segment.clone(), entered: member, at });
                let moved = if member { Move::EnteredSegment(segment) } else { Move::LeftSegment(segment) };
                self.decide(moved, at);
            }
        }
    }

    fn look_at_campaigns(&mut self, at: Second) {
        let mut caused = Vec::new();
        for campaign in self.rules.campaigns.clone() {
            let is_caused = match &campaign.trigger {
                Trigger::Becomes(condition) => {
                    let truth = self.case().truth(condition, at);
                    let known = self.risen.insert(campaign.name.clone(), truth).unwrap_or(false);
                    truth && !known
                }
                Trigger::Event(phrase) => {
                    let completed = self.completions(&self.case(), &campaign, at);
                    let known = self.completed.insert(campaign.name.clone(), completed.clone()).unwrap_or_default();
                    let mut new = completed.difference(&known);
                    // An event is looked at when it is new; what completes a sequence can be an older one.
                    let is_new = |key: EventKey| self.events.iter().skip(self.known).any(|event| event.key == key);
                    new.any(|(when, key)| match phrase {
                        Phrase::Sequence(_) => true,
                        Phrase::One(_) => key.is_some_and(is_new) && at.since(*when) <= campaign.max_event_age,
                    })
                }
                Trigger::Schedule(_) | Trigger::Api => false,
            };
            if is_caused && !self.silent {
                caused.push(campaign);
            }
        }
        // Whatever is started, all of it was true before.
        caused.iter().for_each(|campaign| self.start(campaign, at));
    }

    fn completions(&self, case: &Case<'_>, campaign: &Campaign, at: Second) -> Completed {
        let Trigger::Event(phrase) = &campaign.trigger else { return Completed::new() };
        let completions = case.completions(phrase, at).into_iter();
        // A verdict starts nothing before its second is over.
        let is_reached = |one: &Completion<'_>| !one.is_verdict || one.at < at || self.is_over;
        completions.filter(is_reached).map(|one| (one.event.at, (!one.is_verdict).then_some(one.event.key))).collect()
    }

    fn start(&mut self, campaign: &Campaign, at: Second) {
        let filtered = campaign.filter.as_ref().is_some_and(|filter| !self.case().truth(filter, at));
        let last = self.started.get(&campaign.name).copied();
        let too_often = last.is_some_and(|last| match campaign.frequency {
            Frequency::EveryTime => false,
            Frequency::Once => true,
            Frequency::OncePer(span) => at < last.plus(span),
        });
        let runs = self.running.contains_key(&campaign.name) || self.passing.contains(&campaign.name);
        if filtered || too_often || (runs && campaign.if_running == IfRunning::Keep) {
            return;
        }
        if runs {
            // It makes way, and is not finished.
            self.running.remove(&campaign.name);
            self.passing.retain(|passing| *passing != campaign.name);
            self.decide(Move::LeftCampaign(campaign.name.clone()), at);
        }
        self.started.insert(campaign.name.clone(), at);
        self.stream.push(Change::Started { campaign: campaign.name.clone(), at });
        self.decide(Move::EnteredCampaign(campaign.name.clone()), at);
        match campaign.steps.first().map(|step| &step.action) {
            Some(Action::Wait(Wait::For(Length::Elapsed(span)))) => {
                self.running.insert(campaign.name.clone(), at.plus(*span));
            }
            _ => self.passing.push_back(campaign.name.clone()),
        }
    }

    /// The waits that are over at `at` end, behind everything else that changes then.
    fn end_journeys(&mut self, at: Second) {
        let over: Vec<String> =
            self.running.iter().filter(|(_, end)| **end <= at).map(|(campaign, _)| campaign.clone()).collect();
        for campaign in over {
            self.running.remove(&campaign);
            self.finish(&campaign, at);
            self.look(at);
        }
    }

    fn finish(&mut self, campaign: &str, at: Second) {
        self.decide(Move::FinishedCampaign(campaign.to_owned()), at);
        self.decide(Move::LeftCampaign(campaign.to_owned()), at);
    }

    /// Notes what was decided, behind everything taken in so far.
    fn decide(&mut self, moved: Move, at: Second) {
        let seq = self.events.last().map_or(0, |event| event.seq);
        let number = u128::try_from(self.events.len()).expect("small");
        self.events.push(Event {
            key: EventKey((u128::MAX - number).to_be_bytes()),
            seq,
            at,
            arrived: at,
            precedes: None,
            kind: Kind::Moved(moved),
            properties: Properties::new(),
            message: None,
            reason: None,
        });
    }

    /// Other rules, as of `now`. The same rules once more change nothing, nor is anybody looked at for it.
    ///
    /// What was decided under the old ones was decided. What the new ones find is where they begin: nothing is
    /// started by it, nobody has entered or left anything, and nobody leaves a segment that is gone.
    pub fn switch(&mut self, rules: RuleSet, now: Second) {
        self.wait_until(now);
        if self.rules == rules {
            return;
        }
        self.rules = rules;
        // Nobody leaves a segment that is gone. Where it comes back, those who were in it do not enter once more.
        let mut members = self.members.clone();
        for segment in &self.rules.segments {
            let member = self.case().is_member(&segment.name, now);
            if self.members.get(&segment.name).copied().unwrap_or(false) != member {
                self.stream.push(Change::Moved { segment: segment.name.clone(), entered: member, at: now });
            }
            members.insert(segment.name.clone(), member);
        }
        self.members = members;
        self.risen.clear();
        self.completed.clear();
        // Verdicts of this very second are the new rules' to start, when it is over.
        self.is_over = false;
        self.silent = true;
        self.look(now);
        self.silent = false;
    }
}

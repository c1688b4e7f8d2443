//! Campaigns whose effects lead to their own triggers, by themselves or over segments and other campaigns.
//!
//! Only what can turn a trigger on is followed: a value that a step writes is held against the tests on it.
//! A campaign that starts once, or once per some time, ends every circle it is part of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value as Json;

use crate::model::calendar::{Calendar, Now};
use crate::model::compare::{Comparison, Op};
use crate::model::rule::{
    Action, Campaign, Change, Condition, Content, Counted, Expression, Frequency, Happened, Match, MessageTest, Move,
    Phrase, Segment, SegmentKind, Step, Times, Trigger, Update, Verb,
};
use crate::model::time::Second;
use crate::model::value::Value;

/// A campaign that leads to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Its campaigns in order, the first repeated at the end.
    pub campaigns: Vec<String>,
    /// The step of the first that leads on; none where that it runs is enough.
    pub step: Option<String>,
}

/// What a campaign does that a trigger can see.
#[derive(Clone, Copy, Debug)]
enum Effect<'r> {
    /// What an attribute becomes; none where that is known only when it happens.
    Attribute(&'r str, Option<&'r Json>),
    Event(&'r str),
    Manual {
        segment: &'r str,
        join: bool,
    },
    Sent {
        campaign: &'r str,
        step: &'r str,
        template: Option<&'r str>,
    },
    /// Its journeys begin, end, and reach their goal.
    Runs(&'r str),
}

/// What a trigger looks at: a first, coarse question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen<'r> {
    Attribute(&'r str),
    Event(&'r str),
    Manual(&'r str),
    Sent,
    Runs(&'r str),
}

/// The circles, each told once.
pub fn circles(campaigns: &[Campaign], segments: &[Segment]) -> Vec<Circle> {
    let rules = Rules { segments: segments.iter().map(|segment| (segment.name.as_str(), &segment.kind)).collect() };
    let mut watching: BTreeMap<Seen<'_>, Vec<usize>> = BTreeMap::new();
    for (n, campaign) in campaigns.iter().enumerate().filter(|(_, c)| c.frequency == Frequency::EveryTime) {
        let mut seen = BTreeSet::new();
        rules.seen_by(&campaign.trigger, &mut seen);
        seen.into_iter().for_each(|seen| watching.entry(seen).or_default().push(n));
    }
    let leads: Vec<Vec<(usize, Option<&str>)>> = campaigns
        .iter()
        .map(|campaign| {
            let mut leads: Vec<(usize, Option<&str>)> = Vec::new();
            for (step, effect) in effects(campaign) {
                for n in watching.get(&effect.seen()).into_iter().flatten() {
                    let starts = campaigns.get(*n).is_some_and(|other| rules.starts(other, effect));
                    if starts && !leads.iter().any(|(known, _)| known == n) {
                        leads.push((*n, step));
                    }
                }
            }
            leads
        })
        .collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for start in 0..campaigns.len() {
        if let Some(path) = way_back(start, &leads).filter(|path| !path.iter().any(|n| told.contains(n))) {
            let next = path.get(1).copied().unwrap_or(start);
            let step = leads.get(start).into_iter().flatten().find(|(n, _)| *n == next).and_then(|(_, step)| *step);
            let names = path.iter().filter_map(|n| campaigns.get(*n)).map(|campaign| campaign.name.clone());
            circles.push(Circle { campaigns: names.collect(), step: step.map(str::to_owned) });
            told.extend(path);
        }
    }
    circles
}

/// The shortest way from a campaign to itself.
fn way_back(start: usize, leads: &[Vec<(usize, Option<&str>)>]) -> Option<Vec<usize>> {
    let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for (next, _) in leads.get(at)? {
            if *next == start {
                let mut path = vec![start, at];
                while path.last() != Some(&start) {
                    path.push(*came_from.get(path.last()?)?);
                }
                path.reverse();
                return Some(path);
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, at);
                open.push_back(*next);
            }
        }
    }
    None
}

/// What the steps of a campaign do, and that it runs.
fn effects(campaign: &Campaign) -> Vec<(Option<&str>, Effect<'_>)> {
    let mut found = vec![(None, Effect::Runs(&campaign.name))];
    let mut open: Vec<&Step> = campaign.steps.iter().collect();
    while let Some(step) = open.pop() {
        let id = Some(step.id.as_str());
        match &step.action {
            Action::Send(send) => {
                let contents = [Some(&send.content), send.if_window_closed.as_ref()];
                found.extend(contents.into_iter().flatten().map(|content| {
                    let template = match content {
                        Content::Template { name, .. } => Some(name.as_str()),
                        Content::Text(_) => None,
                    };
                    (id, Effect::Sent { campaign: &campaign.name, step: &step.id, template })
                }));
            }
            Action::UpdatePerson(updates) => found.extend(updates.iter().map(|(name, update)| {
                let value = match update {
                    Update::Set(Expression::Literal(value)) => Some(value),
                    Update::Unset => Some(&Json::Null),
                    Update::Set(_) | Update::Add(_) | Update::Remove(_) => None,
                };
                (id, Effect::Attribute(name, value))
            })),
            Action::RecordEvent { name, .. } => found.push((id, Effect::Event(name))),
            Action::ManualSegment { segment, join } => found.push((id, Effect::Manual { segment, join: *join })),
            Action::WaitUntil(wait) => {
                open.extend(wait.outcomes.iter().flat_map(|outcome| &outcome.steps));
                open.extend(wait.timeout.iter().flat_map(|timeout| &timeout.steps));
            }
            Action::Branch { arms, otherwise } => {
                open.extend(arms.iter().flat_map(|(_, steps)| steps).chain(otherwise));
            }
            Action::Split(arms) => open.extend(arms.iter().flat_map(|arm| &arm.steps)),
            Action::Webhook(_) | Action::Wait(_) | Action::Exit(_) => {}
        }
    }
    found
}

impl<'r> Effect<'r> {
    fn seen(self) -> Seen<'r> {
        match self {
            Self::Attribute(name, _) => Seen::Attribute(name),
            Self::Event(name) => Seen::Event(name),
            Self::Manual { segment, .. } => Seen::Manual(segment),
            Self::Sent { .. } => Seen::Sent,
            Self::Runs(campaign) => Seen::Runs(campaign),
        }
    }
}

struct Rules<'r> {
    segments: BTreeMap<&'r str, &'r SegmentKind>,
}

/// Segments that were looked at already, with what they were asked to become.
type Visited<'r> = BTreeSet<(&'r str, bool)>;

impl<'r> Rules<'r> {
    fn starts(&self, campaign: &'r Campaign, effect: Effect<'_>) -> bool {
        match &campaign.trigger {
            Trigger::Event(phrase) => self.completes(phrase, effect, &mut Visited::new()),
            // That its condition asks whether the campaign itself runs is an error of its own.
            Trigger::Becomes(_) if matches!(effect, Effect::Runs(name) if name == campaign.name) => false,
            Trigger::Becomes(condition) => self.turns(condition, true, effect, &mut Visited::new()),
            Trigger::Schedule(_) | Trigger::Api => false,
        }
    }

    /// Whether `effect` can make `condition` become `wanted`.
    fn turns(&self, condition: &'r Condition, wanted: bool, effect: Effect<'_>, visited: &mut Visited<'r>) -> bool {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|part| self.turns(part, wanted, effect, visited))
            }
            Condition::Not(part) => self.turns(part, !wanted, effect, visited),
            Condition::HeldFor { condition, .. } => self.turns(condition, wanted, effect, visited),
            Condition::Attribute(test) => writes(effect, test, wanted),
            Condition::InSegment(segment) => self.moves(segment, wanted, effect, visited),
            Condition::InCampaign(campaign) => matches!(effect, Effect::Runs(runs) if runs == campaign),
            Condition::Happened(happened) => {
                counts(happened, wanted) && self.completes(&happened.what, effect, visited)
            }
            Condition::Everyone
            | Condition::InSample { .. }
            | Condition::ServiceWindow
            | Condition::LocalTime { .. }
            | Condition::LocalDay(_)
            | Condition::KnownFor(_) => false,
        }
    }

    fn moves(&self, segment: &'r str, wanted: bool, effect: Effect<'_>, visited: &mut Visited<'r>) -> bool {
        if !visited.insert((segment, wanted)) {
            return false;
        }
        match self.segments.get(segment) {
            Some(SegmentKind::Data(condition)) => self.turns(condition, wanted, effect, visited),
            Some(SegmentKind::Manual) | None => {
                matches!(effect, Effect::Manual { segment: moved, join } if moved == segment && join == wanted)
            }
        }
    }

    fn completes(&self, phrase: &'r Phrase, effect: Effect<'_>, visited: &mut Visited<'r>) -> bool {
        steps_of(phrase).any(|event| self.is(event, effect, visited))
    }

    fn is(&self, event: &'r Match, effect: Effect<'_>, visited: &mut Visited<'r>) -> bool {
        match (&event.verb, effect) {
            (Verb::Performed(name), Effect::Event(recorded)) => name == recorded,
            (Verb::Changed(change), Effect::Attribute(name, value)) => changes(change, name, value),
            (
                Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive,
                Effect::Sent { campaign, step, template },
            ) => match event.target.as_ref().map(|target| &target.message) {
                None | Some(MessageTest::Any | MessageTest::It | MessageTest::Step(_)) => true,
                Some(MessageTest::Campaign { campaign: named, step: only }) => {
                    named == campaign && only.as_deref().is_none_or(|only| only == step)
                }
                Some(MessageTest::Template(named)) => template == Some(named.as_str()),
            },
            (Verb::Moved(Move::EnteredSegment(segment)), _) => self.moves(segment, true, effect, visited),
            (Verb::Moved(Move::LeftSegment(segment)), _) => self.moves(segment, false, effect, visited),
            (
                Verb::Moved(
                    Move::EnteredCampaign(name)
                    | Move::LeftCampaign(name)
                    | Move::FinishedCampaign(name)
                    | Move::ConvertedIn(name),
                ),
                Effect::Runs(campaign),
            ) => name == campaign,
            _ => false,
        }
    }

    /// Everything that a trigger looks at, over segments too.
    fn seen_by(&self, trigger: &'r Trigger, seen: &mut BTreeSet<Seen<'r>>) {
        let mut visited = BTreeSet::new();
        match trigger {
            Trigger::Event(phrase) => self.seen_in_phrase(phrase, seen, &mut visited),
            Trigger::Becomes(condition) => self.seen_in(condition, seen, &mut visited),
            Trigger::Schedule(_) | Trigger::Api => {}
        }
    }

    fn seen_in(&self, condition: &'r Condition, seen: &mut BTreeSet<Seen<'r>>, visited: &mut BTreeSet<&'r str>) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.seen_in(part, seen, visited));
            }
            Condition::Not(part) => self.seen_in(part, seen, visited),
            Condition::HeldFor { condition, .. } => self.seen_in(condition, seen, visited),
            Condition::Attribute(test) => _ = seen.insert(Seen::Attribute(attribute(test))),
            Condition::InSegment(segment) => self.seen_in_segment(segment, seen, visited),
            Condition::InCampaign(campaign) => _ = seen.insert(Seen::Runs(campaign)),
            Condition::Happened(happened) => self.seen_in_phrase(&happened.what, seen, visited),
            Condition::Everyone
            | Condition::InSample { .. }
            | Condition::ServiceWindow
            | Condition::LocalTime { .. }
            | Condition::LocalDay(_)
            | Condition::KnownFor(_) => {}
        }
    }

    fn seen_in_segment(&self, segment: &'r str, seen: &mut BTreeSet<Seen<'r>>, visited: &mut BTreeSet<&'r str>) {
        if !visited.insert(segment) {
            return;
        }
        match self.segments.get(segment) {
            Some(SegmentKind::Data(condition)) => self.seen_in(condition, seen, visited),
            Some(SegmentKind::Manual) | None => _ = seen.insert(Seen::Manual(segment)),
        }
    }

    fn seen_in_phrase(&self, phrase: &'r Phrase, seen: &mut BTreeSet<Seen<'r>>, visited: &mut BTreeSet<&'r str>) {
        for event in steps_of(phrase) {
            match &event.verb {
                Verb::Performed(name) => _ = seen.insert(Seen::Event(name)),
                Verb::Changed(change) => _ = seen.insert(Seen::Attribute(&change.name)),
                Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive => _ = seen.insert(Seen::Sent),
                Verb::Moved(Move::EnteredSegment(segment) | Move::LeftSegment(segment)) => {
                    self.seen_in_segment(segment, seen, visited);
                }
                Verb::Moved(
                    Move::EnteredCampaign(name)
                    | Move::LeftCampaign(name)
                    | Move::FinishedCampaign(name)
                    | Move::ConvertedIn(name),
                ) => _ = seen.insert(Seen::Runs(name)),
                Verb::Replied | Verb::Tapped | Verb::Reacted | Verb::RemovedReaction => {}
            }
        }
    }
}

/// The events that a phrase is made of, without those that must not be.
fn steps_of(phrase: &Phrase) -> impl Iterator<Item = &Match> {
    let (first, steps) = match phrase {
        Phrase::One(event) => (event.as_ref(), [].as_slice()),
        Phrase::Sequence(sequence) => (&sequence.first, sequence.steps.as_slice()),
    };
    std::iter::once(first).chain(steps.iter().filter(|step| !step.not).map(|step| &step.event))
}

/// Whether one more event can make a count become `wanted`.
fn counts(happened: &Happened, wanted: bool) -> bool {
    match happened.counted {
        Counted::Times(Times::AtLeast(_)) | Counted::Distinct { times: Times::AtLeast(_), .. } => wanted,
        Counted::Times(Times::AtMost(_)) | Counted::Distinct { times: Times::AtMost(_), .. } => !wanted,
        Counted::Times(Times::Exactly(_)) | Counted::Distinct { .. } | Counted::Newest => true,
    }
}

/// The attribute that a test reads, without what lies below it.
fn attribute(test: &Comparison) -> &str {
    test.name.split('.').next().unwrap_or_default()
}

/// Whether a step writes an attribute so that `test` on it can become `wanted`.
fn writes(effect: Effect<'_>, test: &Comparison, wanted: bool) -> bool {
    let Effect::Attribute(name, value) = effect else { return false };
    if name != attribute(test) {
        return false;
    }
    match value {
        Some(value) if name == test.name && !matches!(test.op, Op::Time(_)) => {
            test.holds_of(Some(value), Now { at: Second(0), calendar: Calendar::default() }) == wanted
        }
        _ => true,
    }
}

fn changes(change: &Change, name: &str, value: Option<&Json>) -> bool {
    if change.name != name {
        return false;
    }
    let (Some(to), Some(value)) = (&change.to, value) else { return true };
    Value::read(value, change.ty.unwrap_or(to.natural_type())).as_ref() == Some(to)
}

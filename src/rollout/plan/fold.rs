//! One person under two rule sets, and the sum over many. Pure.

use std::sync::Arc;

use super::report::{Change, Cost, People, Plan, SAMPLES_MAX, SOON, Sample, Starts, Wakes, What};
use crate::dsl::walk::each_condition;
use crate::dsl::words;
use crate::engine::{self, Catalogue, Engine, History, Input, Standing, Step, Subject, Versions};
use crate::model::event::{Event, Kind};
use crate::model::id::{CampaignId, RulesVersion};
use crate::model::rule::{Condition, RuleSet, SegmentKind};
use crate::model::time::{Second, Span};

/// Of what somebody wrote so much is shown.
const TEXT_CHARS_MAX: usize = 40;

/// Somebody with their past.
pub struct Person {
    pub subject: Subject,
    pub events: Vec<Event>,
    pub moves: Vec<Event>,
}

/// The two rule sets, and what was found so far.
pub struct Comparison {
    pub before: Versions,
    pub after: Arc<Engine>,
    /// The numbers of the names in both.
    pub catalogue: Catalogue,
    pub changes: Vec<Change>,
    pub cost: Cost,
}

impl Comparison {
    /// Adds these people as of `now`.
    pub fn add(&mut self, people: &[Person], now: Second) {
        let after = self.after_as_of(now);
        let mut changes = std::mem::take(&mut self.changes);
        let find = |change: &Change| (self.before.active.segment(&change.name), self.after.segment(&change.name));
        let standings: Vec<_> = changes.iter().map(|change| change.people.as_ref().map(|_| find(change))).collect();
        for person in people {
            self.cost.people += 1;
            self.cost.events += person.events.len() as u64;
            let pair = Pair::of(&self.before, &after, person, now);
            for (change, standing) in changes.iter_mut().zip(&standings) {
                if let (Some(people), Some((old, new))) = (&mut change.people, standing) {
                    tally(people, &pair, person, *old, *new);
                }
                if let Some(starts) = &mut change.starts
                    && let Some(id) = self.catalogue.campaigns.get(&change.name)
                {
                    pair.count_starts(starts, *id, &change.name);
                }
            }
        }
        self.changes = changes;
    }

    /// What is told in the end.
    pub fn finish(self) -> Plan {
        let Self { before, mut changes, cost, .. } = self;
        changes.retain(|change| {
            let starts = change.starts.as_ref().is_some_and(|starts| starts.found + starts.journeys > 0);
            change.what != What::Touched || starts
        });
        Plan { against: before.active.version().0, changes, cost }
    }

    fn after_as_of(&self, now: Second) -> Versions {
        let mut older = self.before.older.clone();
        older.insert(self.before.active.version(), Arc::clone(&self.before.active));
        Versions { active: Arc::clone(&self.after), since: now, older }
    }
}

/// Somebody at one instant, under both.
struct Pair {
    before: Subject,
    after: Subject,
    /// What the change itself does.
    step: Step,
    version: RulesVersion,
    now: Second,
}

impl Pair {
    fn of(old: &Versions, new: &Versions, person: &Person, now: Second) -> Self {
        let history = Some(History { events: &person.events, moves: &person.moves });
        let (mut before, mut after) = (person.subject.clone(), person.subject.clone());
        engine::step(old, &mut before, Input::Wake, history, now);
        let step = engine::step(new, &mut after, Input::Wake, history, now);
        Self { before, after, step, version: new.active.version(), now }
    }

    fn count_starts(&self, starts: &mut Starts, campaign: CampaignId, name: &str) {
        let (was, is) = (self.before.state.is_risen(campaign), self.after.state.is_risen(campaign));
        starts.found += u64::from(is && !was);
        let of_new = self.step.journeys_changed.iter().filter(|journey| journey.rules == self.version);
        starts.journeys += of_new.filter(|journey| journey.campaign == name).count() as u64;
    }
}

fn tally(people: &mut People, pair: &Pair, person: &Person, old: Option<Standing<'_>>, new: Option<Standing<'_>>) {
    let was = old.is_some_and(|old| old.holds(&pair.before));
    people.members += u64::from(was);
    // Nobody leaves a segment that is gone.
    let Some(new) = new else { return };
    let is = new.holds(&pair.after);
    let sample = || Sample {
        cio_id: person.subject.person.cio_id.to_string().to_lowercase(),
        id: person.subject.person.external_id.clone(),
        because: because(new, pair, person),
    };
    match (was, is) {
        (false, true) => {
            people.enter += 1;
            if people.entering.len() < SAMPLES_MAX {
                people.entering.push(sample());
            }
        }
        (true, false) => {
            people.leave += 1;
            if people.leaving.len() < SAMPLES_MAX {
                people.leaving.push(sample());
            }
        }
        _ => {}
    }
    let next = new.next_flip(&pair.after, pair.now);
    let soon = pair.now.plus(SOON);
    people.enter_soon += u64::from(!is && next.is_some_and(|next| next <= soon));
    count_wake(&mut people.wakes, old.and_then(|old| old.next_flip(&pair.before, pair.now)), next);
}

fn count_wake(wakes: &mut Wakes, was: Option<Second>, is: Option<Second>) {
    match (was, is) {
        (None, Some(_)) => wakes.new += 1,
        (Some(_), None) => wakes.gone += 1,
        (Some(was), Some(is)) if is < was => wakes.earlier += 1,
        (Some(was), Some(is)) if is > was => wakes.later += 1,
        _ => {}
    }
}

/// The newest thing they did that the segment is about, or else the attributes that it looks at.
fn because(segment: Standing<'_>, pair: &Pair, person: &Person) -> String {
    if let Some(event) = segment.newest_match(&pair.after, &person.events) {
        return format!("{}, {}", said(event), ago(pair.now.since(event.at)));
    }
    let mut names = Vec::new();
    attributes(segment.rules(), segment.name(), &mut names);
    let value = |name: &String| {
        let value = person.subject.person.value(name);
        value.map_or_else(|| format!("{name} is missing"), |value| format!("{name} is {}", short(&value.to_string())))
    };
    if names.is_empty() { "nothing they did".to_owned() } else { words::several(names.iter().map(value)) }
}

/// What happened, in a few words.
fn said(event: &Event) -> String {
    match (&event.kind, event.properties.get("body").and_then(|body| body.as_str())) {
        (Kind::Custom(name), _) => format!("performed {}", words::quoted(name)),
        (Kind::Inbound, Some(body)) => format!("replied {}", words::quoted(&short(body))),
        (kind, _) => kind.name().replace('_', " "),
    }
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(TEXT_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// `61 hours ago`
fn ago(span: Span) -> String {
    let whole = |unit: i64| Span(span.0 - span.0.rem_euclid(unit));
    let rounded = match span.0 {
        seconds if seconds >= 3 * 86_400 => whole(86_400),
        seconds if seconds >= 3 * 3_600 => whole(3_600),
        seconds if seconds >= 120 => whole(60),
        _ => span,
    };
    format!("{} ago", words::span(rounded))
}

/// The names of the attributes that a segment, or one that it names, looks at. Segments name each other in no circle.
fn attributes(rules: &RuleSet, segment: &str, names: &mut Vec<String>) {
    let found = rules.segments.iter().find(|found| found.name == segment);
    let Some(SegmentKind::Data(condition)) = found.map(|found| &found.kind) else { return };
    each_condition(condition, &mut |part| match part {
        Condition::Attribute(test) if !names.contains(&test.name) => names.push(test.name.clone()),
        Condition::InSegment(name) => attributes(rules, name, names),
        _ => {}
    });
}

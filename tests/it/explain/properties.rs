//! What must be so of every explanation, in every world.

use antiphon::engine::naive::Case;
use antiphon::engine::{History, Input, Subject, Versions, as_made, history_needed, step};
use antiphon::explain::{Explained, Question, SegmentExplained, explain};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::{EventKey, RulesVersion};
use antiphon::model::journey::Entry;
use antiphon::model::person::Person;
use antiphon::model::rule::{Condition, RuleSet};
use antiphon::model::time::{Second, Span};

use crate::engine::oracle::{compile, somebody};
use crate::engine::world::{Do, Feature, World, world};

/// Worlds per run. `EXPLAIN_WORLDS` says another number, `EXPLAIN_SEED` where to begin.
const WORLDS: u64 = 100;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn an_explanation_says_what_the_definition_says() {
    let first = from_environment("EXPLAIN_SEED", 1);
    let (mut seen, mut flips, mut turned) = (0, 0, 0);
    for seed in first..first + from_environment("EXPLAIN_WORLDS", WORLDS) {
        let world = world(seed, &Feature::ALL);
        let life = Life::of(&world);
        let again =
            || format!("EXPLAIN_SEED={seed} EXPLAIN_WORLDS=1 cargo test --no-default-features an_explanation_says");
        assert_eq!(as_made(&life.subject.person, &life.log), life.made, "{}", again());
        for at in life.instants(&world) {
            for segment in &world.rules.segments {
                let explained = life.explain(&world.rules, &segment.name, at);
                let problem = judge(&world, &life, &segment.name, at, &explained);
                assert!(problem.is_none(), "{}\n{} at {at:?}: {problem:?}\n{explained:#?}", again(), segment.name);
                seen += 1;
                flips += usize::from(explained.until.is_some());
                turned += usize::from(!explained.from_the_first);
            }
        }
    }
    // Worlds in which nothing ever changes would prove nothing.
    assert!(flips * 40 > seen && turned * 10 > seen, "{flips} flips and {turned} turns in {seen}");
}

/// What is wrong with an explanation.
fn judge(world: &World, life: &Life, segment: &str, at: Second, said: &SegmentExplained) -> Option<String> {
    let events: Vec<Event> = life.log.iter().chain(&life.moves).filter(|event| event.at <= at).cloned().collect();
    let case = Case::new(&world.rules, &life.made, &events);
    let member = |at: Second| case.is_member(segment, at);
    let condition = Condition::InSegment(segment.to_owned());
    let is_in = member(at);
    let since = said.since.0;
    let differs = |after: Second, until: Second| {
        case.instants(&condition, after, until).into_iter().find(|instant| member(*instant) != is_in)
    };
    let horizon = said.until.map_or(at.plus(Span(world.scale.end())), |until| until.0.minus(Span(1)));
    if said.is_in != is_in {
        return Some("in or out".to_owned());
    }
    if said.condition.as_ref().is_some_and(|condition| condition.holds != is_in) {
        return Some("the condition says something else".to_owned());
    }
    if !said.since_is_exact || since > at || said.from_the_first != (since == life.made.known_since) {
        return Some(format!("since {since:?}"));
    }
    if let Some(broken) = differs(since.minus(Span(1)), at) {
        return Some(format!("not since {since:?}: {broken:?}"));
    }
    if !said.from_the_first && member(since.minus(Span(1))) == is_in {
        return Some(format!("longer than since {since:?}"));
    }
    if let Some(earlier) = differs(at, horizon) {
        return Some(format!("until {earlier:?}"));
    }
    said.until.filter(|until| member(until.0) == is_in).map(|until| format!("no flip at {until:?}"))
}

/// Somebody's life in a world, as the engine plays it.
struct Life {
    made: Person,
    subject: Subject,
    versions: Versions,
    log: Vec<Event>,
    moves: Vec<Event>,
    entries: Vec<Entry>,
    now: Second,
}

impl Life {
    fn of(world: &World) -> Self {
        let made = somebody(&world.first, world.start);
        let mut life = Self {
            subject: Subject::new(made.clone()),
            versions: Versions::new(compile(&world.rules, 1), world.start),
            made,
            log: Vec::new(),
            moves: Vec::new(),
            entries: Vec::new(),
            now: world.start,
        };
        life.play(Input::Born);
        let first = Event {
            key: EventKey([9; 16]),
            seq: 0,
            at: world.start,
            arrived: world.start,
            precedes: None,
            kind: Kind::AttributesSet,
            properties: world.first.clone(),
            message: None,
            reason: None,
        };
        life.play(Input::Event(first));
        for (pause, what) in &world.story {
            life.now = life.now.max(Second(life.now.0 + pause));
            match what {
                Do::Arrive(event, precedes) => {
                    let before = precedes.and_then(|key| life.log.iter().find(|event| event.key == key));
                    let precedes = before.map(|reply| reply.seq);
                    life.play(Input::Event(Event { arrived: life.now, precedes, ..(**event).clone() }));
                }
                Do::Poll => life.play(Input::Wake),
                Do::Store | Do::Refold | Do::Switch => {}
            }
        }
        life
    }

    fn play(&mut self, input: Input) {
        let needed = history_needed(&self.versions, &self.subject, &input);
        let history = needed.then_some(History { events: &self.log, moves: &self.moves });
        let step = step(&self.versions, &mut self.subject, input, history, self.now);
        self.log.extend(step.events);
        self.log.sort_by_key(|event| event.seq);
        self.moves.extend(step.moves);
        self.entries.extend(step.entries);
    }

    /// Now, the last second of the world, and seconds at and around what happened.
    fn instants(&self, world: &World) -> Vec<Second> {
        let end = self.log.iter().map(|event| event.arrived).max().unwrap_or(world.start).max(self.now);
        let mut instants = vec![world.start, end, end.plus(Span(world.scale.end() / 3))];
        let mut middle = self.log.iter().skip(1).step_by(4).map(|event| event.at);
        instants.extend(middle.by_ref().take(2).flat_map(|at| [at, at.minus(Span(1))]));
        instants.retain(|at| *at >= world.start);
        instants
    }

    fn explain(&self, rules: &RuleSet, rule: &str, at: Second) -> SegmentExplained {
        let question = Question {
            rules,
            version: RulesVersion(1),
            person: &self.subject.person,
            log: &self.log,
            moves: &self.moves,
            entries: &self.entries,
            journeys: &self.subject.journeys,
            wake: None,
            now: at,
            at,
        };
        match explain(&question, rule).map(|explanation| explanation.explained) {
            Ok(Explained::Segment(segment)) => segment,
            other => panic!("{rule}: {other:?}"),
        }
    }
}

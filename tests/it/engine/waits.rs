//! Journeys in random lives: whoever is asked only when something happens or a wake is due does the same, at
//! the same seconds, as whoever is asked at every second.

use antiphon::engine::{Input, Step};
use antiphon::model::effect::Effect;
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::EventKey;
use antiphon::model::journey::Entry;
use antiphon::model::rule::{
    Action, Arm, Campaign, Condition, Counted, Goal, Happened, IfRunning, Limit, Match, Outcome, Phrase, RuleSet,
    SendWindow, Sequence, Share, Step as StepRule, Then, Timeout, Trigger, Verb, Wait, WaitUntil, Window,
};
use antiphon::model::time::{Second, Span};
use chrono::NaiveTime;
use serde_json::json;

use super::chance::Chance;
use super::life::*;

/// Lives per run. `ENGINE_SEED` says where to begin, `ENGINE_LIVES` another number.
const LIVES: u64 = 150;
/// What happens in one, in seconds.
const LENGTH: i64 = 400;

const SPANS: [i64; 5] = [1, 2, 20, 50, 100];
const WORDS: [&str; 3] = ["YES", "NO", "MAYBE"];

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn journeys_are_asked_at_every_second_at_which_it_matters() {
    let first = from_environment("ENGINE_SEED", 1);
    let (mut said_, mut late) = (0, 0);
    for seed in first..first + from_environment("ENGINE_LIVES", LIVES) {
        let mut chance = Chance::new(seed);
        let (rules, story) = (rule_set(&mut chance), story(&mut chance));
        let (often, seldom) = (live(&rules, &story, true), live(&rules, &story, false));
        let tell = |told: &Told| told.0.iter().map(|entry| format!("{} {:?}", entry.at.0 - START, entry)).collect();
        let (a, b): (Vec<String>, Vec<String>) = (tell(&often), tell(&seldom));
        assert_eq!(b, a, "ENGINE_SEED={seed} ENGINE_LIVES=1\n{rules:#?}\n{story:#?}");
        assert_eq!(seldom, often, "ENGINE_SEED={seed} ENGINE_LIVES=1");
        said_ += a.len();
        late += a.iter().filter(|line| line.contains("LateAnswer")).count();
    }
    assert!(said_ > 1_000 && late > 0, "these lives say too little: {said_} lines, {late} late answers");
}

/// What was written down, and asked for.
type Told = (Vec<Entry>, Vec<Effect>);

/// Plays the story; `often`: everybody is asked at every second.
fn live(rules: &RuleSet, story: &[(i64, Event)], often: bool) -> Told {
    let mut life = Life::new(rules.clone());
    let mut told = (Vec::new(), Vec::new());
    let mut note = |step: Step| {
        told.0.extend(step.entries);
        told.1.extend(step.effects);
    };
    let mut next = story.iter().peekable();
    for at in 0..LENGTH + 300 {
        while let Some((_, event)) = next.next_if(|(arrives, _)| *arrives == at) {
            note(life.play(Input::Event(event.clone()), at));
        }
        if often {
            let now = Second(START + at);
            life.subject.wake = Some(life.subject.wake.map_or(now, |wake| wake.min(now)));
            note(life.wakes(at + 1));
        }
    }
    note(life.wakes(LENGTH + 300));
    told
}

fn story(chance: &mut Chance) -> Vec<(i64, Event)> {
    let mut at = 0;
    let mut story = Vec::new();
    for number in 0..6 + chance.below(10) {
        at += *chance.one(&[0, 1, 2, 10, 20, 21, 50, 51, 60]);
        let stamp = at - *chance.one(&[0, 0, 0, 1, 20, 60, 100, 150]);
        let mut happened = match chance.below(10) {
            0..3 => event(Kind::Custom("go".to_owned()), stamp),
            3..8 => said(word(chance), stamp),
            _ => {
                let plan = [("plan".to_owned(), json!(plan(chance)))];
                Event { properties: plan.into_iter().collect(), ..event(Kind::AttributesSet, at) }
            }
        };
        happened.key = EventKey(u128::from(number + 1).to_be_bytes());
        story.push((at, happened));
    }
    story.retain(|(at, _)| *at < LENGTH);
    story
}

fn rule_set(chance: &mut Chance) -> RuleSet {
    let s = segment("s", said_lately(word(chance), span(chance).0));
    let go = on(Match::any(Verb::Performed("go".to_owned())));
    let becomes = Trigger::Becomes(said_lately(word(chance), span(chance).0));
    let mut rules = rules(vec![s], vec![journeys(chance, "a", go), journeys(chance, "b", becomes)]);
    rules.schema.limits.insert("few".to_owned(), Limit { messages: 2, within: Span(50).into() });
    rules
}

fn journeys(chance: &mut Chance, name: &str, trigger: Trigger) -> Campaign {
    let mut id = 0;
    let mut steps = steps(chance, 2, &mut id);
    // Time for what comes late.
    steps.push(do_("last", wait(100)));
    let mut c = campaign(name, trigger, steps);
    c.grace = Span(*chance.one(&[0, 0, 1, 30]));
    c.exit = chance.percent(25).then(|| condition(chance, 1));
    c.goal = chance.percent(50).then(|| Goal {
        condition: condition(chance, 1),
        within: chance.percent(70).then(|| span(chance)),
        exit: chance.percent(30),
    });
    c.if_running = *chance.one(&[IfRunning::Keep, IfRunning::Restart]);
    c.limit = chance.percent(30).then(|| "few".to_owned());
    // Messages leave from the 30th to the 60th second of every two minutes or so.
    let time = |second: i64| {
        NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from((START + second) % 86_400).unwrap(), 0)
    };
    let window =
        SendWindow { from: time(30).unwrap(), to: time(200).unwrap(), time_zone: None, skip: chance.percent(50) };
    c.send_window = chance.percent(30).then_some(window);
    c
}

fn steps(chance: &mut Chance, depth: u32, id: &mut u32) -> Vec<StepRule> {
    (0..1 + chance.below(3)).map(|_| step(chance, depth, id)).collect()
}

fn step(chance: &mut Chance, depth: u32, id: &mut u32) -> StepRule {
    *id += 1;
    let name = format!("s{id}");
    let action = match chance.below(if depth == 0 { 5 } else { 10 }) {
        0 => Action::Wait(Wait::For(span(chance).into())),
        1 => update("plan", json!(plan(chance))),
        2 => Action::RecordEvent { name: "go".to_owned(), properties: vec![] },
        3 => send_text("{{ answer.body }}!"),
        4 => send_template("offer"),
        5 => Action::Branch { arms: vec![(condition(chance, 1), steps(chance, depth - 1, id))], otherwise: vec![] },
        6 => {
            let steps = steps(chance, depth - 1, id);
            Action::Split(vec![Arm { name: "all".to_owned(), share: Share::ALL, steps }])
        }
        _ => wait_until(chance, depth - 1, id),
    };
    let mut step = do_(&name, action);
    step.condition = chance.percent(15).then(|| condition(chance, 1));
    step
}

fn wait_until(chance: &mut Chance, depth: u32, id: &mut u32) -> Action {
    let outcomes = (0..1 + chance.below(2)).map(|number| Outcome {
        name: format!("o{number}"),
        condition: condition(chance, 1),
        steps: steps(chance, depth, id),
    });
    let outcomes = outcomes.collect();
    let timeout = chance.percent(80).then(|| Timeout { after: span(chance).into(), steps: steps(chance, depth, id) });
    Action::WaitUntil(WaitUntil { outcomes, timeout })
}

fn condition(chance: &mut Chance, depth: u32) -> Condition {
    match chance.below(if depth == 0 { 12 } else { 17 }) {
        0..3 => said_lately(word(chance), span(chance).0),
        3 => happened(replied(word(chance)), Window::Ever),
        4 => Condition::InSegment("s".to_owned()),
        5 => is_text("plan", plan(chance)),
        6 => Condition::KnownFor(Span(SPANS.iter().sum::<i64>() + span(chance).0)),
        7 => Condition::Not(Box::new(said_lately(word(chance), span(chance).0))),
        8 => happened(replied(word(chance)), Window::SinceEntry),
        9 => unanswered(chance),
        10 => Condition::InCampaign((*chance.one(&["a", "b"])).to_owned()),
        11 => Condition::ServiceWindow,
        12 => Condition::Not(Box::new(condition(chance, depth - 1))),
        13 => Condition::All(vec![condition(chance, depth - 1), condition(chance, depth - 1)]),
        14 => Condition::HeldFor { condition: Box::new(condition(chance, depth - 1)), span: span(chance) },
        _ => Condition::Any(vec![condition(chance, depth - 1), condition(chance, depth - 1)]),
    }
}

/// `replied A then not replied B within D`
fn unanswered(chance: &mut Chance) -> Condition {
    let (first, event) = (replied(word(chance)), replied(word(chance)));
    let then = Then { not: true, event, same: None, within: Some(span(chance).into()) };
    let what = Phrase::Sequence(Box::new(Sequence { first, steps: vec![then], grace: Span(0) }));
    let lately = Window::last(span(chance));
    let window = *chance.one(&[Window::Ever, Window::SinceEntry, lately]);
    Condition::Happened(Box::new(Happened { what, counted: Counted::ONCE, window }))
}

fn word(chance: &mut Chance) -> &'static str {
    chance.one::<&str>(&WORDS)
}

fn plan(chance: &mut Chance) -> &'static str {
    chance.one::<&str>(&["pro", "free"])
}

fn span(chance: &mut Chance) -> Span {
    Span(*chance.one(&SPANS))
}

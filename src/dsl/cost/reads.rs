//! Which events and attributes a rule is about, and how far back.

use super::Reach;
use crate::dsl::walk::{Rule, each_condition};
use crate::dsl::words::{self, quoted};
use crate::model::compare::{Comparison, Op, TimeTest};
use crate::model::rule::{
    Condition, Happened, Match, MessageTest, Move, Phrase, RuleSet, Sequence, Test, Trigger, Verb, Window,
};
use crate::model::time::Length;

/// The longest that anything in the rule counts.
pub(super) fn longest(rule: Rule<'_>) -> Reach {
    let mut longest = rule.trigger().map_or(Reach::Now, within);
    for condition in rule.watched().into_iter().chain(rule.asked()) {
        each_condition(condition, &mut |part| {
            longest = longest.max(match part {
                Condition::Happened(happened) => Reach::of_window(happened.window).max(within(&happened.what)),
                Condition::KnownFor(span) | Condition::HeldFor { span, .. } => Reach::Last(*span),
                Condition::ServiceWindow => Reach::Last(crate::model::time::Span::hours(24)),
                Condition::Attribute(test) => time_test(test),
                Condition::Everyone
                | Condition::Not(_)
                | Condition::All(_)
                | Condition::Any(_)
                | Condition::InSegment(_)
                | Condition::InCampaign(_)
                | Condition::InSample { .. }
                | Condition::LocalTime { .. }
                | Condition::LocalDay(_) => Reach::Now,
            });
        });
    }
    longest
}

/// The longest `within` of a phrase.
fn within(phrase: &Phrase) -> Reach {
    let of = |length: Option<Length>| length.map_or(Reach::Now, Reach::of);
    match phrase {
        Phrase::One(event) => of(event.in_time),
        Phrase::Sequence(sequence) => sequence.steps.iter().map(|step| of(step.within)).max().unwrap_or(Reach::Now),
    }
}

fn time_test(test: &Comparison) -> Reach {
    match &test.op {
        Op::Time(
            TimeTest::InTheNext(d) | TimeTest::InTheLast(d) | TimeTest::MoreThanAgo(d) | TimeTest::MoreThanAway(d),
        ) => Reach::of(*d),
        _ => Reach::Now,
    }
}

/// The kinds of events and the attributes that can change the rule.
pub(super) fn changes(rules: &RuleSet, rule: Rule<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for event in rule.matches() {
        push(&mut all, kind(event));
        if let Some(test) = &event.filter {
            persons(test, &mut all);
        }
    }
    let (mut names, mut local) = (Vec::new(), rule_is_local(rule));
    for condition in rule.watched().into_iter().chain(rule.asked()) {
        each_condition(condition, &mut |part| match part {
            Condition::Attribute(test) => {
                push(&mut names, words::name(&test.name));
                local |= is_local(test);
            }
            Condition::InSegment(name) => push(&mut all, format!("segment {}", quoted(name))),
            Condition::InCampaign(name) => push(&mut all, format!("journeys of campaign {}", quoted(name))),
            Condition::ServiceWindow => push(&mut all, "inbound messages".to_owned()),
            Condition::LocalTime { .. } | Condition::LocalDay(_) => local = true,
            Condition::Happened(happened) => local |= is_local_window(happened.window),
            _ => {}
        });
    }
    if local && let Some(zone) = &rules.schema.person_time_zone {
        push(&mut names, words::name(zone));
    }
    if !names.is_empty() {
        let word = if names.len() == 1 { "the attribute" } else { "the attributes" };
        all.push(format!("{word} {}", words::and(&names)));
    }
    if let Rule::Campaign(campaign) = rule {
        match &campaign.trigger {
            Trigger::Schedule(name) => push(&mut all, format!("schedule {}", quoted(name))),
            Trigger::Api => push(&mut all, "starts through the API".to_owned()),
            Trigger::Event(_) | Trigger::Becomes(_) => {}
        }
    }
    all
}

fn rule_is_local(rule: Rule<'_>) -> bool {
    rule.trigger().is_some_and(|phrase| match phrase {
        Phrase::One(event) => matches!(event.in_time, Some(Length::Calendar { .. })),
        Phrase::Sequence(sequence) => {
            sequence.steps.iter().any(|step| matches!(step.within, Some(Length::Calendar { .. })))
        }
    })
}

/// Whether the person's zone matters to a test.
fn is_local(test: &Comparison) -> bool {
    match &test.op {
        Op::Time(op) => !matches!(
            op,
            TimeTest::InTheNext(Length::Elapsed(_))
                | TimeTest::InTheLast(Length::Elapsed(_))
                | TimeTest::MoreThanAgo(Length::Elapsed(_))
                | TimeTest::MoreThanAway(Length::Elapsed(_))
                | TimeTest::InThePast
                | TimeTest::InTheFuture
                | TimeTest::Before(crate::model::rule::Point::Instant(_))
                | TimeTest::After(crate::model::rule::Point::Instant(_))
        ),
        _ => false,
    }
}

fn is_local_window(window: Window) -> bool {
    use crate::model::rule::Point;
    match window {
        Window::Last(Length::Calendar { .. })
        | Window::This(_)
        | Window::Yesterday
        | Window::Since(Point::Day(_))
        | Window::Before(Point::Day(_))
        | Window::Days(..) => true,
        Window::Ever
        | Window::Last(Length::Elapsed(_))
        | Window::Since(Point::Instant(_))
        | Window::Before(Point::Instant(_))
        | Window::SinceEntry => false,
    }
}

fn persons(test: &Test, all: &mut Vec<String>) {
    match test {
        Test::Not(test) => persons(test, all),
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| persons(test, all)),
        Test::Property(_) => {}
        Test::Person(test) => {
            push(all, format!("the attribute {} as it is when an event arrives", words::name(&test.name)));
        }
    }
}

/// What a backfill reads: the events of each kind, as far back as they can matter.
pub(super) fn backfill(rule: Rule<'_>) -> Vec<String> {
    let mut kinds: Vec<(String, Reach)> = Vec::new();
    let mut add = |event: &Match, reach: Reach| {
        let kind = kind(event);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) => *known = (*known).max(reach),
            None => kinds.push((kind, reach)),
        }
    };
    let mut attributes = Vec::new();
    for condition in rule.watched().into_iter().chain(rule.asked()) {
        let mut held = Reach::Now;
        each_condition(condition, &mut |part| match part {
            // What is inside has to be known all the way back; that this takes in its neighbours is no harm.
            Condition::HeldFor { span, .. } => held = held.plus(Reach::Last(*span)),
            Condition::Happened(happened) => happened_reads(happened, held, &mut add),
            Condition::ServiceWindow => {
                let day = Reach::Last(crate::model::time::Span::hours(24));
                add(&Match::any(Verb::Replied), day.plus(held));
            }
            Condition::Attribute(test) => push(&mut attributes, words::name(&test.name)),
            Condition::KnownFor(_) => push(&mut attributes, "known_since".to_owned()),
            _ => {}
        });
    }
    let mut all: Vec<String> = kinds.iter().map(|(kind, reach)| far_back(kind, *reach)).collect();
    if !attributes.is_empty() {
        let word = if attributes.len() == 1 { "attribute" } else { "attributes" };
        all.push(format!("{word} {}", words::and(&attributes)));
    }
    all
}

fn far_back(kind: &str, reach: Reach) -> String {
    match reach {
        Reach::Last(span) => format!("{kind} of the last {}", words::span(span)),
        Reach::Now | Reach::Ever => format!("all {kind}"),
    }
}

fn happened_reads(happened: &Happened, held: Reach, add: &mut impl FnMut(&Match, Reach)) {
    let window = Reach::of_window(happened.window).plus(held);
    match &happened.what {
        Phrase::One(event) => add(event, window),
        Phrase::Sequence(sequence) => {
            let before = steps_before(sequence);
            for event in crate::dsl::walk::events(&happened.what) {
                add(event, window.plus(before));
            }
        }
    }
}

/// How long before its completion a sequence can begin.
fn steps_before(sequence: &Sequence) -> Reach {
    let last = sequence.steps.len().saturating_sub(1);
    let counted = (0..).zip(&sequence.steps).filter(|(place, step)| !step.not || *place == last);
    let lengths = counted.map(|(_, step)| step.within.map_or(Reach::Ever, |within| Reach::Last(within.longest())));
    lengths.fold(Reach::Now, Reach::plus)
}

/// What events of this kind are called, in the plural.
fn kind(event: &Match) -> String {
    let of = |what: &str| match event.target.as_ref().map(|target| &target.message) {
        Some(MessageTest::Campaign { campaign, .. }) => format!("{what} of campaign {}", quoted(campaign)),
        Some(MessageTest::Template(template)) => format!("{what} of template {}", quoted(template)),
        Some(MessageTest::Step(_)) => format!("{what} of this journey"),
        Some(MessageTest::Any | MessageTest::It) | None => what.to_owned(),
    };
    match &event.verb {
        Verb::Replied => "inbound messages".to_owned(),
        Verb::Tapped => "taps on buttons and lists".to_owned(),
        Verb::Reacted => "reactions".to_owned(),
        Verb::RemovedReaction => "removed reactions".to_owned(),
        Verb::WasSent => of("sends"),
        Verb::Received => of("deliveries"),
        Verb::Read => of("read receipts"),
        Verb::FailedToReceive => of("failed deliveries"),
        Verb::Performed(name) => format!("events {}", quoted(name)),
        Verb::Moved(Move::EnteredSegment(name)) => format!("entries into segment {}", quoted(name)),
        Verb::Moved(Move::LeftSegment(name)) => format!("leaves from segment {}", quoted(name)),
        Verb::Moved(
            Move::EnteredCampaign(name)
            | Move::LeftCampaign(name)
            | Move::FinishedCampaign(name)
            | Move::ConvertedIn(name),
        ) => format!("journeys of campaign {}", quoted(name)),
        Verb::Changed(change) => format!("changes of {}", words::name(&change.name)),
    }
}

fn push(all: &mut Vec<String>, what: String) {
    if !all.contains(&what) {
        all.push(what);
    }
}

//! The engine alone: what one inbound message costs, with 10 to 10,000 keyword segments of which one matches.
//!
//! `cargo bench --bench engine`. The cost must not depend on the number of rules.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use antiphon::dsl;
use antiphon::engine::{self, Catalogue, Engine, Input, Subject, Versions};
use antiphon::model::event::{Event, Kind};
use antiphon::model::id::{EventKey, PersonId, RulesVersion, SegmentId};
use antiphon::model::person::Person;
use antiphon::model::time::{Second, Span};
use antiphon::model::value::Properties;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;

const T0: Second = Second(1_795_334_400);

/// `segments` keyword segments; the first one is what the person says.
fn versions(segments: usize) -> Versions {
    let mut text = "version: 1\nsegments:\n".to_owned();
    for n in 0..segments {
        let keyword = if n == 0 { "YES".to_owned() } else { format!("WORD{n}") };
        text.push_str(&format!("  word-{n}:\n    when: |\n      replied \"{keyword}\" within 2 days\n"));
    }
    let compiled = dsl::compile(&BTreeMap::from([("words.yaml".to_owned(), text)]));
    let rules = Arc::new(compiled.rules.expect("the rules are right"));
    let names = rules.segments.iter().map(|segment| segment.name.clone());
    let catalogue = Catalogue { segments: names.zip((1..).map(SegmentId)).collect(), ..Catalogue::default() };
    let engine = Engine::compile(rules, RulesVersion(1), &catalogue).expect("a checked rule set runs");
    Versions::new(Arc::new(engine), T0)
}

fn somebody() -> Subject {
    Subject::new(Person {
        id: PersonId(1),
        cio_id: ulid::Ulid::from_parts(1, 1),
        external_id: Some("ana".to_owned()),
        email: None,
        phone: None,
        attributes: Properties::new(),
        known_since: T0,
    })
}

fn reply(at: Second, text: &str) -> Event {
    let properties = json!({ "body": text, "kind": "text", "via": "text", "channel": "whatsapp" });
    Event {
        key: EventKey([7; 16]),
        seq: 0,
        at,
        arrived: at,
        precedes: None,
        kind: Kind::Inbound,
        properties: properties.as_object().cloned().expect("it is an object"),
        message: None,
        reason: None,
    }
}

fn one_match(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one message, one match");
    for segments in [10, 100, 1_000, 10_000] {
        let versions = versions(segments);
        group.bench_function(BenchmarkId::from_parameter(segments), |bencher| {
            let mut subject = somebody();
            engine::step(&versions, &mut subject, Input::Born, None, T0);
            let mut now = T0;
            bencher.iter_batched(
                || {
                    now = now.plus(Span(1));
                    (reply(now, "Yes!"), now)
                },
                |(event, now)| black_box(engine::step(&versions, &mut subject, Input::Event(event), None, now)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn no_match(criterion: &mut Criterion) {
    let versions = versions(10_000);
    criterion.bench_function("one message, no match among 10,000", |bencher| {
        let mut subject = somebody();
        engine::step(&versions, &mut subject, Input::Born, None, T0);
        let mut now = T0;
        bencher.iter_batched(
            || {
                now = now.plus(Span(1));
                (reply(now, "something else altogether"), now)
            },
            |(event, now)| black_box(engine::step(&versions, &mut subject, Input::Event(event), None, now)),
            criterion::BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, one_match, no_match);
criterion_main!(benches);

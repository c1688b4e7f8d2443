//! What follows from events: memberships, journeys, messages.

use antiphon::model::id::{EffectId, JourneyId, PersonId, RulesVersion, SegmentId};
use antiphon::model::journey::{Ended, Entry, Heard, Journey, Kept, Overdue, Waiting, What};
use antiphon::model::message::Delivery;
use antiphon::model::time::{Second, Span};
use antiphon::model::transition::{Cause, Transition};
use antiphon::store::journeys::{self, EntryRow, Filter, JourneyRow};
use antiphon::store::memberships::{self, TransitionRow};
use antiphon::store::messages::{self, DeliveryTimes, MessageNews, MessageRow, Wanted};
use antiphon::store::outbox;
use antiphon::store::rules::{self, SegmentName};
use serde_json::json;
use ulid::Ulid;

use super::harness::on_both;
use super::sample::{RULES, T0, effect, key, made, new_send, properties};

pub fn by_event(seq: u32) -> Cause {
    Cause::Event { seq, key: key(&format!("e{seq}")) }
}

pub fn moved(person: PersonId, segment: u32, entered: bool, cause: Cause) -> TransitionRow {
    let transition = Transition { segment: SegmentId(segment), entered, at: T0, cause, late: cause.seq() == Some(2) };
    TransitionRow { person, transition, rules: RULES }
}

#[test]
fn memberships_follow_the_last_transition() {
    on_both("membership-last", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        let tx = store.write().await.unwrap();
        let names = ["a", "b", "c"].map(|name| SegmentName { name: name.into(), title: None, kind: "dynamic" });
        rules::assign(&tx, &names, &[], T0).await.unwrap();
        memberships::write(&tx, &[moved(ids[0], 3, true, Cause::Wake)]).await.unwrap();
        let batch = [
            moved(ids[0], 1, true, by_event(1)),
            moved(ids[1], 1, true, by_event(2)),
            moved(ids[0], 1, false, by_event(1)),
            moved(ids[0], 1, true, Cause::Wake),
            moved(ids[0], 2, true, Cause::Rules),
            moved(ids[0], 2, false, by_event(3)),
            moved(ids[0], 3, false, by_event(3)),
        ];
        memberships::write(&tx, &batch).await.unwrap();
        tx.commit().await.unwrap();

        let reader = store.read();
        let members = memberships::members(&reader, SegmentId(1), PersonId(0), 9).await.unwrap();
        let seen: Vec<_> = members.iter().map(|m| (m.person, m.cause)).collect();
        assert_eq!(seen, [(ids[0], Cause::Wake), (ids[1], by_event(2))]);
        let after = memberships::members(&reader, SegmentId(1), ids[0], 1).await.unwrap();
        assert_eq!(after, members[1..]);
        let of_ana = memberships::of_person(&reader, ids[0]).await.unwrap();
        assert_eq!(of_ana, members[..1]);
        let mut counts = Vec::new();
        for segment in 1..4 {
            counts.push(memberships::count(&reader, SegmentId(segment)).await.unwrap());
        }
        assert_eq!(counts, [2, 0, 0]);
        members
    });
}

pub fn journey(number: u128, person: Option<PersonId>) -> JourneyRow {
    let journey = Journey {
        id: JourneyId(Ulid(number)),
        campaign: "ask".to_owned(),
        rules: RULES,
        key: Some("order-7".to_owned()),
        cause: by_event(1),
        started: T0,
        event: properties(json!({"total": 50.1})),
        position: 0,
        effects: 0,
        wake: Some(T0),
        ended: None,
        kept: Kept {
            waiting: Some(Waiting { until: Some(T0), disturbed: true }),
            answer: properties(json!({"body": "Yes! \u{1F600}", "score": 1.5})),
            heard: vec![Heard { position: 4, outcome: 1, properties: properties(json!({"body": "no"})) }],
            overdue: vec![Overdue { position: 2, deadline: T0 }],
            converted: true,
            held_back: true,
            memory: vec![1, 2, 3],
        },
    };
    JourneyRow { journey, person }
}

#[test]
fn a_journey_starts_once_and_goes_on_until_it_ends() {
    on_both("journey", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let rows = [journey(1, Some(ana)), journey(2, Some(ana)), journey(3, None)];
        let tx = store.write().await.unwrap();
        assert_eq!(journeys::insert(&tx, &rows).await.unwrap().len(), 3);
        let again = JourneyRow { journey: Journey { position: 9, ..rows[0].journey.clone() }, ..rows[0].clone() };
        assert!(journeys::insert(&tx, &[again]).await.unwrap().is_empty());
        let open = journeys::open_of(&tx, &[ana]).await.unwrap();
        assert_eq!(open[&ana], [rows[0].journey.clone(), rows[1].journey.clone()]);

        let mut first = rows[0].journey.clone();
        (first.position, first.effects, first.wake, first.kept) = (2, 5, None, Kept::default());
        first.ended = Some(Ended { at: T0.next(), reason: "finished".to_owned() });
        journeys::save(&tx, &[&first]).await.unwrap();
        let lines: Vec<EntryRow> = [What::Started, What::Asked(effect(4)), What::Updated(vec!["plan".to_owned()])]
            .into_iter()
            .flat_map(|what| rows.iter().map(move |row| entry(row, what.clone())))
            .collect();
        journeys::log(&tx, &lines).await.unwrap();
        tx.commit().await.unwrap();

        let reader = store.read();
        assert_eq!(journeys::open_of(&reader, &[ana]).await.unwrap()[&ana], [rows[1].journey.clone()]);
        assert_eq!(journeys::get(&reader, first.id).await.unwrap().unwrap().journey, first);
        for row in &rows {
            let log = journeys::log_of(&reader, row).await.unwrap();
            let written: Vec<Entry> = lines
                .iter()
                .filter(|line| line.entry.journey == Some(row.journey.id))
                .map(|line| line.entry.clone())
                .collect();
            assert_eq!(log, written);
        }
        let of_ana = Filter { person: Some(ana), ..Filter::default() };
        let seen = ids(&journeys::page(&reader, &of_ana, 9).await.unwrap());
        let others = Filter { campaign: Some("other".to_owned()), ..Filter::default() };
        let before = Filter { before: Some(rows[2].journey.id), ..Filter::default() };
        (
            seen,
            ids(&journeys::page(&reader, &others, 9).await.unwrap()),
            ids(&journeys::page(&reader, &before, 1).await.unwrap()),
        )
    });
}

fn ids(rows: &[JourneyRow]) -> Vec<JourneyId> {
    rows.iter().map(|row| row.journey.id).collect()
}

fn entry(row: &JourneyRow, what: What) -> EntryRow {
    let journey = &row.journey;
    let entry = Entry {
        journey: Some(journey.id),
        campaign: journey.campaign.clone(),
        step: Some("step-1".to_owned()),
        at: T0,
        cause: journey.cause,
        what,
    };
    EntryRow { entry, person: row.person }
}

pub fn message(number: u128, person: PersonId, accepted: Option<Second>) -> MessageRow {
    MessageRow {
        id: effect(number),
        person,
        campaign: Some("ask".to_owned()),
        step: Some("step-1".to_owned()),
        journey: Some(JourneyId(Ulid(9))),
        template: Some("welcome".to_owned()),
        sender: Some("100200300".to_owned()),
        provider_key: accepted.map(|_| [u8::try_from(number).unwrap(); 16]),
        created: T0,
        delivery: if accepted.is_some() { Delivery::Accepted } else { Delivery::Pending },
        times: DeliveryTimes { accepted, ..DeliveryTimes::default() },
        failure: None,
        body: Some("Are you coming?".to_owned()),
    }
}

/// Accepted within the window, claimed and not settled, named by key or by tag: these and no others.
#[test]
fn messages_are_found_that_a_reply_may_answer() {
    on_both("message-outstanding", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        let (ana, bo) = (ids[0], ids[1]);
        let tx = store.write().await.unwrap();
        let rows = [
            message(1, ana, Some(T0.minus(Span(1)))),
            message(2, ana, Some(T0)),
            message(3, ana, None),
            message(4, ana, None),
            message(5, bo, Some(T0)),
            message(6, bo, Some(T0.minus(Span(9)))),
        ];
        messages::insert(&tx, &rows).await.unwrap();
        // 3 waits in the outbox, 4 is being sent.
        outbox::insert(&tx, &[new_send(4, Some(ana))], 0).await.unwrap();
        assert_eq!(outbox::claim(&tx, 0, 60_000, 9).await.unwrap().len(), 1);
        outbox::insert(&tx, &[new_send(3, Some(ana))], 0).await.unwrap();
        tx.commit().await.unwrap();

        let found = async |people: &[PersonId], keys: &[u8], tags: &[u128]| -> Vec<EffectId> {
            let wanted = Wanted {
                people: people.to_vec(),
                since: T0,
                provider_keys: keys.iter().map(|key| [*key; 16]).collect(),
                ids: tags.iter().map(|tag| effect(*tag)).collect(),
            };
            let found = messages::outstanding(&store.read(), &wanted).await.unwrap();
            found.iter().map(|o| o.message.id).collect()
        };
        assert_eq!(found(&[ana], &[], &[]).await, [effect(2), effect(4)]);
        assert_eq!(found(&[bo, ana], &[6, 2], &[3, 99]).await, [2, 3, 4, 5, 6].map(effect));
        assert!(found(&[], &[], &[]).await.is_empty());
        let wanted = Wanted { people: vec![ana], since: T0, ..Wanted::default() };
        messages::outstanding(&store.read(), &wanted).await.unwrap()
    });
}

#[test]
fn news_of_a_message_fill_in_and_never_take_back() {
    on_both("message-news", async |store| {
        let ana = made(store, &["ana"]).await[0];
        let tx = store.write().await.unwrap();
        messages::insert(&tx, &[message(1, ana, None)]).await.unwrap();
        messages::insert(&tx, &[MessageRow { body: None, ..message(1, ana, None) }]).await.unwrap();
        let mut times = DeliveryTimes::default();
        times.note(Delivery::Accepted, T0);
        times.note(Delivery::Read, Second(5));
        times.note(Delivery::Read, Second(4));
        let news = MessageNews {
            id: effect(1),
            delivery: Delivery::Read,
            provider_key: Some([7; 16]),
            sender: Some("42".to_owned()),
            times,
            bound: Some((T0, 4)),
            failure: None,
        };
        messages::update(&tx, std::slice::from_ref(&news)).await.unwrap();
        let mut later = DeliveryTimes { replied: Some(T0), ..DeliveryTimes::default() };
        later.note(Delivery::Read, Second(9));
        let news =
            MessageNews { provider_key: None, sender: None, times: later, failure: Some("131049".to_owned()), ..news };
        messages::update(&tx, &[news]).await.unwrap();
        tx.commit().await.unwrap();
        let row = messages::get(&store.read(), effect(1)).await.unwrap().unwrap();
        let expected = MessageRow {
            delivery: Delivery::Read,
            provider_key: Some([7; 16]),
            sender: Some("42".to_owned()),
            times: DeliveryTimes {
                accepted: Some(T0),
                read: Some(Second(5)),
                replied: Some(T0),
                ..DeliveryTimes::default()
            },
            failure: Some("131049".to_owned()),
            ..message(1, ana, None)
        };
        assert_eq!(row, expected);
        assert_eq!(messages::of_person(&store.read(), ana, None, 9).await.unwrap(), [row]);
        assert!(messages::of_person(&store.read(), ana, Some(effect(1)), 9).await.unwrap().is_empty());
        let named = Wanted { ids: vec![effect(1)], ..Wanted::default() };
        let outstanding = messages::outstanding(&store.read(), &named).await.unwrap();
        assert_eq!(outstanding[0].bound, Some((T0, 4)));
        outstanding
    });
}

#[test]
fn names_keep_their_numbers() {
    on_both("rules-numbers", async |store| {
        let declared = |names: &[&str], title: &str| -> Vec<SegmentName> {
            names
                .iter()
                .map(|name| SegmentName { name: (*name).into(), title: Some(title.into()), kind: "dynamic" })
                .collect()
        };
        let tx = store.write().await.unwrap();
        rules::assign(&tx, &declared(&["b", "a"], "old"), &["x"], T0).await.unwrap();
        for _ in 0..3 {
            rules::assign(&tx, &declared(&["b", "a"], "old"), &["x"], T0.next()).await.unwrap();
        }
        let numbers = rules::assign(&tx, &declared(&["c", "a"], "new"), &["y", "x"], T0.next()).await.unwrap();
        tx.commit().await.unwrap();
        let seen: Vec<_> = numbers.segments.iter().map(|(name, id)| (name.as_str(), id.0)).collect();
        assert_eq!(seen, [("a", 2), ("b", 1), ("c", 3)]);
        let rows = rules::segments(&store.read()).await.unwrap();
        let seen: Vec<_> = rows.iter().map(|row| (row.id.0, row.updated)).collect();
        assert_eq!(seen, [(1, T0), (2, T0.next()), (3, T0.next())], "only what changed is marked");
        (numbers, rows, rules::campaigns(&store.read()).await.unwrap())
    });
}

#[test]
fn one_rule_set_is_active() {
    on_both("rules-active", async |store| {
        let sources = [("segments/a.yaml".to_owned(), "when: everyone\n".to_owned())].into();
        let tx = store.write().await.unwrap();
        assert_eq!(rules::active(&tx).await.unwrap(), None);
        let first = rules::publish(&tx, &[1; 32], &sources, T0).await.unwrap();
        let second = rules::publish(&tx, &[2; 32], &sources, T0).await.unwrap();
        assert_eq!((first, second), (RulesVersion(1), RulesVersion(2)));
        rules::activate(&tx, first, T0).await.unwrap();
        rules::activate(&tx, second, T0.next()).await.unwrap();
        tx.commit().await.unwrap();
        let reader = store.read();
        let active = rules::active(&reader).await.unwrap().unwrap();
        assert_eq!((active.version, &active.sources, active.activated), (second, &sources, Some(T0.next())));
        assert_eq!(rules::by_hash(&reader, &[1; 32]).await.unwrap().unwrap().activated, Some(T0));
        assert_eq!(rules::by_hash(&reader, &[3; 32]).await.unwrap(), None);
        assert_eq!(rules::get(&reader, first).await.unwrap().map(|row| row.active), Some(false));
        rules::history(&reader, 9).await.unwrap()
    });
}

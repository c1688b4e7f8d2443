//! People, their state and wakes, and the ways to find them.

use antiphon::model::id::{PersonId, RulesVersion, SegmentId};
use antiphon::model::identity::Channel;
use antiphon::model::lookup::{Lookup, ValueKey};
use antiphon::model::person::Handle;
use antiphon::model::time::Second;
use antiphon::model::transition::{Cause, Transition};
use antiphon::store::identities::{self, Identity};
use antiphon::store::memberships::{self, TransitionRow};
use antiphon::store::people::{self, In, NewPerson, Range, StateRow};
use antiphon::store::rules::{self, SegmentName};
use antiphon::store::{Source, Store, erase, journeys};

use super::consequences::journey;
use super::harness::on_both;
use super::sample::{RULES, T0, made, make, phone, properties, somebody};

#[test]
fn a_person_reads_back_as_written() {
    on_both("person-roundtrip", async |store| {
        let ids = made(store, &["zoe", "ana"]).await;
        assert!(ids[0] < ids[1], "the order given is the order of creation");
        let rows = people::load(&store.read(), &[ids[1], ids[0], ids[0], PersonId(999)]).await.unwrap();
        let expected = [somebody("zoe"), somebody("ana")];
        assert_eq!(rows.len(), 2);
        for ((row, new), id) in rows.iter().zip(&expected).zip(&ids) {
            assert_eq!(row.person.id, *id);
            assert_eq!(row.person.cio_id, new.cio_id);
            assert_eq!(row.person.external_id, new.external_id);
            assert_eq!(row.person.email, new.email);
            assert_eq!(row.person.attributes, new.attributes);
            assert_eq!((row.last_seq, row.rules, row.wake, row.state.as_slice()), (0, RULES, None, &[][..]));
        }
        rows
    });
}

/// The id of somebody who was erased names nobody else later, not even that of the newest.
#[test]
fn an_id_is_never_given_again() {
    on_both("person-ids", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        let tx = store.write().await.unwrap();
        erase(&tx, ids[1]).await.unwrap();
        tx.commit().await.unwrap();
        let cleo = made(store, &["cleo"]).await[0];
        assert!(ids[0] < ids[1] && ids[1] < cleo);
        (ids, cleo)
    });
}

#[test]
fn nobody_is_made_twice() {
    on_both("person-unique", async |store| {
        made(store, &["ana"]).await;
        let same_id = NewPerson { cio_id: somebody("x").cio_id, email: None, ..somebody("ana") };
        let same_mail = NewPerson { external_id: None, ..somebody("ana") };
        let number = NewPerson { first_number: Some(phone("+15550100142")), ..somebody("bo") };
        let same_number = NewPerson { first_number: Some(phone("+15550100142")), ..somebody("cleo") };
        for (first, second) in [(None, same_id), (None, same_mail), (Some(number), same_number)] {
            let tx = store.write().await.unwrap();
            let new: Vec<NewPerson> = first.into_iter().chain([second]).collect();
            let error = make(&tx, new).await.unwrap_err();
            assert!(error.is_conflict() && error.is_data() && !error.is_retryable(), "{error}");
        }
        people::count(&store.read(), RULES).await.unwrap()
    });
}

#[test]
fn state_wake_and_profile_are_written_apart() {
    on_both("person-save", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        let tx = store.write().await.unwrap();
        people::lock(&tx, &ids).await.unwrap();
        let state = StateRow { id: ids[0], last_seq: 3, rules: RulesVersion(2), state: vec![0, 255, 1] };
        people::save_states(&tx, &[state]).await.unwrap();
        people::set_wakes(&tx, &[(ids[0], Some(T0)), (ids[1], Some(Second(1)))]).await.unwrap();
        people::set_wakes(&tx, &[(ids[1], None)]).await.unwrap();
        let mut bo = people::load(&tx, &ids[1..]).await.unwrap().remove(0).person;
        bo.email = None;
        bo.phone = Some(phone("+15550100143"));
        bo.attributes = properties(serde_json::json!({"unsubscribed": true}));
        people::save_profiles(&tx, &[&bo]).await.unwrap();
        tx.commit().await.unwrap();

        let rows = people::load(&store.read(), &ids).await.unwrap();
        assert_eq!((rows[0].last_seq, rows[0].rules, rows[0].wake), (3, RulesVersion(2), Some(T0)));
        assert_eq!(rows[0].state, [0, 255, 1]);
        assert_eq!((&rows[1].person, rows[1].wake), (&bo, None));
        rows
    });
}

#[test]
fn a_first_number_goes_with_the_number() {
    on_both("person-first-number", async |store| {
        let number = Some(phone("+15550100142"));
        let from_number = NewPerson { first_number: number.clone(), phone: number.clone(), ..somebody("ana") };
        let tx = store.write().await.unwrap();
        let ids = make(&tx, vec![from_number]).await.unwrap();
        let mut ana = people::load(&tx, &ids).await.unwrap().remove(0).person;
        ana.phone = Some(phone("+15550100999"));
        people::save_profiles(&tx, &[&ana]).await.unwrap();
        let again = NewPerson { first_number: number, ..somebody("bo") };
        let made = make(&tx, vec![again]).await;
        tx.commit().await.unwrap();
        made.is_ok()
    });
}

/// A wake for second t is due when t is over: never in t itself.
#[test]
fn a_wake_is_due_when_its_second_is_over() {
    on_both("person-due", async |store| {
        let ids = made(store, &["ana", "bo", "cleo", "dan"]).await;
        let wakes = [(ids[0], Some(T0)), (ids[1], Some(T0.plus(ONE))), (ids[2], Some(T0.minus(ONE)))];
        let tx = store.write().await.unwrap();
        people::set_wakes(&tx, &wakes).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(people::next_wake(&store.read()).await.unwrap(), Some(T0.minus(ONE)));

        let mut seen = Vec::new();
        for (now, limit) in [(T0.minus(ONE), 9), (T0, 9), (T0.plus(ONE), 9), (T0.plus(ONE), 1), (T0.next().next(), 9)] {
            let tx = store.write().await.unwrap();
            let due = people::due(&tx, now, limit).await.unwrap();
            tx.rollback().await.unwrap();
            seen.push(due.iter().map(|id| ids.iter().position(|i| i == id).unwrap()).collect::<Vec<_>>());
        }
        assert_eq!(seen, [vec![], vec![2], vec![2, 0], vec![2], vec![2, 0, 1]]);
        seen
    });
}

const ONE: antiphon::model::time::Span = antiphon::model::time::Span(1);

/// On the way to newer rules some are looked at, and the others go over together.
#[test]
fn those_to_whom_a_change_means_nothing_go_over_as_they_are() {
    on_both("person-amend", async |store| {
        let ids = made(store, &["ana", "bo", "cleo", "dan", "eve", "fay"]).await;
        let (new, elsewhere) = (RulesVersion(RULES.0 + 2), RulesVersion(RULES.0 + 1));
        let tx = store.write().await.unwrap();
        let state = |id, rules| StateRow { id, last_seq: 0, rules, state: vec![7] };
        people::save_states(&tx, &[state(ids[3], elsewhere), state(ids[4], new)]).await.unwrap();
        // A wake of the very second of the activation is due by the rules of before.
        let wakes = [(ids[0], Some(T0)), (ids[1], Some(T0.next()))];
        people::set_wakes(&tx, &wakes).await.unwrap();
        tx.commit().await.unwrap();
        let all = Range { after: PersonId(0), upto: ids[5] };
        let way = (RULES, new);
        let alone = people::amended(&store.read(), all, way, T0, &[ids[2], ids[4], PersonId(999)]).await.unwrap();
        assert_eq!(alone, [ids[0], ids[2], ids[3]]);
        let behind_first = Range { after: ids[0], upto: ids[2] };
        assert_eq!(people::amended(&store.read(), behind_first, way, T0, &[]).await.unwrap(), []);

        let tx = store.write().await.unwrap();
        assert_eq!(people::carry_over(&tx, behind_first, way, &[ids[2]]).await.unwrap(), 1);
        assert_eq!(people::carry_over(&tx, all, way, &[ids[0], ids[2]]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let rows = people::load(&store.read(), &ids).await.unwrap();
        let versions: Vec<_> = rows.iter().map(|row| row.rules).collect();
        assert_eq!(versions, [RULES, new, RULES, elsewhere, new, new]);
        let states: Vec<_> = rows.into_iter().map(|row| (row.state, row.wake)).collect();
        states
    });
}

/// Whoever has a journey is looked at: it may have been paused.
#[test]
fn those_with_a_journey_do_not_go_over_unseen() {
    on_both("person-amend-journey", async |store| {
        let ids = made(store, &["ana", "bo", "cleo"]).await;
        let mut over = journey(2, Some(ids[1]));
        over.journey.ended = Some(antiphon::model::journey::Ended { at: T0, reason: "finished".to_owned() });
        let tx = store.write().await.unwrap();
        journeys::insert(&tx, &[journey(1, Some(ids[0])), over]).await.unwrap();
        tx.commit().await.unwrap();
        let all = Range { after: PersonId(0), upto: ids[2] };
        let alone = people::amended(&store.read(), all, (RULES, RulesVersion(9)), T0, &[]).await.unwrap();
        assert_eq!(alone, [ids[0]]);
        alone
    });
}

#[test]
fn whoever_lags_behind_the_rules_is_found() {
    on_both("person-stale", async |store| {
        assert_eq!(people::newest(&store.read()).await.unwrap(), PersonId(0));
        let ids = made(store, &["ana", "bo", "cleo"]).await;
        let tx = store.write().await.unwrap();
        let new = StateRow { id: ids[1], last_seq: 0, rules: RulesVersion(2), state: vec![1] };
        people::save_states(&tx, &[new]).await.unwrap();
        tx.commit().await.unwrap();
        let reader = store.read();
        let stale =
            people::stale(&reader, RulesVersion(2), Range { after: PersonId(0), upto: PersonId(9) }).await.unwrap();
        assert_eq!(stale, [ids[0], ids[2]]);
        assert_eq!(
            people::stale(&reader, RulesVersion(2), Range { after: ids[0], upto: ids[2] }).await.unwrap(),
            [ids[2]]
        );
        assert_eq!(people::count(&reader, RulesVersion(2)).await.unwrap(), (3, 2));
        let of = |range| people::by_version(&reader, range);
        let mut versions = of(Range { after: PersonId(0), upto: ids[2] }).await.unwrap();
        versions.sort();
        assert_eq!(versions, [(RULES, 2), (RulesVersion(2), 1)]);
        assert_eq!(of(Range { after: ids[0], upto: ids[1] }).await.unwrap(), [(RulesVersion(2), 1)]);
        assert_eq!(people::newest(&reader).await.unwrap(), ids[2]);
        people::page(&reader, ids[0], 1).await.unwrap()
    });
}

#[test]
fn handles_lead_to_people() {
    on_both("identity-find", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        hold(store, &[(ids[1], Channel::Phone, "+15550100142"), (ids[0], Channel::Phone, "+15550100142")]).await;
        let handles = [
            Handle::ExternalId("bo".to_owned()),
            Handle::ExternalId("nobody".to_owned()),
            Handle::Email("ana@example.org".to_owned()),
            Handle::CioId(somebody("bo").cio_id),
            Handle::Phone(phone("+15550100142")),
        ];
        let found = identities::find(&store.read(), &handles).await.unwrap();
        let seen: Vec<_> = found.iter().map(|found| (&found.handle, found.person)).collect();
        let expected = [
            (&handles[0], ids[1]),
            (&handles[2], ids[0]),
            (&handles[3], ids[1]),
            (&handles[4], ids[0]),
            (&handles[4], ids[1]),
        ];
        assert_eq!(seen, expected, "of two with one number and age, the smaller id comes first");
        identities::by_handle(&store.read(), &handles[4]).await.unwrap()
    });
}

#[test]
fn all_holders_are_found_the_longest_known_first() {
    on_both("identity-holders", async |store| {
        let ids = made(store, &["ana"]).await;
        let tx = store.write().await.unwrap();
        let older = NewPerson { known_since: T0.minus(ONE), ..somebody("bo") };
        let older = make(&tx, vec![older]).await.unwrap()[0];
        tx.commit().await.unwrap();
        hold(
            store,
            &[
                (ids[0], Channel::Phone, "+15550100142"),
                (older, Channel::Phone, "+15550100142"),
                (ids[0], Channel::UserId, "US.204"),
                (older, Channel::Alias, "+15550100142"),
            ],
        )
        .await;
        let wanted = [(Channel::Phone, "+15550100142"), (Channel::UserId, "US.204"), (Channel::UserId, "+15550100142")];
        let holders = identities::holders(&store.read(), &wanted).await.unwrap();
        let seen: Vec<_> = holders.iter().map(|holder| (holder.channel, holder.person)).collect();
        assert_eq!(seen, [(Channel::Phone, older), (Channel::Phone, ids[0]), (Channel::UserId, ids[0])]);
        holders
    });
}

#[test]
fn a_changed_number_replaces_the_old_one_only() {
    on_both("identity-delete", async |store| {
        let ids = made(store, &["ana", "bo"]).await;
        let held = [
            (ids[0], Channel::Phone, "+15550100142"),
            (ids[1], Channel::Phone, "+15550100142"),
            (ids[0], Channel::UserId, "US.204"),
        ];
        hold(store, &held).await;
        hold(store, &held).await;
        let tx = store.write().await.unwrap();
        identities::delete(&tx, &[(ids[0], Channel::Phone)]).await.unwrap();
        tx.commit().await.unwrap();
        let left = identities::of_people(&store.read(), &ids).await.unwrap();
        let seen: Vec<_> = left.iter().map(|i| (i.person, i.channel)).collect();
        assert_eq!(seen, [(ids[0], Channel::UserId), (ids[1], Channel::Phone)]);
        left
    });
}

async fn hold(store: &Store, held: &[(PersonId, Channel, &str)]) {
    let identities: Vec<Identity> = held
        .iter()
        .map(|(person, channel, value)| Identity {
            channel: *channel,
            value: (*value).to_owned(),
            person: *person,
            since: T0,
        })
        .collect();
    let tx = store.write().await.unwrap();
    identities::insert(&tx, &identities).await.unwrap();
    tx.commit().await.unwrap();
}

/// A transaction sees its own writes, a reader only what is committed.
#[test]
fn readers_see_what_is_committed() {
    on_both("person-visible", async |store| {
        let tx = store.write().await.unwrap();
        let ids = make(&tx, vec![somebody("ana")]).await.unwrap();
        let seen = (count(&tx, &ids).await, count(&store.read(), &ids).await);
        tx.commit().await.unwrap();
        (seen, count(&store.read(), &ids).await)
    });
}

async fn count(from: &impl Source, ids: &[PersonId]) -> usize {
    people::load(from, ids).await.unwrap().len()
}

#[test]
fn attributes_of_the_newest_come_first() {
    on_both("people-newest", async |store| {
        let ids = made(store, &["ana", "bo", "cy"]).await;
        let first = people::newest_attributes(&store.read(), PersonId(i64::MAX), 2).await.unwrap();
        let rest = people::newest_attributes(&store.read(), first[1].0, 2).await.unwrap();
        let read: Vec<PersonId> = first.iter().chain(&rest).map(|(id, _)| *id).collect();
        assert_eq!(read, [ids[2], ids[1], ids[0]]);
        assert_eq!(first[0].1, somebody("cy").attributes);
        rest
    });
}

#[test]
fn people_are_found_by_segment_value_and_zone() {
    on_both("people-found", async |store| {
        let ids = made(store, &["ana", "bo", "cy", "dee"]).await;
        let (friends, others) = (SegmentId(1), SegmentId(2));
        let tx = store.write().await.unwrap();
        let names = ["friends", "others"].map(|name| SegmentName { name: name.into(), title: None, kind: "manual" });
        rules::assign(&tx, &names, &[], T0).await.unwrap();
        let moves: Vec<_> = [(0, friends), (1, friends), (2, friends), (3, others)]
            .into_iter()
            .map(|(n, segment)| TransitionRow {
                person: ids[n],
                transition: Transition { segment, entered: true, at: T0, cause: Cause::Occurrence(T0), late: false },
                rules: RULES,
            })
            .collect();
        memberships::write(&tx, &moves).await.unwrap();
        people::set_zones(&tx, &[]).await.unwrap();
        assert!(people::zones_in_use(&tx).await.unwrap().is_empty());
        let zones = [(ids[0], Some("Europe/Berlin")), (ids[1], Some("Asia/Tokyo")), (ids[3], Some("Europe/Berlin"))];
        people::set_zones(&tx, &zones).await.unwrap();
        let key = |byte| ValueKey([byte; 16]);
        people::set_values(&tx, &[]).await.unwrap();
        people::set_values(&tx, &[(ids[0], vec![key(1), key(1)]), (ids[2], vec![key(1), key(2)])]).await.unwrap();
        people::set_values(&tx, &[(ids[0], vec![key(1)]), (ids[3], vec![key(1)]), (ids[2], vec![key(2)])])
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let reader = store.read();
        assert_eq!(people::zones_in_use(&reader).await.unwrap(), ["Asia/Tokyo", "Europe/Berlin"]);
        let loaded = people::load(&reader, &ids).await.unwrap();
        assert_eq!(loaded[0].zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(loaded[2].zone, None);
        let standing = memberships::of_person(&reader, ids[0]).await.unwrap();
        assert_eq!(standing[0].cause, Cause::Occurrence(T0));
        let berlin = |otherwise| In::Zone { zone: "Europe/Berlin", otherwise };
        let (members, holders) = (Lookup::Members(friends), |byte| Lookup::Holders(key(byte)));
        let start = PersonId(0);
        let mut all = Vec::new();
        for (lookup, whose, after, limit, expected) in [
            (members, In::Everywhere, start, 9, vec![0, 1, 2]),
            (members, In::Everywhere, start, 2, vec![0, 1]),
            (members, In::Everywhere, ids[1], 9, vec![2]),
            (members, berlin(false), start, 9, vec![0]),
            (members, berlin(true), start, 9, vec![0, 2]),
            (members, berlin(true), ids[0], 9, vec![2]),
            (holders(1), In::Everywhere, start, 9, vec![0, 3]),
            (holders(1), In::Everywhere, start, 1, vec![0]),
            (holders(1), berlin(false), ids[0], 9, vec![3]),
            (holders(2), berlin(true), start, 9, vec![2]),
            (holders(2), berlin(false), start, 9, vec![]),
            (holders(3), In::Everywhere, start, 9, vec![]),
        ] {
            let found = people::found_by(&reader, lookup, whose, after, limit).await.unwrap();
            let expected: Vec<PersonId> = expected.into_iter().map(|n: usize| ids[n]).collect();
            assert_eq!(found, expected, "{lookup:?} {whose:?}");
            all.push(found);
        }
        // Somebody without a zone any more, and somebody erased.
        let tx = store.write().await.unwrap();
        people::set_zones(&tx, &[(ids[1], None)]).await.unwrap();
        erase(&tx, ids[3]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(people::zones_in_use(&reader).await.unwrap(), ["Europe/Berlin"]);
        assert_eq!(people::found_by(&reader, holders(1), In::Everywhere, start, 9).await.unwrap(), [ids[0]]);
        all
    });
}

//! Who wrote and what they answer.

use antiphon::model::event::{Kind, MessageRef, Reason};
use antiphon::model::id::{EffectId, PersonId};
use antiphon::model::identity::Channel;
use antiphon::model::inbound::Sender;
use antiphon::model::message::{Delivery, Outstanding};
use antiphon::model::phone::Phone;
use antiphon::model::time::{Second, Span};
use antiphon::resolve::attribution::{Question, attribute};
use antiphon::resolve::identity::{Choice, Conflict, Holder, Link, Rank, choose, keys, learn, learned_alias};
use proptest::prelude::*;

const OLD: PersonId = PersonId(1);
const YOUNG: PersonId = PersonId(2);

fn sender(number: Option<&str>, user_id: Option<&str>, parent: Option<&str>) -> Sender {
    Sender {
        number: number.map(|n| Phone::from_e164(n).unwrap()),
        user_id: user_id.map(str::to_owned),
        parent_user_id: parent.map(str::to_owned),
    }
}

fn holder(channel: Channel, value: &str, person: PersonId, since: i64) -> Holder {
    Holder { channel, value: value.to_owned(), person, since: Some(Second(since)) }
}

#[test]
fn what_is_looked_up_and_in_which_order() {
    let looked_up = |sender: &Sender| -> Vec<(Rank, Channel, String)> {
        keys(sender).into_iter().map(|key| (key.rank, key.channel, key.value)).collect()
    };
    assert_eq!(
        looked_up(&sender(Some("+5511987654321"), Some("BR.1"), Some("BR.ENT.1"))),
        [
            (Rank::Number, Channel::Phone, "+5511987654321".to_owned()),
            (Rank::Alias, Channel::Alias, "+5511987654321".to_owned()),
            (Rank::Variant, Channel::Phone, "+551187654321".to_owned()),
            (Rank::UserId, Channel::UserId, "BR.1".to_owned()),
            (Rank::ParentUserId, Channel::ParentUserId, "BR.ENT.1".to_owned()),
        ]
    );
    // A landline has no other spelling.
    assert_eq!(looked_up(&sender(Some("+551133334444"), None, None)).len(), 2);
    assert_eq!(looked_up(&sender(None, Some("US.1"), None)).len(), 1);
    assert!(keys(&Sender::default()).is_empty());
}

#[test]
fn a_better_match_beats_an_older_profile() {
    let sender = sender(Some("+5511987654321"), Some("BR.1"), Some("BR.ENT.1"));
    let in_order = [
        (Channel::Phone, "+5511987654321", Rank::Number),
        (Channel::Alias, "+5511987654321", Rank::Alias),
        (Channel::Phone, "+551187654321", Rank::Variant),
        (Channel::UserId, "BR.1", Rank::UserId),
        (Channel::ParentUserId, "BR.ENT.1", Rank::ParentUserId),
    ];
    // Each is held by one person, the worse the older.
    let holders: Vec<Holder> = in_order
        .iter()
        .zip(1..)
        .map(|((channel, value, _), n)| holder(*channel, value, PersonId(n), 100 - n))
        .collect();
    for (n, (_, _, by)) in in_order.iter().enumerate() {
        let person = holders[n].person;
        assert_eq!(choose(&keys(&sender), &holders[n..]), Some(Choice { person, by: *by }));
    }
    assert_eq!(choose(&keys(&sender), &[]), None);
    // A value counts in its own channel only.
    let elsewhere = [holder(Channel::UserId, "+5511987654321", OLD, 1), holder(Channel::ParentUserId, "BR.1", OLD, 1)];
    assert_eq!(choose(&keys(&sender), &elsewhere), None);
}

#[test]
fn of_several_the_oldest_wins_then_the_smaller_id() {
    let number = "+15550100142";
    let keys = keys(&sender(Some(number), None, None));
    let held =
        |person, since: Option<i64>| Holder { since: since.map(Second), ..holder(Channel::Phone, number, person, 0) };
    let chosen = |holders: &[Holder]| choose(&keys, holders).unwrap().person;
    assert_eq!(chosen(&[held(YOUNG, Some(5)), held(OLD, Some(6))]), YOUNG);
    assert_eq!(chosen(&[held(YOUNG, Some(5)), held(OLD, Some(5))]), OLD);
    assert_eq!(chosen(&[held(OLD, None), held(YOUNG, Some(i64::MAX))]), YOUNG);
    assert_eq!(chosen(&[held(YOUNG, None), held(OLD, None)]), OLD);
}

proptest! {
    #[test]
    fn the_choice_does_not_depend_on_the_order_of_the_holders(
        holders in prop::collection::vec((0..3_i64, 1..4_i64, prop::option::of(0..3_i64)), 0..8).prop_flat_map(|all| {
            let holders: Vec<Holder> = all.into_iter().map(|(value, person, since)| Holder {
                channel: Channel::Phone,
                value: ["+5511987654321", "+551187654321", "+15550100142"][usize::try_from(value).unwrap()].to_owned(),
                person: PersonId(person),
                since: since.map(Second),
            }).collect();
            (Just(holders.clone()), Just(holders).prop_shuffle())
        })
    ) {
        let keys = keys(&sender(Some("+5511987654321"), None, None));
        prop_assert_eq!(choose(&keys, &holders.0), choose(&keys, &holders.1));
    }
}

fn link(channel: Channel, value: &str) -> Link {
    Link { person: OLD, channel, value: value.to_owned() }
}

#[test]
fn a_number_teaches_the_user_ids_beside_it() {
    let sender = sender(Some("+15550100142"), Some("US.1"), Some("US.ENT.1"));
    let by_number = Choice { person: OLD, by: Rank::Number };
    let both = [link(Channel::UserId, "US.1"), link(Channel::ParentUserId, "US.ENT.1")];
    assert_eq!(learn(&sender, by_number, &[], &[]).links, both);
    assert_eq!(learn(&sender, Choice { by: Rank::Variant, ..by_number }, &[], &[]).links, both);
    // Known already, by either source.
    let own = [holder(Channel::UserId, "US.1", OLD, 1)];
    assert_eq!(learn(&sender, by_number, &own, &[(Channel::ParentUserId, "US.ENT.1")]), Default::default());
    // Found without a number: nothing is learned.
    for by in [Rank::UserId, Rank::ParentUserId] {
        assert_eq!(learn(&sender, Choice { by, ..by_number }, &[], &[]), Default::default());
    }
}

#[test]
fn somebody_elses_user_id_stays_theirs() {
    let sender = sender(Some("+15550100142"), Some("US.1"), None);
    let learned =
        learn(&sender, Choice { person: OLD, by: Rank::Number }, &[holder(Channel::UserId, "US.1", YOUNG, 1)], &[]);
    assert_eq!(learned.links, []);
    assert_eq!(learned.conflicts, [Conflict::Identity { chosen: OLD, other: YOUNG }]);
    assert_eq!(learned.conflicts[0].as_str(), "identity conflict");
}

#[test]
fn a_second_user_id_is_added_and_shown() {
    let sender = sender(Some("+15550100142"), Some("US.2"), None);
    let learned = learn(&sender, Choice { person: OLD, by: Rank::Number }, &[], &[(Channel::UserId, "US.1")]);
    assert_eq!(learned.links, [link(Channel::UserId, "US.2")]);
    assert_eq!(learned.conflicts, [Conflict::UserIdChanged { person: OLD }]);
}

#[test]
fn an_answer_teaches_what_whatsapp_calls_the_number() {
    let number = Phone::from_e164("+5511987654321").unwrap();
    assert_eq!(learned_alias(&number, "551187654321").unwrap().as_str(), "+551187654321");
    assert_eq!(learned_alias(&number, "5511987654321"), None);
    assert_eq!(learned_alias(&number, "?"), None);
}

#[test]
fn what_is_personal_is_not_shown() {
    let shown = format!(
        "{:?} {:?} {:?}",
        keys(&sender(Some("+15550100142"), Some("US.204"), None)),
        holder(Channel::UserId, "US.204", OLD, 1),
        link(Channel::UserId, "US.204")
    );
    assert!(!shown.contains("0142") && !shown.contains("US.204"), "{shown}");
}

const AT: i64 = 1_000_000;
const WINDOW: Span = Span(300);

fn message(n: u128, accepted: Option<i64>) -> Outstanding {
    Outstanding {
        message: MessageRef {
            id: EffectId(n.into()),
            at: Second(accepted.unwrap_or_default()),
            campaign: Some("ask".to_owned()),
            step: Some("step-1".to_owned()),
            journey: None,
            template: None,
        },
        person: OLD,
        provider_key: accepted.map(|_| [u8::try_from(n).unwrap(); 16]),
        sender: Some("770".to_owned()),
        delivery: if accepted.is_some() { Delivery::Accepted } else { Delivery::Pending },
        accepted: accepted.map(Second),
        in_flight: accepted.is_none(),
        bound: None,
    }
}

fn question(kind: &Kind) -> Question<'_> {
    Question { kind, by_control: false, person: Some(OLD), context: None, at: Second(AT), our_number_id: Some("770") }
}

/// The number of the message and the reason.
fn answered(question: &Question<'_>, candidates: &[Outstanding]) -> Option<(u128, Reason)> {
    attribute(question, candidates, WINDOW).map(|(message, reason)| (message.id.0.into(), reason))
}

#[test]
fn what_is_pointed_at_is_answered_at_any_age() {
    let candidates = [message(1, Some(5)), message(2, Some(AT - 1))];
    let pointing = |kind, by_control| Question { by_control, context: Some([1; 16]), ..question(kind) };
    assert_eq!(answered(&pointing(&Kind::Inbound, false), &candidates), Some((1, Reason::Quoted)));
    assert_eq!(answered(&pointing(&Kind::Inbound, true), &candidates), Some((1, Reason::Button)));
    assert_eq!(answered(&pointing(&Kind::Reaction, false), &candidates), Some((1, Reason::Reaction)));
    assert_eq!(answered(&pointing(&Kind::ReactionRemoved, false), &candidates), Some((1, Reason::Reaction)));
    // Also by somebody we do not know, and whatever became of the message.
    let failed = [Outstanding { delivery: Delivery::Failed, ..message(1, Some(5)) }];
    let anonymous = Question { person: None, ..pointing(&Kind::Inbound, false) };
    assert_eq!(answered(&anonymous, &failed), Some((1, Reason::Quoted)));
}

#[test]
fn something_unknown_is_the_only_message_under_way() {
    let pointing = |kind| Question { context: Some([9; 16]), ..question(kind) };
    let (sent, flying, other) = (message(1, Some(AT - 1)), message(2, None), message(3, None));
    let one = [sent.clone(), flying.clone()];
    assert_eq!(answered(&pointing(&Kind::Inbound), &one), Some((2, Reason::InFlight)));
    assert_eq!(answered(&pointing(&Kind::Reaction), &one), Some((2, Reason::InFlight)));
    // Nothing is pointed at, or two are under way, or another person's: the newest accepted one, if it is no reaction.
    let theirs = Outstanding { person: YOUNG, ..flying.clone() };
    for (question, candidates) in [
        (question(&Kind::Inbound), &one[..]),
        (pointing(&Kind::Inbound), &[sent.clone(), flying.clone(), other.clone()]),
        (pointing(&Kind::Inbound), &[sent.clone(), theirs]),
    ] {
        assert_eq!(answered(&question, candidates), Some((1, Reason::Inferred)));
    }
    assert_eq!(answered(&pointing(&Kind::Reaction), &[sent, flying, other]), None);
}

#[test]
fn else_it_is_the_newest_within_the_window() {
    for (accepted, expected) in [
        (AT - WINDOW.0 - 1, None),
        (AT - WINDOW.0, Some((1, Reason::Inferred))),
        (AT, Some((1, Reason::Inferred))),
        (AT + 1, None),
    ] {
        assert_eq!(answered(&question(&Kind::Inbound), &[message(1, Some(accepted))]), expected, "{accepted}");
    }
    let two = [message(2, Some(AT - 5)), message(1, Some(AT - 9))];
    assert_eq!(answered(&question(&Kind::Inbound), &two), Some((2, Reason::Inferred)));
    let same_second = [message(2, Some(AT - 5)), message(1, Some(AT - 5))];
    assert_eq!(answered(&question(&Kind::Inbound), &same_second), Some((2, Reason::Inferred)));
}

#[test]
fn what_is_never_inferred() {
    let good = message(1, Some(AT - 5));
    let inbound = question(&Kind::Inbound);
    assert_eq!(answered(&question(&Kind::Reaction), std::slice::from_ref(&good)), None);
    assert_eq!(answered(&question(&Kind::Custom("message_edited".to_owned())), std::slice::from_ref(&good)), None);
    assert_eq!(answered(&Question { person: None, ..inbound.clone() }, std::slice::from_ref(&good)), None);
    assert_eq!(answered(&inbound, &[Outstanding { delivery: Delivery::Failed, ..good.clone() }]), None);
    assert_eq!(answered(&inbound, &[Outstanding { person: YOUNG, ..good.clone() }]), None);
    assert_eq!(answered(&inbound, &[Outstanding { sender: Some("771".to_owned()), ..good.clone() }]), None);
    assert_eq!(answered(&inbound, &[Outstanding { accepted: None, in_flight: false, ..good.clone() }]), None);
    // Which number was written to is not always told.
    assert_eq!(answered(&Question { our_number_id: None, ..inbound }, &[good]), Some((1, Reason::Inferred)));
}

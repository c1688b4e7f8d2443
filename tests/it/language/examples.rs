//! One of each: every form of the language that is right, and what its tree looks like.

use antiphon::dsl::syntax::{
    ConditionKind, EventKind, History, Length, MessageKind, Of, OperatorKind, TextTestKind, Unit, WindowKind, Words,
};

use super::{Block, codes, complaints, condition};

/// Conditions that are right.
pub(super) const RIGHT: &[&str] = &[
    r#"everyone"#,
    r#"plan is "pro""#,
    r#"country is one of ["DE", "AT"]"#,
    r#"country is not "DE" (or missing)"#,
    r#"country is not "DE" (and present)"#,
    r#"email is missing"#,
    r#"tags contains "beta""#,
    r#"trial_ends_at is in the next 3 days"#,
    r#"signed_up_at is more than 30 days ago"#,
    r#"birthday is today"#,
    r#"unsubscribed is true"#,
    r#"replied "HELLO" ever"#,
    r#"replied YES within 2 days"#,
    r#"replied YES in the last 2 days"#,
    r#"replied YES within 2 days of the message it answers"#,
    r#"replied YES within 2 days of the message it answers in the last 30 days"#,
    r#"replied YES to campaign "winter" within 2 days of the message it answers"#,
    r#"replied YES within 2 days of campaign "winter""#,
    r#"never replied YES within 2 days of the message it answers"#,
    r#"replied any of affirm to campaign "winter" ever"#,
    r#"replied directly to campaign "winter" ever"#,
    r#"replied "Confirm" via button in the last 2 calendar days"#,
    r#"tapped id "confirm_v2" to campaign "winter" ever"#,
    r#"reacted "👍" to campaign "winter" within 7 days"#,
    r#"replied containing REFUND within 24 hours"#,
    r#"replied matching /\bAB-?[0-9]{4}\b/i to campaign "survey" within 14 days"#,
    r#"has not replied within 7 days"#,
    r#"known for at least 7 days and has not replied within 7 days"#,
    r#"never replied "STOP""#,
    r#"most recently replied any of deny ever"#,
    r#"service window is open"#,
    r#"replied at least 3 times within 30 days"#,
    r#"replied within 2 days of the message it answers at least 3 times in the last 90 days"#,
    r#"replied fewer than 2 times this month"#,
    r#"performed "viewed_product" with at least 3 distinct product_id within 7 days"#,
    r#"performed "order_placed" where (total > 50 and currency is "EUR") at least 2 times in the last 90 days"#,
    r#"was sent any message at most 3 times in the last 7 calendar days"#,
    r#"was not sent campaign "winter" in the last 30 days"#,
    r#"was sent campaign "winter" then not replied within 2 days"#,
    r#"was sent campaign "winter" then not replied to it within 2 days in the last 30 days"#,
    r#"was sent campaign "winter", then replied YES within 1 day, then performed "order_placed" within 3 days"#,
    r#"replied YES then not replied NO then performed "paid" within 7 days"#,
    r#"performed "cart_created" then not performed "order_placed" with same cart_id within 1 hour in the last 1 day"#,
    r#"plan is "trial" for at least 14 days"#,
    r#"in segment "vip" for at least 30 days and in sample "holdout-2026" of 10%"#,
    r#"(replied YES ever or tapped "Yes" ever) and not in segment "opted-out""#,
    r#"replied where answers is missing within 1 day"#,
    r#"local time is from 09:00 to 18:00 and local day is one of [mon, tue, wed, thu, fri]"#,
    // Forms that the others do not show.
    r#"replied exactly "Yes!" ever"#,
    r#"replied starting with any of ["yes", "yeah",] this week"#,
    r#"replied starting with HALLO directly to step "ask" via text where body contains "x" since entry"#,
    r#"replied 1ST ever"#,
    r#"replied to template "appt_confirm" before 2026-03-28"#,
    r#"replied via flow where score >= 4.5 on 2026-03-28"#,
    r#"removed reaction to any message from 2026-03-01 to 2026-03-31"#,
    r#"reacted any of ["👍", "👎"] yesterday"#,
    r#"tapped any of affirm today"#,
    r#"tapped within 3 hours of the message it answers ever"#,
    r#"received campaign "a" step "b" since 2026-03-28T10:00Z"#,
    r#"read any message since 2026-03-28T10:00:00+01:00"#,
    r#"failed to receive template "t" in the last 1 week"#,
    r#"entered segment "a" then left segment "a" within 1 calendar month"#,
    r#"finished campaign "a" ever or converted in campaign "a" ever or entered campaign "b" ever"#,
    r#"changed plan from "free" to "pro" in the last 1 calendar year"#,
    r#"changed plan more than 2 times this year"#,
    r#"has replied ever"#,
    r#"performed "a" where not (x is 1 or not y is 2) ever and z is missing"#,
    r#"performed "a" where person.plan is "pro" exactly 3 times ever"#,
    r#"performed "a" with at most 3 distinct event.sku ever"#,
    r#"not plan is "pro" and not (everyone)"#,
    r#"(not plan is "pro") for at least 2 days"#,
    r#"plan is not one of ["a", "b"] (or missing) or plan is not one of vips (and present)"#,
    r#"does_it is true and person.last starts with "x" and `last` ends with "y" and a.b.c matches /x/"#,
    r#"tags does not contain "beta" (or missing) and n > -1.5 and n <= 3"#,
    r#"t is before 2026-03-28 or t is after 2026-03-28T09:00:00Z or t is on 2026-03-28"#,
    r#"t is in the past or t is in the future or t is less than 3 hours away or t is more than 2 weeks away"#,
    r#"t is less than 1 calendar month ago or t is yesterday or t is tomorrow or t is in the last 2 days"#,
    r#"service window is closed and in campaign "x" and in sample "s" of 12.5%"#,
    "replied # who\n  YES # \"what\nwithin 2 days # when",
    r#"message is 1 and answers is 2 and window is 3 and open is 4 and text is 5 and list is 6 and id is 7 and entry is 8"#,
];

/// Triggers on one event that are right.
const EVENTS: &[&str] = &[
    r#"replied YES"#,
    r#"performed "appointment_booked" where starts_at is in the next 7 days"#,
    r#"replied YES within 2 days of the message it answers"#,
    r#"replied within 2 days of campaign "winter""#,
    r#"changed plan to "pro""#,
    r#"was sent any message"#,
];

/// Triggers on a sequence that are right.
const SEQUENCES: &[&str] = &[
    r#"was sent campaign "winter" then not replied to it within 2 days"#,
    r#"performed "a" then performed "b" with same id within 1 hour"#,
    r#"replied then was not sent any message within 1 day"#,
];

#[test]
fn what_is_right_draws_no_complaint() {
    for text in RIGHT {
        condition(text);
        // Inside of parentheses it is as right as outside.
        condition(&format!("({text}\n) and everyone"));
    }
    for (block, texts) in [(Block::Event, EVENTS), (Block::Each, SEQUENCES)] {
        for text in texts {
            assert_eq!(complaints(block, text).0, [], "{text}");
        }
    }
}

#[test]
fn small_blocks_are_read() {
    for (block, texts) in [
        (Block::Span, &["2 days", "1 calendar month", "90 seconds", "1 week", "100 calendar years"][..]),
        (Block::Grace, &["0 seconds", "2 minutes"]),
        (Block::Offset, &["0 seconds", "2 days 1 hour", "1 week 2 days 3 hours 4 minutes 5 seconds"]),
        (Block::Wait, &["2 days", "until 09:00", "until event.starts_at - 1 day", "until person.x + 2 calendar days"]),
        (Block::Frequency, &["every time", "once", "once per 30 days"]),
        (Block::Limit, &["at most 3 messages in 7 calendar days", "at most 1 message in 1 day"]),
    ] {
        for text in texts {
            assert_eq!(complaints(block, text).0, [], "{text}");
        }
    }
}

#[test]
fn what_was_left_out_on_purpose_is_refused() {
    for (text, code) in [
        ("replied YES", "E0203"),
        ("never replied YES within 2 days", "E0205"),
        ("has not replied at least 3 times ever", "E0206"),
        (r#"was sent any message then replied within 1 day at least 2 times ever"#, "E0207"),
        (r#"not replied then performed "paid" within 1 day"#, "E0208"),
        (r#"was not sent any message then replied within 1 day"#, "E0208"),
        (r#"replied then not performed "paid" ever"#, "E0204"),
        ("everyone and everyone or everyone", "E0110"),
    ] {
        let codes: Vec<&str> = complaints(Block::Condition, text).0.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, [code], "{text}");
    }
    assert_eq!(codes(&complaints(Block::Event, "replied YES within 2 days").0)[0].as_str(), "E0202");
}

/// The one history that `text` is.
fn history(text: &str) -> History {
    match condition(text).node {
        ConditionKind::History(history) => *history,
        other => panic!("{text} is no history: {other:?}"),
    }
}

fn days(length: &Length) -> (u32, Unit) {
    (length.amount, length.unit)
}

#[test]
fn the_sentence_that_it_is_all_about() {
    let lately = history("replied YES within 2 days");
    let EventKind::Replied(reply) = &lately.chain.first.node else { panic!("a reply: {lately:?}") };
    assert_eq!((&reply.target, &reply.via, &reply.filter), (&None, &None, &None));
    let text = reply.text.as_ref().unwrap();
    let TextTestKind::Whole(Words::One(word)) = &text.node else { panic!("a whole text: {text:?}") };
    assert_eq!((word.text.as_str(), word.bare), ("YES", true));
    assert!(matches!(&lately.window.as_ref().unwrap().node, WindowKind::Within(d) if days(d) == (2, Unit::Day)));
    let other = history("replied YES in the last 2 days");
    assert!(matches!(&other.window.unwrap().node, WindowKind::InTheLast(d) if days(d) == (2, Unit::Day)));

    let in_time = history("replied YES within 2 days of the message it answers");
    let clause = in_time.chain.within_of.unwrap();
    assert_eq!((days(&clause.length), &clause.of.node, in_time.window), ((2, Unit::Day), &Of::Answered, None));

    let after = history(r#"replied YES within 2 days of campaign "winter""#);
    let Of::Message(message) = after.chain.within_of.unwrap().of.node else { panic!("of a message") };
    assert!(matches!(message.node, MessageKind::Campaign { name, step: None } if name.node == "winter"));
}

#[test]
fn and_and_or_are_flat_and_parentheses_are_not() {
    let ConditionKind::All(parts) = condition("a is 1 and (b is 2 or c is 3 or d is 4) and not e is 5").node else {
        panic!("joined by `and`")
    };
    assert_eq!(parts.len(), 3);
    assert!(matches!(&parts[1].node, ConditionKind::Any(parts) if parts.len() == 3));
    assert!(matches!(&parts[2].node, ConditionKind::Not(inner) if matches!(inner.node, ConditionKind::Comparison(_))));
}

#[test]
fn a_label_ends_with_the_last_token() {
    let text = "( replied YES # why\n  within 2 days   # so\n) and a is [x]";
    let mut out = Vec::new();
    let tree = antiphon::dsl::parse::parse_condition(
        "replied YES # why\n  within 2 days   # so\n",
        &antiphon::diagnostic::Origin::default(),
        &mut out,
    );
    let tree = tree.unwrap();
    assert_eq!((tree.span.start, tree.span.end), (0, text.find("days").unwrap() + 4 - 2));
    let ConditionKind::History(history) = tree.node else { panic!("a history") };
    assert_eq!((history.chain.span.start, history.chain.span.end), (0, "replied YES".len()));
}

#[test]
fn a_missing_value_and_an_escape_are_read_as_written() {
    let ConditionKind::Comparison(read) = condition(r#"person.a.b is not "x\"\\\n\t\u{1F44D}" (or missing)"#).node
    else {
        panic!("a comparison")
    };
    assert_eq!(read.path.name, "a.b");
    let OperatorKind::IsNot(literal) = read.operator.node else { panic!("is not") };
    assert_eq!(literal.node, antiphon::dsl::syntax::LiteralKind::Text("x\"\\\n\t\u{1F44D}".to_owned()));
    assert_eq!(read.missing.unwrap().node, antiphon::dsl::syntax::IfMissing::True);
}

//! The language's forty-seven examples.

use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::event::{Kind, Reason};
use antiphon::model::rule::{
    Condition, Counted, Happened, Match, MessageTest, Phrase, Sequence, Share, Target, Test, TextTest, Then, Times,
    Verb, Via, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Span};
use antiphon::model::value::{Properties, Type, Value};
use chrono::{NaiveTime, Weekday};
use serde_json::{Value as Json, json};

use super::past::{Past, message, past};
use super::{DAYS, days, flips, meaning, rules, until};

/// One example over one past.
struct Example {
    number: u32,
    text: &'static str,
    means: Condition,
    past: Past,
    /// Its truth when the person becomes known.
    first: bool,
    /// When that changes, in seconds from then.
    changes: Vec<i64>,
}

#[test]
fn the_examples_are_true_when_the_language_says() {
    let mut wrong = Vec::new();
    for Example { number, text, means, past, first, changes } in examples() {
        // Wall clocks flip all the time: two days of them will do.
        let until = if number == 47 { days(2) } else { days(DAYS) };
        let found = flips(&rules(), &means, &past, first, &changes, until);
        wrong.extend(found.into_iter().map(|found| format!("{number} `{text}`: {found}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_mean_what_their_text_is_read_as() {
    for Example { number, text, means, .. } in examples() {
        assert_eq!(meaning(text), means, "{number} `{text}`");
    }
}

#[test]
fn every_example_is_there() {
    let numbers: std::collections::BTreeSet<u32> = examples().iter().map(|example| example.number).collect();
    assert_eq!(numbers, (1..=47).collect());
}

/// The conditions with the numbers of their rows.
pub fn texts() -> Vec<(u32, &'static str)> {
    examples().iter().map(|example| (example.number, example.text)).collect()
}

fn example(number: u32, text: &'static str, means: Condition, past: Past, first: bool, changes: &[i64]) -> Example {
    Example { number, text, means, past, first, changes: changes.to_vec() }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn comparison(name: &str, ty: Type, op: Op, if_missing: bool) -> Comparison {
    Comparison { name: name.to_owned(), ty: Some(ty), op, if_missing }
}

fn attribute(name: &str, ty: Type, op: Op) -> Condition {
    Condition::Attribute(comparison(name, ty, op, false))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn says(verb: Verb, any_of: &[&str]) -> Match {
    Match { text: Some(TextTest::AnyOf(words(any_of))), ..Match::any(verb) }
}

fn replied(any_of: &[&str]) -> Match {
    says(Verb::Replied, any_of)
}

fn to(campaign: &str) -> Option<Target> {
    let message = MessageTest::Campaign { campaign: campaign.to_owned(), step: None };
    Some(Target { message, directly: false })
}

fn winter(rule: Match) -> Match {
    Match { target: to("winter"), ..rule }
}

fn to_it(rule: Match) -> Match {
    Match { target: Some(Target { message: MessageTest::It, directly: false }), ..rule }
}

fn sent_winter() -> Match {
    winter(Match::any(Verb::WasSent))
}

fn in_time(rule: Match) -> Match {
    Match { in_time: Some(Span::days(2).into()), ..rule }
}

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn last(days: i64) -> Window {
    Window::last(Span::days(days))
}

fn last_days(amount: u32) -> Window {
    Window::Last(Length::Calendar { amount, unit: CalendarUnit::Day })
}

fn happened(what: Phrase, counted: Counted, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what, counted, window }))
}

fn once(rule: Match, window: Window) -> Condition {
    counted(rule, Times::AtLeast(1), window)
}

fn counted(rule: Match, times: Times, window: Window) -> Condition {
    happened(Phrase::One(Box::new(rule)), times.into(), window)
}

fn sequence(first: Match, steps: &[Then], window: Window) -> Condition {
    let sequence = Sequence { first, steps: steps.to_vec(), grace: Span(0) };
    happened(Phrase::Sequence(Box::new(sequence)), Counted::ONCE, window)
}

fn then(event: Match, within: i64) -> Then {
    Then { not: false, event, same: None, within: Some(Span(within).into()) }
}

fn then_not(event: Match, within: i64) -> Then {
    Then { not: true, ..then(event, within) }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn move_of(segment: &str, joined: bool) -> Kind {
    if joined { Kind::SegmentJoined(segment.to_owned()) } else { Kind::SegmentLeft(segment.to_owned()) }
}

fn order(total: u32, currency: &'static str) -> [(&'static str, Json); 2] {
    [("total", json!(total)), ("currency", json!(currency))]
}

fn viewed(past: Past, at: i64, product: &str) -> Past {
    past.does(at, "viewed_product", [("product_id", json!(product))])
}

fn cart(past: Past, at: i64, name: &str, cart: &str) -> Past {
    past.does(at, name, [("cart_id", json!(cart))])
}

fn examples() -> Vec<Example> {
    let mut examples = attributes();
    examples.extend(replies());
    examples.extend(counts());
    examples.extend(sequences());
    examples.extend(others());
    examples
}

fn attributes() -> Vec<Example> {
    let plan = || past().with("plan", json!("pro")).sets(10, "plan", json!("Pro")).sets(20, "plan", json!("pro"));
    let country = || past().sets(10, "country", json!("DE")).sets(20, "country", json!("FR"));
    let german = || text("DE");
    let dach = Op::OneOf(vec![text("DE"), text("AT")]);
    let pro = || Op::Is(text("pro"));
    let not_german =
        |if_missing| Condition::Attribute(comparison("country", Type::Text, Op::IsNot(german()), if_missing));
    let tags = past().with("tags", json!(["alpha"])).sets(10, "tags", json!(["alpha", "beta"]));
    let trial = Op::Time(TimeTest::InTheNext(Span::days(3).into()));
    let age = Op::Time(TimeTest::MoreThanAgo(Span::days(30).into()));
    let unsubscribed = past().sets(10, "unsubscribed", json!(true)).sets(20, "unsubscribed", json!(false));
    let day = until("2026-03-04T23:00:00Z");
    let instant = |at: i64| json!(super::START + at);
    vec![
        example(1, "everyone", Condition::Everyone, past(), true, &[]),
        example(
            2,
            "plan is \"pro\"",
            attribute("plan", Type::Text, pro()),
            plan().sets(30, "plan", Json::Null),
            true,
            &[10, 20, 30],
        ),
        example(
            3,
            "country is one of [\"DE\", \"AT\"]",
            attribute("country", Type::Text, dach),
            country().sets(30, "country", json!(5)),
            false,
            &[10, 20],
        ),
        example(4, "country is not \"DE\" (or missing)", not_german(true), country(), true, &[10, 20]),
        example(
            5,
            "country is not \"DE\" (and present)",
            not_german(false),
            country().sets(30, "country", Json::Null),
            false,
            &[20, 30],
        ),
        example(
            6,
            "email is missing",
            attribute("email", Type::Text, Op::Missing),
            past().sets(10, "email", json!("ana@example.org")).sets(20, "email", Json::Null),
            true,
            &[10, 20],
        ),
        example(
            7,
            "tags contains \"beta\"",
            attribute("tags", Type::ListOfText, Op::Contains(text("beta"))),
            tags.sets(20, "tags", json!("beta")),
            false,
            &[10, 20],
        ),
        example(
            8,
            "trial_ends_at is in the next 3 days",
            attribute("trial_ends_at", Type::Time, trial),
            past().with("trial_ends_at", instant(days(5))),
            false,
            &[days(2), days(5)],
        ),
        example(
            9,
            "signed_up_at is more than 30 days ago",
            attribute("signed_up_at", Type::Time, age),
            past().with("signed_up_at", instant(100)),
            false,
            &[100 + days(30) + 1],
        ),
        example(
            10,
            "birthday is today",
            attribute("birthday", Type::Date, Op::Time(TimeTest::DaysAway(0))),
            past().with("birthday", json!("2026-03-05")),
            false,
            &[day, day + days(1)],
        ),
        example(
            11,
            "unsubscribed is true",
            attribute("unsubscribed", Type::Boolean, Op::Is(Value::Boolean(true))),
            unsubscribed,
            false,
            &[10, 20],
        ),
    ]
}

fn replies() -> Vec<Example> {
    let (asked, other) = (message("winter", 0), message("survey", 0));
    let yes = || replied(&["YES"]);
    let in_winter = "replied YES to campaign \"winter\" within 2 days of the message it answers";
    let of_winter = "replied YES within 2 days of campaign \"winter\"";
    let follows = || sequence(sent_winter(), &[then(yes(), days(2))], Window::Ever);
    let directly = Some(Target { directly: true, ..to("winter").expect("a target") });
    let tapped = Match { text: Some(TextTest::ButtonId("confirm_v2".to_owned())), ..Match::any(Verb::Tapped) };
    let confirm = Match { via: Some(Via::Button), ..replied(&["Confirm"]) };
    let refund = Match { text: Some(TextTest::Containing(words(&["REFUND"]))), ..Match::any(Verb::Replied) };
    let pattern = TextTest::Matching(r"(?i)\bAB-?[0-9]{4}\b".to_owned());
    let code = Match { text: Some(pattern), target: to("survey"), ..Match::any(Verb::Replied) };
    let unsolicited = Test::Property(comparison("answers", Type::Text, Op::Missing, false));
    vec![
        example(
            12,
            "replied \"HELLO\" ever",
            once(replied(&["HELLO"]), Window::Ever),
            past().says(5, "hello you").says(10, "Hello!"),
            false,
            &[10],
        ),
        example(
            13,
            "replied YES within 2 days",
            once(yes(), last(2)),
            past().says(10, "yes").says(100, "Yes!").says(200, "yes please"),
            false,
            &[10, 100 + days(2)],
        ),
        example(13, "replied YES in the last 2 days", once(yes(), last(2)), past(), false, &[]),
        example(
            14,
            "replied YES within 2 days of the message it answers",
            once(in_time(yes()), Window::Ever),
            past().says(5, "yes").answers(days(2), "yes", &asked),
            false,
            &[days(2)],
        ),
        example(
            14,
            "replied YES within 2 days of the message it answers",
            once(in_time(yes()), Window::Ever),
            past().answers(days(2) + 1, "yes", &asked),
            false,
            &[],
        ),
        example(
            15,
            "replied YES within 2 days of the message it answers in the last 30 days",
            once(in_time(yes()), last(30)),
            past().answers(days(2), "yes", &asked),
            false,
            &[days(2), days(32)],
        ),
        example(
            16,
            in_winter,
            once(in_time(winter(yes())), Window::Ever),
            past().answers(10, "yes", &other).quotes(20, "yes", &asked),
            false,
            &[20],
        ),
        example(17, of_winter, follows(), past().sent(&asked).says(days(2), "yes"), false, &[days(2)]),
        example(17, of_winter, follows(), past().sent(&asked).says(days(2) + 1, "yes"), false, &[]),
        example(17, of_winter, follows(), past().says(0, "yes").sent(&asked), false, &[]),
        example(
            18,
            "never replied YES within 2 days of the message it answers",
            not(once(in_time(yes()), Window::Ever)),
            past().answers(days(2), "yes", &asked),
            true,
            &[days(2)],
        ),
        example(
            19,
            "replied any of affirm to campaign \"winter\" ever",
            once(winter(replied(&["yes", "sí"])), Window::Ever),
            past().answers(10, "Sí", &other).answers(20, "si!", &asked),
            false,
            &[20],
        ),
        example(
            20,
            "replied directly to campaign \"winter\" ever",
            once(Match { target: directly, ..Match::any(Verb::Replied) }, Window::Ever),
            past().answers(10, "hm", &asked).quotes(20, "what?", &asked),
            false,
            &[20],
        ),
        example(
            21,
            "replied \"Confirm\" via button in the last 2 calendar days",
            once(confirm, last_days(2)),
            past().says(5, "confirm").taps(10, "Confirm", "c"),
            false,
            &[10, until("2026-03-04T23:00:00Z")],
        ),
        example(
            22,
            "tapped id \"confirm_v2\" to campaign \"winter\" ever",
            once(winter(tapped), Window::Ever),
            past()
                .taps(5, "Confirm", "confirm_v1")
                .about(&asked, Some(Reason::Button))
                .taps(10, "x", "confirm_v2")
                .about(&asked, Some(Reason::Button)),
            false,
            &[10],
        ),
        example(
            23,
            "reacted \"👍\" to campaign \"winter\" within 7 days",
            once(winter(says(Verb::Reacted, &["👍"])), last(7)),
            past().reacts(5, "👎", &asked).reacts(10, "👍🏽", &asked),
            false,
            &[10, 10 + days(7)],
        ),
        example(
            24,
            "replied containing REFUND within 24 hours",
            once(refund, Window::last(Span::hours(24))),
            past().says(5, "refunds").says(10, "A refund, please"),
            false,
            &[10, 10 + days(1)],
        ),
        example(
            25,
            r#"replied matching /\bAB-?[0-9]{4}\b/i to campaign "survey" within 14 days"#,
            once(code, last(14)),
            past().answers(5, "AB-12345", &other).answers(10, "it is ab1234.", &other),
            false,
            &[10, 10 + days(14)],
        ),
        example(
            26,
            "has not replied within 7 days",
            not(once(Match::any(Verb::Replied), last(7))),
            past().says(10, "hm"),
            true,
            &[10, 10 + days(7)],
        ),
        example(
            27,
            "known for at least 7 days and has not replied within 7 days",
            Condition::All(vec![Condition::KnownFor(Span::days(7)), not(once(Match::any(Verb::Replied), last(7)))]),
            past().says(days(1), "hm"),
            false,
            &[days(8)],
        ),
        example(
            28,
            "never replied \"STOP\"",
            not(once(replied(&["STOP"]), Window::Ever)),
            past().says(5, "please don't stop").says(10, "Stop."),
            true,
            &[10],
        ),
        example(
            29,
            "most recently replied any of deny ever",
            happened(Phrase::One(Box::new(replied(&["no", "nope"]))), Counted::Newest, Window::Ever),
            past().says(10, "No").says(20, "hm").says(30, "nope").event(40, Kind::Inbound, Properties::new()),
            false,
            &[10, 20, 30, 40],
        ),
        example(
            30,
            "service window is open",
            Condition::ServiceWindow,
            past().reacts(5, "👍", &asked).event(10, Kind::Inbound, Properties::new()),
            false,
            &[10, 10 + days(1)],
        ),
        example(
            46,
            "replied where answers is missing within 1 day",
            once(Match { filter: Some(unsolicited), ..Match::any(Verb::Replied) }, last(1)),
            past().answers(5, "hm", &asked).says(10, "hello"),
            false,
            &[10, 10 + days(1)],
        ),
    ]
}

fn counts() -> Vec<Example> {
    let asked = message("winter", 0);
    let thrice = past().says(10, "a").says(20, "b").says(30, "c").says(40, "d");
    let late = past().answers(10, "a", &asked).answers(20, "b", &asked).answers(days(2) + 1, "c", &asked);
    let distinct = Counted::Distinct { times: Times::AtLeast(3), property: "product_id".to_owned() };
    let views = [(10, "a"), (20, "b"), (30, "c"), (40, "a")];
    let views = views.into_iter().fold(past().does(5, "viewed_product", []), |past, (at, id)| viewed(past, at, id));
    let rich = Test::All(vec![
        Test::Property(comparison("total", Type::Number, Op::More(Value::Number(50.into())), false)),
        Test::Property(comparison("currency", Type::Text, Op::Is(text("EUR")), false)),
    ]);
    let orders = past()
        .does(5, "order_placed", order(60, "USD"))
        .does(6, "order_placed", order(50, "EUR"))
        .does(10, "order_placed", order(60, "EUR"))
        .does(20, "order_placed", order(70, "EUR"))
        .does(30, "order_placed", order(80, "EUR"));
    let sends = [10, 20, 30, 40].iter().fold(past(), |past, at| past.sent(&message("winter", *at)));
    vec![
        example(
            31,
            "replied at least 3 times within 30 days",
            counted(Match::any(Verb::Replied), Times::AtLeast(3), last(30)),
            thrice,
            false,
            &[30, 20 + days(30)],
        ),
        example(
            32,
            "replied within 2 days of the message it answers at least 3 times in the last 90 days",
            counted(in_time(Match::any(Verb::Replied)), Times::AtLeast(3), last(90)),
            late.answers(days(2), "d", &asked),
            false,
            &[days(2), 10 + days(90)],
        ),
        example(
            33,
            "replied fewer than 2 times this month",
            counted(Match::any(Verb::Replied), Times::AtMost(1), Window::This(CalendarUnit::Month)),
            past().says(10, "a").says(20, "b"),
            true,
            &[20, until("2026-03-31T22:00:00Z")],
        ),
        example(
            34,
            "performed \"viewed_product\" with at least 3 distinct product_id within 7 days",
            happened(Phrase::One(Box::new(performed("viewed_product"))), distinct, last(7)),
            views,
            false,
            &[30, 20 + days(7)],
        ),
        example(
            35,
            "performed \"order_placed\" where (total > 50 and currency is \"EUR\") at least 2 times in the last 90 days",
            counted(Match { filter: Some(rich), ..performed("order_placed") }, Times::AtLeast(2), last(90)),
            orders,
            false,
            &[20, 20 + days(90)],
        ),
        example(
            36,
            "was sent any message at most 3 times in the last 7 calendar days",
            counted(Match::any(Verb::WasSent), Times::AtMost(3), last_days(7)),
            sends,
            true,
            &[40, until("2026-03-09T23:00:00Z")],
        ),
        example(
            37,
            "was not sent campaign \"winter\" in the last 30 days",
            not(once(sent_winter(), last(30))),
            past().sent(&message("survey", 5)).sent(&message("winter", 10)),
            true,
            &[10, 10 + days(30)],
        ),
    ]
}

fn sequences() -> Vec<Example> {
    let any_reply = || Match::any(Verb::Replied);
    let (first, second, other) = (message("winter", 10), message("winter", 20), message("survey", 5));
    let silent_text = "was sent campaign \"winter\" then not replied within 2 days";
    let silent = || sequence(sent_winter(), &[then_not(any_reply(), days(2))], Window::Ever);
    let no_answer_text = "was sent campaign \"winter\" then not replied to it within 2 days in the last 30 days";
    let no_answer = || sequence(sent_winter(), &[then_not(to_it(any_reply()), days(2))], last(30));
    let verdict = 10 + days(2) + 1;
    let three_text =
        "was sent campaign \"winter\", then replied YES within 1 day, then performed \"order_placed\" within 3 days";
    let three = || {
        let steps = [then(replied(&["YES"]), days(1)), then(performed("order_placed"), days(3))];
        sequence(sent_winter(), &steps, Window::Ever)
    };
    let until_no_text = "replied YES then not replied NO then performed \"paid\" within 7 days";
    let until_no = || {
        let no = Then { within: None, ..then_not(replied(&["NO"]), 0) };
        sequence(replied(&["YES"]), &[no, then(performed("paid"), days(7))], Window::Ever)
    };
    let cart_text = "performed \"cart_created\" then not performed \"order_placed\" with same cart_id within 1 hour in the last 1 day";
    let same = Then { same: Some("cart_id".to_owned()), ..then_not(performed("order_placed"), 3_600) };
    let carts = cart(cart(past(), 10, "cart_created", "a"), 20, "cart_created", "b");
    let carts = cart(carts.does(30, "cart_created", []), 3_610, "order_placed", "a");
    vec![
        example(38, silent_text, silent(), past().sent(&first), false, &[verdict]),
        example(38, silent_text, silent(), past().sent(&first).says(10 + days(2), "hm"), false, &[]),
        example(38, silent_text, silent(), past().sent(&first).says(verdict, "hm"), false, &[verdict]),
        example(
            39,
            no_answer_text,
            no_answer(),
            past().sent(&other).sent(&first).quotes(30, "hm", &other),
            false,
            &[verdict, verdict + days(30)],
        ),
        example(
            39,
            no_answer_text,
            no_answer(),
            past().sent(&first).sent(&second).quotes(30, "hm", &first),
            false,
            &[verdict + 10, verdict + 10 + days(30)],
        ),
        example(
            40,
            three_text,
            three(),
            past().sent(&first).says(10 + days(1), "yes").does(10 + days(4), "order_placed", []),
            false,
            &[10 + days(4)],
        ),
        example(
            40,
            three_text,
            three(),
            past().sent(&first).says(10 + days(1), "yes").does(11 + days(4), "order_placed", []),
            false,
            &[],
        ),
        example(40, three_text, three(), past().says(5, "yes").sent(&first).does(20, "order_placed", []), false, &[]),
        example(
            41,
            until_no_text,
            until_no(),
            past().says(10, "yes").says(20, "no").does(30, "paid", []).says(40, "yes").does(40 + days(7), "paid", []),
            false,
            &[40 + days(7)],
        ),
        example(
            42,
            cart_text,
            sequence(performed("cart_created"), &[same], last(1)),
            carts,
            false,
            &[3_621, 3_621 + days(1)],
        ),
    ]
}

fn others() -> Vec<Example> {
    let trial = attribute("plan", Type::Text, Op::Is(text("trial")));
    let trials = past()
        .sets(100, "plan", json!("trial"))
        // True again at the end of the second: the run goes on.
        .sets(200, "plan", json!("pro"))
        .sets(200, "plan", json!("trial"))
        .sets(days(20), "plan", json!("pro"));
    let vip = || Condition::InSegment("vip".to_owned());
    let sample = |share| Condition::InSample { name: "holdout-2026".to_owned(), share };
    let held = |condition, length| Condition::HeldFor { condition: Box::new(condition), span: Span::days(length) };
    let vips = past().event(10, move_of("vip", true), Properties::new()).event(
        days(40),
        move_of("vip", false),
        Properties::new(),
    );
    let said = once(replied(&["YES"]), Window::Ever);
    let tapped = once(says(Verb::Tapped, &["Yes"]), Window::Ever);
    let opted_out = not(Condition::InSegment("opted-out".to_owned()));
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    let work_days = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    vec![
        example(
            43,
            "plan is \"trial\" for at least 14 days",
            held(trial, 14),
            trials,
            false,
            &[100 + days(14), days(20)],
        ),
        example(
            44,
            "in segment \"vip\" for at least 30 days and in sample \"holdout-2026\" of 100%",
            Condition::All(vec![held(vip(), 30), sample(Share::ALL)]),
            vips.clone(),
            false,
            &[10 + days(30), days(40)],
        ),
        example(
            44,
            "in segment \"vip\" for at least 30 days and in sample \"holdout-2026\" of 0%",
            Condition::All(vec![held(vip(), 30), sample(Share(0))]),
            vips,
            false,
            &[],
        ),
        example(
            45,
            "(replied YES ever or tapped \"Yes\" ever) and not in segment \"opted-out\"",
            Condition::All(vec![Condition::Any(vec![said, tapped]), opted_out]),
            past().taps(10, "Yes", "y").event(20, move_of("opted-out", true), Properties::new()).event(
                30,
                move_of("opted-out", false),
                Properties::new(),
            ),
            false,
            &[10, 20, 30],
        ),
        example(
            47,
            "local time is from 09:00 to 18:00 and local day is one of [mon, tue, wed, thu, fri]",
            Condition::All(vec![Condition::LocalTime { from: time(9), to: time(18) }, Condition::LocalDay(work_days)]),
            past(),
            true,
            &[
                until("2026-03-03T17:00:00Z"),
                until("2026-03-04T08:00:00Z"),
                until("2026-03-04T17:00:00Z"),
                until("2026-03-05T08:00:00Z"),
            ],
        ),
    ]
}

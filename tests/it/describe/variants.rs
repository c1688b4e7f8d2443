//! Every variant of the language's types, built by hand: also those that rule files say in another shape.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use antiphon::dsl::cost;
use antiphon::dsl::describe::Describer;
use antiphon::model::compare::{Comparison, Op, TimeTest};
use antiphon::model::rule::{
    Action, Arm, Campaign, CampaignState, Change, Condition, Content, Counted, Expression, Frequency, Goal, Happened,
    IfRunning, Limit, Match, MessageTest, Move, OnDeploy, Outcome, Path, Phrase, Place, Point, Property, RuleSet,
    Schedule, ScheduleZone, Schema, Segment, SegmentKind, Send, SendWindow, Sequence, Share, Step, Target, Task, Test,
    TextTest, Then, Timeout, Times, Trigger, Update, Verb, Via, Wait, WaitUntil, Webhook, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Second, Span};
use antiphon::model::value::{Type, Value};
use chrono::{NaiveDate, NaiveTime, Weekday};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn days(n: i64) -> Length {
    Length::Elapsed(Span::days(n))
}

fn calendar(amount: u32, unit: CalendarUnit) -> Length {
    Length::Calendar { amount, unit }
}

fn attribute(name: &str, ty: Option<Type>, op: Op) -> Condition {
    Condition::Attribute(Comparison { name: name.to_owned(), ty, op, if_missing: false })
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn counted(what: Phrase, counted: impl Into<Counted>, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what, counted: counted.into(), window }))
}

fn once(what: Match, window: Window) -> Condition {
    counted(Phrase::One(Box::new(what)), Counted::ONCE, window)
}

fn times(what: Match, times: Times, window: Window) -> Condition {
    counted(Phrase::One(Box::new(what)), times, window)
}

fn reply() -> Match {
    Match::any(Verb::Replied)
}

fn saying(test: TextTest) -> Match {
    Match { text: Some(test), ..reply() }
}

fn yes() -> Match {
    saying(TextTest::AnyOf(vec!["YES".to_owned()]))
}

fn campaign(name: &str, step: Option<&str>) -> MessageTest {
    MessageTest::Campaign { campaign: name.to_owned(), step: step.map(str::to_owned) }
}

fn to(message: MessageTest, rule: Match) -> Match {
    Match { target: Some(Target { message, directly: false }), ..rule }
}

fn performed(name: &str) -> Match {
    Match::any(Verb::Performed(name.to_owned()))
}

fn moved(moved: Move) -> Condition {
    once(Match::any(Verb::Moved(moved)), Window::Ever)
}

fn changed(from: Option<Value>, to: Option<Value>) -> Condition {
    let change = Change { name: "plan".to_owned(), ty: Some(Type::Text), from, to };
    once(Match::any(Verb::Changed(Box::new(change))), Window::last(Span::days(30)))
}

fn then(event: Match, within: Option<Length>) -> Then {
    Then { not: false, event, same: None, within }
}

fn silence(event: Match, within: Length) -> Then {
    Then { not: true, event, same: None, within: Some(within) }
}

fn sequence(first: Match, steps: Vec<Then>, grace: i64) -> Phrase {
    Phrase::Sequence(Box::new(Sequence { first, steps, grace: Span(grace) }))
}

fn property(name: &str, op: Op) -> Test {
    Test::Property(Comparison { name: name.to_owned(), ty: None, op, if_missing: false })
}

fn comparisons() -> Vec<(&'static str, Condition)> {
    let number = |op: fn(Value) -> Op| attribute("age", Some(Type::Number), op(Value::Number(18.into())));
    let at = |test: TimeTest| attribute("trial_ends_at", Some(Type::Time), Op::Time(test));
    let on = |test: TimeTest| attribute("birthday", Some(Type::Date), Op::Time(test));
    let noon = Point::Instant(Second(1_772_366_400));
    let may = Point::Day(day("2026-05-01"));
    vec![
        ("always-set", attribute("language", Some(Type::Text), Op::Is(text("en")))),
        ("missing", attribute("country", None, Op::Missing)),
        ("not-missing", not(attribute("country", None, Op::Missing))),
        ("present", attribute("country", None, Op::Present)),
        ("is", attribute("country", None, Op::Is(text("DE")))),
        ("not-is", not(attribute("country", None, Op::Is(text("DE"))))),
        ("is-not", attribute("country", None, Op::IsNot(text("DE")))),
        ("one-of", attribute("country", None, Op::OneOf(vec![text("DE"), text("AT")]))),
        ("not-one-of", attribute("country", None, Op::NotOneOf(vec![text("DE"), text("AT")]))),
        ("more", number(Op::More)),
        ("number-at-least", number(Op::AtLeast)),
        ("less", number(Op::Less)),
        ("number-at-most", number(Op::AtMost)),
        ("not-number-at-most", not(number(Op::AtMost))),
        ("more-time", attribute("trial_ends_at", Some(Type::Time), Op::More(Value::Time(Second(0))))),
        ("less-date", attribute("birthday", Some(Type::Date), Op::Less(Value::Date(day("2000-01-01"))))),
        ("more-text", attribute("country", None, Op::AtLeast(text("M")))),
        ("contains", attribute("tags", Some(Type::ListOfText), Op::Contains(text("beta")))),
        ("contains-not", attribute("tags", Some(Type::Text), Op::DoesNotContain(text("beta")))),
        ("contains-either", attribute("tags", None, Op::Contains(text("beta")))),
        ("starts", attribute("first name", None, Op::StartsWith("A".to_owned()))),
        ("ends", attribute("email", None, Op::EndsWith("@acme.example".to_owned()))),
        ("matches", attribute("sku", None, Op::Matches("(?i)^ab-".to_owned()))),
        ("next", at(TimeTest::InTheNext(days(3)))),
        ("next-calendar", at(TimeTest::InTheNext(calendar(2, CalendarUnit::Day)))),
        ("last", at(TimeTest::InTheLast(days(3)))),
        ("last-calendar", on(TimeTest::InTheLast(calendar(1, CalendarUnit::Month)))),
        ("past", at(TimeTest::InThePast)),
        ("past-day", on(TimeTest::InThePast)),
        ("future", at(TimeTest::InTheFuture)),
        ("future-day", on(TimeTest::InTheFuture)),
        ("ago", at(TimeTest::MoreThanAgo(days(30)))),
        ("ago-calendar", on(TimeTest::MoreThanAgo(calendar(2, CalendarUnit::Week)))),
        ("away", at(TimeTest::MoreThanAway(days(30)))),
        ("away-calendar", at(TimeTest::MoreThanAway(calendar(1, CalendarUnit::Year)))),
        ("before", at(TimeTest::Before(noon))),
        ("before-day", at(TimeTest::Before(may))),
        ("after", at(TimeTest::After(noon))),
        ("after-day", at(TimeTest::After(may))),
        ("on", on(TimeTest::On(day("2026-05-01")))),
        ("today", on(TimeTest::DaysAway(0))),
        ("yesterday", on(TimeTest::DaysAway(-1))),
        ("tomorrow", on(TimeTest::DaysAway(1))),
        ("days-ago", on(TimeTest::DaysAway(-5))),
        ("days-away", on(TimeTest::DaysAway(5))),
    ]
}

fn parts() -> Vec<(&'static str, Condition)> {
    let plan = || attribute("plan", Some(Type::Text), Op::Is(text("trial")));
    vec![
        ("nobody", not(Condition::Everyone)),
        ("not-all", not(Condition::All(vec![plan(), Condition::ServiceWindow]))),
        ("not-any", not(Condition::Any(vec![plan(), Condition::InCampaign("winter".to_owned())]))),
        ("not-in", not(Condition::InSegment("vips".to_owned()))),
        ("in-campaign", Condition::InCampaign("winter".to_owned())),
        ("in-sample", Condition::InSample { name: "holdout-2026".to_owned(), share: Share(1_000) }),
        ("window", Condition::ServiceWindow),
        ("no-window", not(Condition::ServiceWindow)),
        ("office-hours", Condition::LocalTime { from: time("09:00:00"), to: time("18:00:00") }),
        ("night", not(Condition::LocalTime { from: time("22:00:00"), to: time("06:00:00") })),
        ("weekdays", Condition::LocalDay(vec![Weekday::Mon, Weekday::Tue, Weekday::Fri])),
        ("new", not(Condition::KnownFor(Span::days(7)))),
        ("held", Condition::HeldFor { condition: Box::new(plan()), span: Span::days(14) }),
        (
            "held-both",
            not(Condition::HeldFor {
                condition: Box::new(Condition::All(vec![plan(), Condition::InSegment("window".to_owned())])),
                span: Span::days(14),
            }),
        ),
    ]
}

fn verbs() -> Vec<(&'static str, Condition)> {
    let ever = Window::Ever;
    let name = || "winter".to_owned();
    let with = |via| once(Match { via: Some(via), ..reply() }, ever);
    vec![
        ("tapped", once(Match { text: yes().text, ..Match::any(Verb::Tapped) }, ever)),
        (
            "tapped-id",
            once(Match { text: Some(TextTest::ButtonId("yes_1".to_owned())), ..Match::any(Verb::Tapped) }, ever),
        ),
        ("reacted", once(to(MessageTest::Any, Match { text: yes().text, ..Match::any(Verb::Reacted) }), ever)),
        ("took-back", not(once(to(campaign("winter", None), Match::any(Verb::RemovedReaction)), ever))),
        ("sent", once(to(campaign("winter", Some("ask")), Match::any(Verb::WasSent)), ever)),
        ("received", once(to(MessageTest::Template("offer".to_owned()), Match::any(Verb::Received)), ever)),
        ("read", not(once(Match::any(Verb::Read), ever))),
        ("failed", times(Match::any(Verb::FailedToReceive), Times::AtLeast(2), ever)),
        ("entered", moved(Move::EnteredSegment("vips".to_owned()))),
        ("left", moved(Move::LeftSegment("vips".to_owned()))),
        ("started", moved(Move::EnteredCampaign(name()))),
        ("ended", moved(Move::LeftCampaign(name()))),
        ("finished", moved(Move::FinishedCampaign(name()))),
        ("converted", not(moved(Move::ConvertedIn(name())))),
        ("changed", changed(None, None)),
        ("changed-from", changed(Some(text("trial")), Some(text("pro")))),
        ("by-text", with(Via::Text)),
        ("by-button", with(Via::Button)),
        ("by-list", with(Via::List)),
        ("by-media", with(Via::Media)),
        ("by-flow", with(Via::Flow)),
        ("any-of", once(saying(TextTest::AnyOf(vec!["yes".to_owned(), "sí".to_owned()])), ever)),
        ("of-list", once(saying(TextTest::AnyOf(vec!["stop".to_owned(), "baja".to_owned()])), ever)),
        ("containing", once(saying(TextTest::Containing(vec!["refund".to_owned()])), ever)),
        ("starting", once(saying(TextTest::StartingWith(vec!["no".to_owned(), "nope".to_owned()])), ever)),
        ("exactly", once(saying(TextTest::Exactly("Yes!".to_owned())), ever)),
        ("matching", once(saying(TextTest::Matching(r"(?i)\bAB\b".to_owned())), ever)),
        ("to-step", once(to(MessageTest::Step("ask".to_owned()), yes()), Window::SinceEntry)),
        (
            "directly",
            once(Match { target: Some(Target { message: MessageTest::Any, directly: true }), ..reply() }, ever),
        ),
        ("in-time-local", once(Match { in_time: Some(calendar(1, CalendarUnit::Day)), ..reply() }, ever)),
        (
            "where",
            once(
                Match {
                    filter: Some(Test::Any(vec![
                        Test::All(vec![
                            property("total", Op::More(Value::Number(50.into()))),
                            Test::Not(Box::new(property("currency", Op::Is(text("EUR"))))),
                        ]),
                        Test::Not(Box::new(Test::Any(vec![
                            property("gift", Op::Is(Value::Boolean(true))),
                            Test::Person(Comparison {
                                name: "plan".to_owned(),
                                ty: Some(Type::Text),
                                op: Op::Is(text("pro")),
                                if_missing: false,
                            }),
                        ]))),
                    ])),
                    ..performed("order_placed")
                },
                ever,
            ),
        ),
    ]
}

fn counts() -> Vec<(&'static str, Condition)> {
    let week = Window::last(Span::days(7));
    let distinct = |times| Counted::Distinct { times, property: "product_id".to_owned() };
    let viewed = || Phrase::One(Box::new(performed("viewed_product")));
    let newest = |rule: Match, window| counted(Phrase::One(Box::new(rule)), Counted::Newest, window);
    vec![
        ("at-most", times(reply(), Times::AtMost(3), week)),
        ("at-most-one", times(reply(), Times::AtMost(1), week)),
        ("exactly-two", times(reply(), Times::Exactly(2), week)),
        ("exactly-none", times(reply(), Times::Exactly(0), week)),
        ("not-exactly", not(times(reply(), Times::Exactly(2), week))),
        ("not-at-most", not(times(reply(), Times::AtMost(2), week))),
        ("fewer", not(times(reply(), Times::AtLeast(3), week))),
        ("any-number", times(reply(), Times::AtLeast(0), week)),
        ("no-number", not(times(reply(), Times::AtLeast(0), week))),
        ("many-in-time", times(Match { in_time: Some(days(2)), ..yes() }, Times::AtLeast(3), week)),
        ("distinct", counted(viewed(), distinct(Times::AtLeast(3)), week)),
        ("distinct-some", counted(viewed(), distinct(Times::AtLeast(1)), week)),
        ("distinct-none", not(counted(viewed(), distinct(Times::AtLeast(1)), week))),
        ("distinct-most", counted(viewed(), distinct(Times::AtMost(3)), Window::Ever)),
        ("newest", newest(yes(), Window::Ever)),
        ("newest-not", not(newest(to(campaign("winter", None), yes()), week))),
        ("newest-any", newest(Match { via: Some(Via::Button), ..reply() }, week)),
        ("newest-send", newest(to(campaign("winter", None), Match::any(Verb::WasSent)), Window::Yesterday)),
    ]
}

fn windows() -> Vec<(&'static str, Condition)> {
    let within = |window| once(reply(), window);
    let local = |amount, unit| within(Window::Last(calendar(amount, unit)));
    vec![
        ("w-last-days", local(7, CalendarUnit::Day)),
        ("w-last-day", local(1, CalendarUnit::Day)),
        ("w-last-two", local(2, CalendarUnit::Day)),
        ("w-last-weeks", local(2, CalendarUnit::Week)),
        ("w-last-month", local(1, CalendarUnit::Month)),
        ("w-last-years", local(2, CalendarUnit::Year)),
        ("w-today", within(Window::This(CalendarUnit::Day))),
        ("w-week", within(Window::This(CalendarUnit::Week))),
        ("w-month", not(times(reply(), Times::AtLeast(2), Window::This(CalendarUnit::Month)))),
        ("w-year", within(Window::This(CalendarUnit::Year))),
        ("w-yesterday", within(Window::Yesterday)),
        ("w-since", within(Window::Since(Point::Instant(Second(1_772_366_400))))),
        ("w-since-day", within(Window::Since(Point::Day(day("2026-03-01"))))),
        ("w-before", within(Window::Before(Point::Instant(Second(1_772_366_400))))),
        ("w-before-day", within(Window::Before(Point::Day(day("2026-03-01"))))),
        ("w-on", within(Window::Days(day("2026-03-01"), day("2026-03-01")))),
        ("w-range", within(Window::Days(day("2026-03-01"), day("2026-03-07")))),
    ]
}

fn sequences() -> Vec<(&'static str, Condition)> {
    let winter = || to(campaign("winter", None), Match::any(Verb::WasSent));
    let month = Window::last(Span::days(30));
    let it = || to(MessageTest::It, reply());
    let cart = || performed("cart_created");
    let order = || performed("order_placed");
    let in_order = |phrase, window| counted(phrase, Counted::ONCE, window);
    let unordered = Then { same: Some("cart_id".to_owned()), ..silence(order(), Length::Elapsed(Span::hours(1))) };
    vec![
        ("s-silent", in_order(sequence(winter(), vec![silence(reply(), days(2))], 0), Window::Ever)),
        ("s-silent-to-it", in_order(sequence(winter(), vec![silence(it(), days(2))], 300), month)),
        (
            "s-unread",
            in_order(
                sequence(to(campaign("free", None), winter()), vec![silence(Match::any(Verb::Read), days(2))], 0),
                month,
            ),
        ),
        (
            "s-three",
            in_order(
                sequence(winter(), vec![then(yes(), Some(days(1))), then(order(), Some(days(3)))], 0),
                Window::Ever,
            ),
        ),
        (
            "s-between",
            in_order(
                sequence(
                    yes(),
                    vec![
                        Then { within: None, ..silence(saying(TextTest::AnyOf(vec!["NO".to_owned()])), days(1)) },
                        then(performed("paid"), Some(days(7))),
                    ],
                    0,
                ),
                Window::Ever,
            ),
        ),
        ("s-cart", in_order(sequence(cart(), vec![unordered], 0), Window::last(Span::DAY))),
        ("s-not", not(in_order(sequence(winter(), vec![then(it(), None)], 0), month))),
        ("s-never", not(in_order(sequence(winter(), vec![then(yes(), None)], 0), Window::Ever))),
        (
            "s-local",
            in_order(sequence(winter(), vec![silence(reply(), calendar(2, CalendarUnit::Day))], 300), Window::Ever),
        ),
        (
            "s-local-then",
            in_order(
                sequence(winter(), vec![then(yes(), Some(calendar(1, CalendarUnit::Month)))], 0),
                Window::This(CalendarUnit::Week),
            ),
        ),
        ("s-pair", in_order(Phrase::pair(winter(), yes(), Span::days(2)), Window::Ever)),
    ]
}

fn step(id: &str, action: Action) -> Step {
    Step { id: id.to_owned(), condition: None, action }
}

fn path(text: &str) -> Expression {
    Expression::Path(Path(text.to_owned()))
}

fn template(name: &str) -> Content {
    Content::Template {
        name: name.to_owned(),
        language: path("person.language"),
        params: vec![("first name".to_owned(), Expression::Text("{{ person.first_name }}".to_owned()))],
    }
}

fn sending(content: Content) -> Send {
    Send { content, if_window_closed: None, even_if_unsubscribed: false }
}

fn every_step() -> Vec<Step> {
    let number = |n: i64| Expression::Literal(n.into());
    let free = Content::Text("Great, see you!".to_owned());
    let exit = || step("step-9", Action::Exit("no-answer".to_owned()));
    let answered = |name: &str, condition| Outcome { name: name.to_owned(), condition, steps: vec![exit()] };
    vec![
        step("ask", Action::Send(sending(template("winter_offer")))),
        step("step-2", Action::Send(sending(free.clone()))),
        step(
            "step-3",
            Action::Send(Send {
                content: free,
                if_window_closed: Some(template("winter_offer")),
                even_if_unsubscribed: true,
            }),
        ),
        Step {
            condition: Some(Condition::Any(vec![Condition::ServiceWindow, Condition::InSegment("vips".to_owned())])),
            ..step(
                "desk",
                Action::Webhook(Webhook {
                    url: path("env.DESK_URL"),
                    body: serde_json::json!({"who": "person.id"}),
                    timeout: Some(Span(10)),
                    retries: Some(5),
                }),
            )
        },
        step(
            "step-5",
            Action::UpdatePerson(vec![
                ("plan".to_owned(), Update::Set(Expression::Literal("pro".into()))),
                ("country".to_owned(), Update::Unset),
                ("tags".to_owned(), Update::Add(Expression::Literal("beta".into()))),
                ("tags".to_owned(), Update::Remove(Expression::Literal("alpha".into()))),
            ]),
        ),
        step(
            "step-6",
            Action::RecordEvent { name: "asked".to_owned(), properties: vec![("times".to_owned(), number(1))] },
        ),
        step("step-7", Action::ManualSegment { segment: "vips".to_owned(), join: true }),
        step("step-8", Action::ManualSegment { segment: "vips".to_owned(), join: false }),
        step("step-9", Action::Wait(Wait::For(days(2)))),
        step("step-10", Action::Wait(Wait::For(calendar(1, CalendarUnit::Month)))),
        step("step-11", Action::Wait(Wait::UntilTime(time("09:00:00")))),
        step("step-12", Action::Wait(Wait::Until { path: Path("event.starts_at".to_owned()), offset: Span(-86_400) })),
        step("step-13", Action::Wait(Wait::Until { path: Path("event.starts_at".to_owned()), offset: Span(0) })),
        step(
            "answer",
            Action::WaitUntil(WaitUntil {
                outcomes: vec![
                    answered("confirmed", once(to(MessageTest::Step("ask".to_owned()), yes()), Window::Ever)),
                    answered(
                        "left",
                        Condition::All(vec![Condition::InSegment("vips".to_owned()), Condition::ServiceWindow]),
                    ),
                ],
                timeout: Some(Timeout { after: days(2), steps: Vec::new() }),
            }),
        ),
        step(
            "step-15",
            Action::WaitUntil(WaitUntil {
                outcomes: vec![answered("read", once(Match::any(Verb::Read), Window::SinceEntry))],
                timeout: None,
            }),
        ),
        step(
            "step-16",
            Action::Branch {
                arms: vec![(Condition::InSegment("vips".to_owned()), vec![exit()])],
                otherwise: vec![step("step-17", Action::Wait(Wait::For(days(1)))), exit()],
            },
        ),
        step(
            "step-18",
            Action::Split(vec![
                Arm { name: "a".to_owned(), share: Share(5_000), steps: vec![exit()] },
                Arm { name: "b".to_owned(), share: Share(5_000), steps: Vec::new() },
            ]),
        ),
    ]
}

fn campaigns() -> Vec<Campaign> {
    let exit = || vec![step("step-1", Action::Exit("done".to_owned()))];
    let becomes = Trigger::Becomes(Condition::InSegment("vips".to_owned()));
    let silent = sequence(
        to(campaign("winter", None), Match::any(Verb::WasSent)),
        vec![silence(to(MessageTest::It, reply()), days(2))],
        300,
    );
    vec![
        Campaign { state: CampaignState::Paused, ..Campaign::new("again", Trigger::Api, exit()) },
        Campaign {
            frequency: Frequency::Once,
            on_deploy: OnDeploy::Matching { at_most: 500 },
            ..Campaign::new("becoming", becomes, exit())
        },
        Campaign::new("free", Trigger::Schedule("monday-nudge".to_owned()), exit()),
        Campaign::new("hello", Trigger::Event(Phrase::One(Box::new(reply()))), exit()),
        Campaign {
            frequency: Frequency::OncePer(Span::days(30)),
            send_window: Some(SendWindow {
                from: time("09:00:00"),
                to: time("18:00:00"),
                time_zone: Some(chrono_tz::Europe::Berlin),
                skip: true,
            }),
            ..Campaign::new("silence", Trigger::Event(silent), exit())
        },
        Campaign {
            title: Some("Winter offer".to_owned()),
            state: CampaignState::Draft,
            filter: Some(attribute("unsubscribed", Some(Type::Boolean), Op::Is(Value::Boolean(false)))),
            key: Some(Path("event.order_id".to_owned())),
            if_running: IfRunning::Restart,
            limit: Some("marketing".to_owned()),
            send_window: Some(SendWindow {
                from: time("09:00:00"),
                to: time("18:00:00"),
                time_zone: None,
                skip: false,
            }),
            exit: Some(attribute("unsubscribed", Some(Type::Boolean), Op::Is(Value::Boolean(true)))),
            goal: Some(Goal {
                condition: Condition::All(vec![once(yes(), Window::SinceEntry), Condition::ServiceWindow]),
                within: Some(Span::days(3)),
                exit: true,
            }),
            grace: Span(120),
            ..Campaign::new(
                "winter",
                Trigger::Event(Phrase::pair(reply(), performed("order_placed"), Span::days(1))),
                every_step(),
            )
        },
    ]
}

fn schedules() -> Vec<Schedule> {
    let schedule = |name: &str, task| Schedule {
        name: name.to_owned(),
        place: Place { file: "rules/winter.yaml".to_owned(), line: 20 },
        cron: "0 9 * * mon".to_owned(),
        time_zone: ScheduleZone::Person,
        task,
        run_missed: true,
        max_lateness: Span::hours(1),
        spread: Span(1_800),
    };
    let both = Condition::All(vec![
        Condition::InSegment("vips".to_owned()),
        attribute("plan", Some(Type::Text), Op::Is(text("trial"))),
    ]);
    vec![
        schedule("monday-nudge", Task::ForEach(both)),
        Schedule {
            cron: "30 3 * * *".to_owned(),
            time_zone: ScheduleZone::Fixed(chrono_tz::Europe::Berlin),
            run_missed: false,
            spread: Span(0),
            ..schedule("nightly", Task::Recheck { segments: None, repair: true })
        },
        schedule("some", Task::Recheck { segments: Some(vec!["vips".to_owned()]), repair: false }),
    ]
}

fn rules() -> RuleSet {
    let mut schema = Schema { person_time_zone: Some("timezone".to_owned()), ..Schema::default() };
    schema.week_starts = Weekday::Sun;
    schema.lists.insert("stop".to_owned(), vec!["stop".to_owned(), "baja".to_owned()]);
    let week = calendar(7, CalendarUnit::Day);
    schema.limits = BTreeMap::from([("marketing".to_owned(), Limit { messages: 3, within: week })]);
    let language = Property { ty: Type::Text, one_of: Vec::new(), always_set: true };
    schema.person.insert("language".to_owned(), language);
    let segment = |(name, condition): (&str, Condition)| Segment {
        name: name.to_owned(),
        title: None,
        owner: None,
        place: Place::default(),
        kind: SegmentKind::Data(condition),
    };
    let manual = Segment {
        name: "vips".to_owned(),
        title: Some("Chosen\nby hand".to_owned()),
        owner: Some("lifecycle@acme.example".to_owned()),
        place: Place { file: "rules/vips.yaml".to_owned(), line: 3 },
        kind: SegmentKind::Manual,
    };
    let groups = [comparisons(), parts(), verbs(), counts(), windows(), sequences()];
    let mut segments: Vec<Segment> = groups.into_iter().flatten().map(segment).collect();
    segments.push(manual);
    RuleSet { schema, segments, campaigns: campaigns(), schedules: schedules() }
}

#[test]
fn every_variant_has_words() {
    let rules = rules();
    let describer = Describer::new(&rules);
    let said: Vec<String> = cost::all(&rules).into_iter().map(|rule| describer.rule(rule)).collect();
    let golden = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/describe/variants.txt");
    let said = said.join(&format!("\n{}\n\n", "=".repeat(100)));
    assert_eq!(super::hold(&golden, &said), Ok(()), "run with UPDATE=1 and look at the difference");
}

#[test]
fn names_are_looked_up_among_all_rules() {
    let rules = rules();
    assert!(
        antiphon::dsl::describe::describe(&rules, "winter").is_some_and(|said| said.starts_with("Campaign winter"))
    );
    assert_eq!(antiphon::dsl::describe::describe(&rules, "wintr"), None);
}

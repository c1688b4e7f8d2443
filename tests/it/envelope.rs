//! What the files around the conditions mean: text in, model out, for every key; and what holds at the bounds.

use std::sync::Arc;

use antiphon::diagnostic::{Code, render};
use antiphon::dsl::{Compiled, compile};
use antiphon::engine::{Catalogue, Engine};
use antiphon::model::id::{CampaignId, RulesVersion, SegmentId};
use antiphon::model::rule::{
    Action, Arm, Campaign, CampaignState, Condition, Content, Counted, Expression, Frequency, Goal, Happened,
    IfRunning, Limit, Match, MessageTest, OnDeploy, Outcome, Path, Phrase, RuleSet, Schedule, ScheduleZone, Send,
    SendWindow, Share, Step, Target, Task, TextTest, Timeout, Trigger, Update, Verb, Wait, WaitUntil, Window,
};
use antiphon::model::time::{CalendarUnit, Length, Span};
use chrono::{NaiveTime, Weekday};
use serde_json::json;

const SCHEMA: &str = r#"
version: 1
time_zone: {otherwise: Europe/Madrid}
week_starts: sunday
grace: 2 minutes
person:
  plan: {type: text, always_set: true}
  age:  {type: number}
  tags: {type: list of text}
events:
  booked: {id: {type: text, always_set: true}, starts_at: {type: time, always_set: true}}
templates: {offer: {languages: [en]}}
limits:
  marketing: at most 3 messages in 7 calendar days
  daily: at most 1 message in 1 day
lists: {stop: ["stop"], start: ["start"]}
"#;

const NEEDED: &str = "
segments:
  vips: {kind: manual}
schedules:
  nightly: {cron: \"0 9 * * *\", for_each: plan is \"pro\"}
";

fn compiled(rest: &str) -> Compiled {
    let files = [
        ("rules/schema.yaml".to_owned(), SCHEMA.to_owned()),
        ("rules/rules.yaml".to_owned(), format!("version: 1\n{rest}")),
    ];
    compile(&files.into())
}

fn rules(rest: &str) -> RuleSet {
    let compiled = compiled(rest);
    let said = render::render(&compiled.diagnostics, &compiled.sources, false);
    compiled.rules.unwrap_or_else(|| panic!("{rest}\n{said}"))
}

/// The campaign of this text, behind its name.
fn campaign(keys: &str) -> Campaign {
    let set = rules(&format!("{NEEDED}campaigns:\n  c:\n    state: draft\n{keys}"));
    set.campaigns.into_iter().next().expect("there is one")
}

/// What the only step of a campaign does that a booking starts.
fn action(step: &str) -> Action {
    let keys = format!("    trigger: {{event: performed \"booked\"}}\n    steps:\n      - {step}\n");
    campaign(&keys).steps.into_iter().next().expect("there is one").action
}

fn codes(rest: &str) -> Vec<&'static str> {
    compiled(rest).diagnostics.iter().filter(|d| d.code != Code::A0801).map(|d| d.code.as_str()).collect()
}

fn time(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).expect("there is such an hour")
}

fn happened(event: Match, window: Window) -> Condition {
    Condition::Happened(Box::new(Happened { what: Phrase::One(Box::new(event)), counted: Counted::ONCE, window }))
}

fn since_entry() -> Condition {
    happened(Match::any(Verb::Replied), Window::SinceEntry)
}

fn yes_to_ask() -> Condition {
    let target = Target { message: MessageTest::Step("ask".to_owned()), directly: false };
    let text = TextTest::AnyOf(vec!["YES".to_owned()]);
    happened(Match { text: Some(text), target: Some(target), ..Match::any(Verb::Replied) }, Window::Ever)
}

fn step(id: &str, action: Action) -> Step {
    Step { id: id.to_owned(), condition: None, action }
}

fn path(path: &str) -> Path {
    Path(path.to_owned())
}

fn text(text: &str) -> Expression {
    Expression::Literal(json!(text))
}

fn days(n: u32) -> Length {
    Length::Calendar { amount: n, unit: CalendarUnit::Day }
}

#[test]
fn the_examples_load_without_a_complaint_and_can_run() {
    let files = [
        ("rules/schema.yaml", include_str!("envelope/schema.yaml")),
        ("rules/segments/replies.yaml", include_str!("envelope/replies.yaml")),
        ("rules/campaigns/appointment-confirm.yaml", include_str!("envelope/appointment.yaml")),
        ("rules/winter.yaml", include_str!("envelope/winter.yaml")),
    ];
    let compiled = compile(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    let said = render::render(&compiled.diagnostics, &compiled.sources, false);
    // One `within 2 days`, and a segment for those who have been silent for a month: both are meant.
    assert!(compiled.diagnostics.iter().all(|found| found.code == Code::A0801), "{said}");
    let rules = compiled.rules.expect("nothing was complained of");
    assert_eq!(
        rules.campaigns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["appointment-confirm", "nudge", "win-back", "winter"]
    );
    assert_eq!(
        rules.schedules.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
        ["monday-nudge", "nightly-recheck"]
    );
    let confirm = rules.campaigns.first().expect("it is the first");
    let Some(Action::WaitUntil(wait)) = confirm.steps.get(1).map(|step| &step.action) else { panic!("a wait") };
    assert_eq!(
        wait.outcomes.iter().map(|o| o.steps[0].id.as_str()).collect::<Vec<_>>(),
        ["step-2.confirmed.1", "step-2.declined.1"]
    );
    let timeout = wait.timeout.as_ref().expect("there is one");
    let Some(Action::Branch { otherwise, .. }) = timeout.steps.get(2).map(|step| &step.action) else {
        panic!("a branch")
    };
    assert_eq!(otherwise, &[step("step-2.timeout.3.otherwise.1", Action::Exit("no-answer".to_owned()))]);
}

#[test]
fn a_campaign_says_everything() {
    let full = campaign(
        r#"    title: A campaign
    trigger:
      event: performed "booked"
      max_event_age: 2 hours
    filter: plan is "pro"
    entry: {frequency: once per 30 days, key: event.id, if_running: restart}
    limit: marketing
    send_window: {from: "09:00", to: "18:00", time_zone: Europe/Berlin, outside: skip}
    exit: {when: replied since entry}
    goal: {when: replied YES to step "ask" ever, within: 3 days, then: exit}
    grace: 1 minute
    on_deploy: {start: none}
    steps:
      - id: ask
        if: everyone
        send: {template: offer, language: en}
"#,
    );
    let send = Send {
        content: Content::Template { name: "offer".to_owned(), language: text("en"), params: vec![] },
        if_window_closed: None,
        even_if_unsubscribed: false,
    };
    let pro = campaign("    trigger: {becomes: plan is \"pro\"}\n    steps: [{exit: done}]\n");
    let Trigger::Becomes(pro) = pro.trigger else { panic!("it becomes") };
    let expected = Campaign {
        name: "c".to_owned(),
        title: Some("A campaign".to_owned()),
        place: full.place.clone(),
        state: CampaignState::Draft,
        trigger: Trigger::Event(Phrase::One(Box::new(Match::any(Verb::Performed("booked".to_owned()))))),
        max_event_age: Span::hours(2),
        filter: Some(pro),
        frequency: Frequency::OncePer(Span::days(30)),
        key: Some(path("event.id")),
        if_running: IfRunning::Restart,
        limit: Some("marketing".to_owned()),
        send_window: Some(SendWindow {
            from: time(9),
            to: time(18),
            time_zone: Some(chrono_tz::Europe::Berlin),
            skip: true,
        }),
        exit: Some(since_entry()),
        goal: Some(Goal { condition: yes_to_ask(), within: Some(Span::days(3)), exit: true }),
        grace: Span(60),
        on_deploy: OnDeploy::Nobody,
        steps: vec![Step { id: "ask".to_owned(), condition: Some(Condition::Everyone), action: Action::Send(send) }],
    };
    assert_eq!(full, expected);
    assert_eq!((full.place.file.as_str(), full.place.line), ("rules/rules.yaml", 8));
}

#[test]
fn what_a_campaign_leaves_out_has_a_default() {
    let bare = campaign("    trigger: {becomes: everyone}\n    steps: [{exit: done}]\n");
    let steps = vec![step("step-1", Action::Exit("done".to_owned()))];
    let mut expected = Campaign::new("c", Trigger::Becomes(Condition::Everyone), steps);
    expected.place = bare.place.clone();
    expected.state = CampaignState::Draft;
    // That of the schema.
    expected.grace = Span(120);
    assert_eq!(bare, expected);
    let window = |keys: &str| {
        campaign(&format!("    trigger: {{becomes: everyone}}\n    send_window: {{from: \"22:00\", to: \"06:00\"{keys}}}\n    steps: [{{exit: done}}]\n")).send_window
    };
    assert_eq!(window(""), Some(SendWindow { from: time(22), to: time(6), time_zone: None, skip: false }));
    assert_eq!(window(", time_zone: person, outside: wait"), window(""));
    let goal =
        campaign("    trigger: {becomes: everyone}\n    goal: {when: everyone}\n    steps: [{exit: done}]\n").goal;
    assert_eq!(goal, Some(Goal { condition: Condition::Everyone, within: None, exit: false }));
}

#[test]
fn every_state_trigger_and_frequency() {
    let trigger = |written: &str| campaign(&format!("    trigger: {written}\n    steps: [{{exit: done}}]\n")).trigger;
    let replied = || Match::any(Verb::Replied);
    let one = |event: Match| Trigger::Event(Phrase::One(Box::new(event)));
    assert_eq!(trigger("{event: replied}"), one(replied()));
    let in_time = Match { in_time: Some(Span::days(2).into()), ..replied() };
    assert_eq!(trigger("{event: replied within 2 days of the message it answers}"), one(in_time));
    let each = Trigger::Event(Phrase::pair(replied(), Match::any(Verb::Tapped), Span::days(1)));
    assert_eq!(trigger("{each: replied then tapped within 1 day}"), each);
    // A verdict waits for late events as long as the campaign says.
    let Trigger::Event(Phrase::Sequence(verdict)) =
        trigger("{each: replied then not tapped within 1 day}\n    grace: 1 hour")
    else {
        panic!("a sequence")
    };
    assert_eq!((verdict.steps[0].not, verdict.grace), (true, Span::hours(1)));
    assert_eq!(trigger("{becomes: everyone}"), Trigger::Becomes(Condition::Everyone));
    assert_eq!(trigger("{schedule: nightly}"), Trigger::Schedule("nightly".to_owned()));
    assert_eq!(trigger("{api: true}"), Trigger::Api);
    let frequency = |written: &str| {
        campaign(&format!(
            "    trigger: {{api: true}}\n    entry: {{frequency: {written}}}\n    steps: [{{exit: done}}]\n"
        ))
        .frequency
    };
    assert_eq!(frequency("once"), Frequency::Once);
    assert_eq!(frequency("every time"), Frequency::EveryTime);
    let deploy = campaign(
        "    trigger: {becomes: everyone}\n    on_deploy: {start: matching, at_most: 500}\n    steps: [{exit: done}]\n",
    );
    assert_eq!(deploy.on_deploy, OnDeploy::Matching { at_most: 500 });
    for (word, state) in [("live", CampaignState::Live), ("paused", CampaignState::Paused)] {
        let set = rules(&format!(
            "campaigns:\n  c: {{state: {word}, trigger: {{event: replied}}, steps: [{{exit: done}}]}}\n"
        ));
        assert_eq!(set.campaigns[0].state, state);
    }
}

#[test]
fn waits() {
    let wait = |written: &str| match action(&format!("wait: {written}")) {
        Action::Wait(wait) => wait,
        other => panic!("{other:?}"),
    };
    assert_eq!(wait("2 days"), Wait::For(Length::Elapsed(Span::days(2))));
    assert_eq!(wait("2 calendar days"), Wait::For(days(2)));
    assert_eq!(wait("until 09:00"), Wait::UntilTime(time(9)));
    let until = |offset| Wait::Until { path: path("event.starts_at"), offset: Span(offset) };
    assert_eq!(wait("until event.starts_at"), until(0));
    assert_eq!(wait("until event.starts_at - 1 day"), until(-86_400));
    assert_eq!(wait("until event.starts_at + 2 hours"), until(7_200));
}

#[test]
fn steps_that_write() {
    let update = |written: &str| match action(&format!("update_person: {written}")) {
        Action::UpdatePerson(updates) => updates,
        other => panic!("{other:?}"),
    };
    let named = |name: &str, update| (name.to_owned(), update);
    assert_eq!(
        update("{plan: pro, age: null, unsubscribed: true}"),
        [
            named("plan", Update::Set(text("pro"))),
            named("age", Update::Unset),
            named("unsubscribed", Update::Set(Expression::Literal(json!(true)))),
        ]
    );
    assert_eq!(
        update("{remove: {tags: event.id}, unset: [age], set: {plan: \"{{ event.id }}!\"}}"),
        [
            named("plan", Update::Set(Expression::Text("{{ event.id }}!".to_owned()))),
            named("age", Update::Unset),
            named("tags", Update::Remove(Expression::Path(path("event.id")))),
        ]
    );
    assert_eq!(update("{add: {tags: beta}}"), [named("tags", Update::Add(text("beta")))]);
    assert_eq!(
        action("record_event: {name: booked, props: {id: x, starts_at: event.starts_at}}"),
        Action::RecordEvent {
            name: "booked".to_owned(),
            properties: vec![
                ("id".to_owned(), text("x")),
                ("starts_at".to_owned(), Expression::Path(path("event.starts_at"))),
            ],
        }
    );
    let vips = |join| Action::ManualSegment { segment: "vips".to_owned(), join };
    assert_eq!(action("manual_segment: {add: vips}"), vips(true));
    assert_eq!(action("manual_segment: {remove: vips}"), vips(false));
}

#[test]
fn steps_within_steps() {
    let wait = action(
        r"wait_until:
          outcomes:
            - name: first
              when: replied since entry
              do: [{wait: 1 day}, {id: own, exit: done}]
            - {name: second, when: everyone}
          timeout: none",
    );
    let first = Outcome {
        name: "first".to_owned(),
        condition: since_entry(),
        steps: vec![
            step("step-1.first.1", Action::Wait(Wait::For(Span::DAY.into()))),
            step("own", Action::Exit("done".to_owned())),
        ],
    };
    let second = Outcome { name: "second".to_owned(), condition: Condition::Everyone, steps: vec![] };
    assert_eq!(wait, Action::WaitUntil(WaitUntil { outcomes: vec![first, second.clone()], timeout: None }));

    let Action::WaitUntil(wait) = action(
        r"wait_until:
          outcomes: [{name: reply, when: replied since entry}]
          timeout: {after: 2 calendar days, do: [{exit: silent}]}",
    ) else {
        panic!("a wait")
    };
    let silent = vec![step("step-1.timeout.1", Action::Exit("silent".to_owned()))];
    assert_eq!(wait.timeout, Some(Timeout { after: days(2), steps: silent }));

    let branch = action(
        r#"branch:
          - {when: everyone and replied since entry, do: [{exit: a}]}
          - {when: replied since entry, do: [{branch: [{when: replied since entry, do: [{exit: b}]}, {otherwise: []}]}]}
          - otherwise: [{exit: c}]"#,
    );
    let exit = |id: &str, reason: &str| step(id, Action::Exit(reason.to_owned()));
    let inner = Action::Branch { arms: vec![(since_entry(), vec![exit("step-1.2.1.1.1", "b")])], otherwise: vec![] };
    let both = Condition::All(vec![Condition::Everyone, since_entry()]);
    assert_eq!(
        branch,
        Action::Branch {
            arms: vec![(both, vec![exit("step-1.1.1", "a")]), (since_entry(), vec![step("step-1.2.1", inner)])],
            otherwise: vec![exit("step-1.otherwise.1", "c")],
        }
    );

    let arm = |name: &str, share, steps| Arm { name: name.to_owned(), share: Share(share), steps };
    assert_eq!(
        action("split: {a: 50%, b: 49.5%, c: 0.05%, d: 0.45%}"),
        Action::Split(vec![
            arm("a", 5_000, vec![]),
            arm("b", 4_950, vec![]),
            arm("c", 5, vec![]),
            arm("d", 45, vec![])
        ])
    );
    assert_eq!(
        action("split: {a: {share: 10%, do: [{exit: a}]}, b: 90%}"),
        Action::Split(vec![arm("a", 1_000, vec![exit("step-1.a.1", "a")]), arm("b", 9_000, vec![])])
    );
}

#[test]
fn the_schema_has_weeks_limits_and_grace() {
    let schema = rules("segments: {}\n").schema;
    assert_eq!((schema.week_starts, schema.grace), (Weekday::Sun, Span(120)));
    let limits: Vec<(&str, Limit)> = schema.limits.iter().map(|(name, limit)| (name.as_str(), *limit)).collect();
    assert_eq!(
        limits,
        [
            ("daily", Limit { messages: 1, within: Span::DAY.into() }),
            ("marketing", Limit { messages: 3, within: days(7) }),
        ]
    );
}

#[test]
fn schedules_say_when_where_and_for_whom() {
    let set = rules(
        r#"segments:
  pros: {when: plan is "pro"}
schedules:
  full:
    cron: "0 9 * * mon"
    time_zone: person
    for_each: in segment "pros"
    missed: skip
    max_lateness: 2 hours
    spread: 30 minutes
  bare: {cron: "0 9 * * *", for_each: age > 18 and plan is "pro"}
  some: {cron: "30 3 * * *", time_zone: Asia/Tokyo, recheck: [pros], repair: false}
  all: {cron: "30 3 * * *", recheck: all}
"#,
    );
    let [all, bare, full, some] = set.schedules.as_slice() else { panic!("four, by name") };
    let place = full.place.clone();
    let expected = Schedule {
        name: "full".to_owned(),
        place,
        cron: "0 9 * * mon".to_owned(),
        time_zone: ScheduleZone::Person,
        task: Task::ForEach(Condition::InSegment("pros".to_owned())),
        run_missed: false,
        max_lateness: Span::hours(2),
        spread: Span(1_800),
    };
    assert_eq!(*full, expected);
    assert_eq!(
        (bare.time_zone, bare.run_missed, bare.max_lateness, bare.spread),
        (ScheduleZone::Fixed(chrono_tz::Europe::Madrid), true, Span::hours(1), Span(0))
    );
    assert_eq!(some.task, Task::Recheck { segments: Some(vec!["pros".to_owned()]), repair: false });
    assert_eq!(some.time_zone, ScheduleZone::Fixed(chrono_tz::Asia::Tokyo));
    assert_eq!(all.task, Task::Recheck { segments: None, repair: true });
}

#[test]
fn drafts_that_nothing_can_start_yet_stop_no_engine() {
    let rules = rules(&format!(
        "{NEEDED}campaigns:\n  a: {{state: draft, trigger: {{api: true}}, steps: [{{exit: done}}]}}\n  \
         b: {{state: draft, trigger: {{schedule: nightly}}, steps: [{{exit: done}}]}}\n"
    ));
    let catalogue = Catalogue {
        segments: [("vips".to_owned(), SegmentId(1))].into(),
        campaigns: [("a".to_owned(), CampaignId(1)), ("b".to_owned(), CampaignId(2))].into(),
        ..Catalogue::default()
    };
    Engine::compile(Arc::new(rules), RulesVersion(1), &catalogue).expect("it runs, and neither starts");
}

#[test]
fn steps_are_counted_over_all_depths() {
    let steps = |within: usize| {
        let inner = "{wait: 1 second}, ".repeat(within);
        format!(
            "campaigns:\n  c:\n    state: draft\n    trigger: {{event: replied}}\n    steps: [{{branch: [{{when: replied since entry, do: [{inner}]}}, {{otherwise: []}}]}}]\n"
        )
    };
    assert_eq!(codes(&steps(99)), [""; 0]);
    assert_eq!(codes(&steps(100)), ["E0114"]);
}

#[test]
fn steps_stand_within_steps_to_a_depth() {
    let steps = |depth: usize| {
        let step = (0..depth).fold("{exit: done}".to_owned(), |inner, _| {
            format!("{{branch: [{{when: replied since entry, do: [{inner}]}}, {{otherwise: []}}]}}")
        });
        format!("campaigns:\n  c:\n    state: draft\n    trigger: {{event: replied}}\n    steps: [{step}]\n")
    };
    assert_eq!(codes(&steps(5)), [""; 0]);
    assert_eq!(codes(&steps(6)), ["E0114"]);
}

#[test]
fn ways_through_a_step_are_counted() {
    let campaign = |step: String| {
        format!("campaigns:\n  c:\n    state: draft\n    trigger: {{event: replied}}\n    steps: [{step}]\n")
    };
    let outcomes = |n: usize| {
        let outcomes: String = (0..n)
            .map(|n| format!("{{name: o{n}, when: performed \"booked\" at least {} times since entry}}, ", n + 1))
            .collect();
        campaign(format!("{{wait_until: {{outcomes: [{outcomes}], timeout: none}}}}"))
    };
    let arms = |n: usize| {
        let arms: String = (0..n).map(|n| format!("{{when: age is {n}}}, ")).collect();
        campaign(format!("{{branch: [{arms} {{otherwise: []}}]}}"))
    };
    let split = |n: usize| {
        let shares: String = (1..n).map(|n| format!("a{n}: 1%, ")).collect();
        campaign(format!("{{split: {{{shares} rest: {}%}}}}", 101 - n))
    };
    for write in [&outcomes as &dyn Fn(usize) -> String, &arms, &split] {
        assert_eq!(codes(&write(20)), [""; 0], "{}", write(20));
        assert_eq!(codes(&write(21)), ["E0114"], "{}", write(21));
    }
}

#[test]
fn numbers_and_names_have_bounds() {
    let at_most = |n: u32| {
        format!(
            "campaigns:\n  c:\n    state: draft\n    trigger: {{becomes: everyone}}\n    on_deploy: {{start: matching, at_most: {n}}}\n    steps: [{{exit: done}}]\n"
        )
    };
    assert_eq!(codes(&at_most(1_000_000)), [""; 0]);
    assert_eq!(codes(&at_most(1_000_001)), ["E0320"]);
    let event = |bytes: usize| {
        let name = "e".repeat(bytes);
        let rules = format!(
            "version: 1\ncampaigns:\n  c: {{state: draft, trigger: {{event: replied}}, steps: [{{record_event: {{name: {name}}}}}]}}\n"
        );
        let compiled = compile(&[("rules/a.yaml".to_owned(), rules)].into());
        compiled.diagnostics.iter().map(|d| d.code).filter(|code| *code != Code::A0803).collect::<Vec<_>>()
    };
    assert_eq!(event(100), []);
    assert_eq!(event(101), [Code::E0114]);
}

//! Files that want to hurt the reader: each gets an answer, soon, and nothing is loaded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use antiphon::diagnostic::{Code, Severity, Sources, has_errors, render};
use antiphon::dsl::describe::Describer;
use antiphon::dsl::format::{Formatted, Outcome, format};
use antiphon::dsl::parse::PARENTHESES_DEPTH_MAX;
use antiphon::dsl::walk::Rule;
use antiphon::dsl::{Compiled, compile, decode};
use antiphon::model::limit::CONDITION_BYTES_MAX;
use antiphon::scenario;

use crate::examples;

/// Keys and values of one file.
const NODES_MAX: usize = 100_000;

/// For a debug build on a busy machine; what these files do to an unguarded reader takes minutes.
const PATIENCE: Duration = Duration::from_secs(5);

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn one(text: String) -> Compiled {
    let files = [("rules/a.yaml".to_owned(), text)].into();
    let started = Instant::now();
    let compiled = compile(&files);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    compiled
}

fn segments(text: &str) -> String {
    format!("version: 1\nsegments:\n{text}")
}

#[test]
fn great_and_strange_files_are_refused_at_once() {
    let repeated = |piece: &str, times: usize| piece.repeat(times);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    for text in [
        repeated("[", 200_000),
        repeated("{", 200_000),
        repeated("- ", 200_000),
        repeated("? ", 200_000),
        repeated("a: ", 200_000),
        repeated(":", 200_000),
        repeated("\"", 200_001),
        repeated("&a ", 100_000),
        repeated("*a ", 100_000),
        repeated("!a ", 100_000),
        repeated("%A b\n", 100_000),
        repeated("---\n", 100_000),
        repeated("\t", 200_000),
        repeated("\n", 900_000),
        repeated("# \n", 300_000),
        repeated("a", 1 << 20),
        repeated("a", 10 << 20),
        format!("[{}]", repeated("a,", 400_000)),
        format!("{{{}}}", (0..90_000).map(|n| format!("a{n}: 1,")).collect::<String>()),
        (0..90_000).map(|n| format!("a{n}: 1\n")).collect(),
        segments(&(0..9_000).map(|n| format!("  a{n}: {{wehn: {n}}}\n")).collect::<String>()),
        segments(&(0..3_000).map(|n| format!("  a{n}: {{when: in segment \"b{n}\"}}\n")).collect::<String>()),
        segments(&format!("  a:\n    when: |\n{}", repeated("      (\n", 100_000))),
        segments(&format!("  a:\n    when: \"{}\"\n", repeated("\\n", 400_000))),
        (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        bomb.to_owned(),
        "\u{feff}version: 1\nsegments: {}\n".to_owned(),
        "version: 1\rsegments: {}\r".to_owned(),
        "version: 1\nsegments: {\u{0}}\n".to_owned(),
        "version: 1\nsegments: {\u{2028}}\n".to_owned(),
        "version: 1\nsegments: {a: {when: .inf}}\n".to_owned(),
        "version: 1\nsegments: !!binary aGk=\n".to_owned(),
        String::new(),
    ] {
        let start: String = text.chars().take(20).collect();
        let shown = text.len() < 300_000;
        let compiled = one(text);
        assert!(has_errors(&compiled.diagnostics) && compiled.rules.is_none(), "{start:?}");
        // Saying it is part of the answer, and is short. In the greatest the frame alone takes its time.
        assert!(!shown || render::render(&compiled.diagnostics, &compiled.sources, false).len() < 1 << 20);
    }
}

/// Samples that are cut at every byte: one of each kind.
const WHOLE: [&str; 5] =
    ["schema.yaml", "replies.yaml", "appointment-confirm.yaml", "in-time.test.yaml", "welcome.test.yaml"];

/// Every file of the samples, with its text.
fn samples() -> Vec<(String, String)> {
    let samples = examples::samples();
    assert!(samples.keys().any(|path| path.ends_with(".test.yaml")), "tests are among them");
    samples.into_iter().collect()
}

#[test]
fn samples_cut_anywhere_are_answered() {
    for (path, text) in samples() {
        // Of some every byte, of the others some.
        let step = if WHOLE.iter().any(|name| path.ends_with(name)) { 1 } else { 17 };
        for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            let cut = text.get(..end).unwrap_or_default();
            let compiled = compile(&[(path.clone(), cut.to_owned())].into());
            let tests = scenario::read(&compiled);
            let spoken = compiled.diagnostics.iter().chain(&tests.diagnostics);
            for label in spoken.flat_map(|diagnostic| &diagnostic.labels) {
                let place = cut.get(label.span.start..label.span.end);
                assert!(place.is_some(), "{path} up to byte {end}: {label:?}");
            }
            // Nothing that is cut off in its head is taken for a file that says nothing.
            assert!(end > 8 || has_errors(&compiled.diagnostics), "{path} up to byte {end}");
        }
    }
}

#[test]
fn samples_with_a_broken_byte_are_refused() {
    for (path, text) in samples() {
        for at in (0..text.len()).step_by(97) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = 0xff;
            let refused = decode(&path, bytes, &mut Sources::default()).expect_err("it is not UTF-8");
            // A character of several bytes is broken from its first byte on.
            assert!(refused.code == Code::E0905 && (at.saturating_sub(3)..=at).contains(&refused.span().start));
        }
    }
}

/// Codes of the errors about `text`, each once.
fn errors(text: String) -> Vec<Code> {
    let compiled = one(text);
    let errors = compiled.diagnostics.iter().filter(|found| found.severity() == Severity::Error);
    let mut codes: Vec<Code> = errors.map(|error| error.code).collect();
    codes.dedup();
    codes
}

fn of_condition(condition: &str) -> Vec<Code> {
    errors(segments(&format!("  a:\n    when: |\n      {condition}\n")))
}

#[test]
fn conditions_without_end_are_too_long() {
    for condition in [
        format!("replied{} ever", " then replied".repeat(10_000)),
        format!("everyone{}", " and everyone".repeat(20_000)),
        format!("{}everyone", "not ".repeat(50_000)),
        format!("{}everyone{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("country is one of {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("replied matching /{}/ ever", "(".repeat(100_000)),
        format!("replied \"{} ever", "x".repeat(200_000)),
        format!("everyone {}", "# x ".repeat(50_000)),
    ] {
        let start: String = condition.chars().take(30).collect();
        assert_eq!(of_condition(&condition), [Code::E0114], "{start}");
    }
    assert_eq!(of_condition(&format!("replied{} ever", " then replied".repeat(500))), [Code::E0114]);
}

/// A campaign with these steps.
fn campaign(steps: &str) -> String {
    format!("version: 1\ncampaigns:\n  a:\n    state: draft\n    trigger: {{api: true}}\n    steps:\n{steps}")
}

#[test]
fn liquid_without_end_is_refused() {
    for text in [
        "{".repeat(200_000),
        "{{ ".repeat(60_000),
        format!("{{{{ {}person.a{} }}}}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{{{{ person{} }}}}", "[0]".repeat(60_000)),
        format!("{{{{ person{} }}}}", ".a".repeat(100_000)),
        format!("{{{{ person.a{} }}}}", " | upcase".repeat(20_000)),
        format!("{{% if {} %}}x{{% endif %}}", "person.a and ".repeat(15_000)),
        "{% if person.a %}".repeat(12_000),
        format!("{}{}", "{% if person.a %}".repeat(6_000), "{% endif %}".repeat(6_000)),
        format!("{}{}", "{% case person.a %}{% when 'b' %}".repeat(3_000), "{% endcase %}".repeat(3_000)),
        format!("{}x{}", "{% for a in person.b %}".repeat(6_000), "{% endfor %}".repeat(6_000)),
        "{% comment %}".repeat(15_000),
        "{% raw %}".repeat(20_000),
    ] {
        let start: String = text.chars().take(30).collect();
        let found = errors(campaign(&format!("      - send: {{text: \"{text}\"}}\n")));
        assert!(!found.is_empty(), "{start}");
    }
}

/// A complaint points at whole characters: half of one is no text.
#[test]
fn a_strange_character_in_a_text_is_pointed_at_whole() {
    for strange in ["é", "€", "👍", "\u{202e}"] {
        let text = campaign(&format!("      - update_person: {{hi: \"Hi {{{{ pe{strange}rson.name }}}}\"}}\n"));
        let compiled = one(text);
        let complaint = compiled.diagnostics.iter().find(|one| one.code == Code::E0621).expect("it has no meaning");
        assert_eq!(compiled.sources.slice(complaint.span()), strange);
    }
}

#[test]
fn steps_stand_so_deep_within_steps() {
    let nested = |depth: usize| {
        let mut steps = String::new();
        for level in 0..depth {
            let indent = " ".repeat(6 + level * 8);
            let _ = write!(steps, "{indent}- branch:\n{indent}    - otherwise:\n");
        }
        let _ = writeln!(steps, "{}- exit: done", " ".repeat(6 + depth * 8));
        errors(campaign(&steps))
    };
    let refused = |depth: usize| nested(depth).contains(&Code::E0114);
    let first = (0..12).find(|depth| refused(*depth)).expect("there is a bound");
    assert!(first > 2, "{first}");
    // Deeper still it is the file that nests too deep.
    assert!((first..40).all(|depth| !nested(depth).is_empty()));
    assert!(!nested(500).is_empty() && !nested(10_000).is_empty());
}

#[test]
fn a_file_has_so_many_keys_and_values() {
    // The document, its map, the two keys with their values, and the list with its end are counted beside the items.
    let items = |count: usize| errors(format!("version: 1\nsegments: [{}]\n", "1,".repeat(count)));
    let fits = |count: usize| !items(count).contains(&Code::E0905);
    assert!(fits(NODES_MAX - 20) && !fits(NODES_MAX));
    let keys: String = (0..NODES_MAX).map(|n| format!("  a{n}: {{}}\n")).collect();
    assert!(errors(segments(&keys)).contains(&Code::E0905));
}

#[test]
fn what_is_accepted_at_its_longest_is_formatted_and_described() {
    let fill = |first: &str, part: &str, last: &str| {
        let count = (CONDITION_BYTES_MAX - first.len() - last.len() - 40) / part.len();
        format!("{first}{}{last}", part.repeat(count.min(900)))
    };
    let deep = PARENTHESES_DEPTH_MAX;
    for condition in [
        format!("{}everyone{}", "(".repeat(deep), ")".repeat(deep)),
        format!("{}replied YES ever{}", "not (".repeat(deep), ")".repeat(deep)),
        format!("{}replied YES ever", "not ".repeat(1_000)),
        fill("plan is one of [\"x\"", ", \"some words\"", "]"),
        fill("replied any of [\"x\"", ", \"a b\"", "] ever"),
        fill("replied \"", "x", "\" ever"),
        fill("replied \"a", "\u{202e}\u{2066}", "\" ever"),
        fill("everyone ", "# x\n      ", ""),
        (1..=30).map(|days| format!("replied YES within {days} days")).collect::<Vec<_>>().join(" or "),
    ] {
        let start: String = condition.chars().take(40).collect();
        let text = segments(&format!("  a:\n    when: |\n      {condition}\n"));
        let files: BTreeMap<String, String> = [("rules/a.yaml".to_owned(), text)].into();
        let Formatted { files: outcomes, compiled } = format(&files);
        let Some(rules) = compiled.rules else {
            // What is not accepted has its reason.
            assert!(has_errors(&compiled.diagnostics), "{start}");
            continue;
        };
        let described = Describer::new(&rules).rule(Rule::Segment(&rules.segments[0]));
        assert!(!described.is_empty() && described.len() < 64 * CONDITION_BYTES_MAX, "{start}: {}", described.len());
        for outcome in outcomes.into_values() {
            match outcome {
                Outcome::Unchanged => {}
                Outcome::Changed { text, .. } => {
                    let again = format(&[("rules/a.yaml".to_owned(), text)].into());
                    assert!(matches!(again.files["rules/a.yaml"], Outcome::Unchanged), "{start}");
                }
                other => panic!("{start}: {other:?}"),
            }
        }
    }
}

/// What is said of a test with this timeline and these further keys, and its stories.
fn of_test(rest: &str) -> (Vec<Code>, usize) {
    let head = "version: 1\ntest: a\nstart: 2026-01-01T00:00:00Z\npeople: {ana: {}}\n";
    let tests = scenario::read(&compile(&[("rules/a.test.yaml".to_owned(), format!("{head}{rest}"))].into()));
    let mut codes: Vec<Code> = tests.diagnostics.iter().map(|found| found.code).collect();
    codes.dedup();
    (codes, tests.stories.len())
}

#[test]
fn tests_without_end_are_refused() {
    let entries = |count: usize| "  - {at: 0 seconds, who: ana, replied: x}\n".repeat(count);
    assert_eq!(of_test(&format!("timeline:\n{}", entries(5_000))), (vec![], 1));
    let many = format!("timeline:\n{}", entries(20_000));
    let whole = format!("version: 1\ntest: a\nstart: 2026-01-01T00:00:00Z\npeople: {{ana: {{}}}}\n{many}");
    let compiled = compile(&[("rules/a.test.yaml".to_owned(), whole)].into());
    assert!(compiled.diagnostics.iter().any(|found| found.code == Code::E0905));
    let cases = "  - {a: x}\n".repeat(10_000);
    let timeline = "timeline: [{at: 0 seconds, who: ana, replied: $a}]";
    assert_eq!(of_test(&format!("{timeline}\ncases:\n{cases}")).0, [Code::E0114]);
    // A bomb: cases of cases.
    let (nested, _) = of_test(&format!("{timeline}\ncases: {}x{}\n", "[{a: ".repeat(15), "}]".repeat(15)));
    assert!(!nested.is_empty());
    // A century is the longest length.
    assert_eq!(of_test("timeline: [{at: 36525 days, who: ana, replied: x}]\n"), (vec![], 1));
    for at in ["36526 days", "99999999999999999999 days", "1000000 calendar years", "-1 day", "0x10 days", "∞ days"] {
        let (codes, stories) = of_test(&format!("timeline: [{{at: {at}, who: ana, replied: x}}]\n"));
        assert!(!codes.is_empty() && stories == 0, "{at}");
    }
    for start in ["9999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z", "275760-09-13T00:00:00Z"] {
        let text = format!(
            "version: 1\ntest: a\nstart: {start}\npeople: {{ana: {{}}}}\nexpect: [{{at: 36525 days, in: {{}}}}]\n"
        );
        let compiled = compile(&[("rules/a.test.yaml".to_owned(), text)].into());
        let tests = scenario::read(&compiled);
        let Some(rules) = &compiled.rules else { continue };
        let stage = scenario::Stage::new(rules).expect("there are no rules");
        for story in &tests.stories {
            assert!(scenario::play(&stage, story).failures().is_empty(), "{start}");
        }
        assert!(tests.stories.len() + tests.diagnostics.len() > 0, "{start}");
    }
}

#[test]
fn line_ends_of_other_systems_are_read_and_places_stay_true() {
    let text = "version: 1\r\nsegments:\r\n  a:\r\n    when: |\r\n      everyone\r\n      and replied yes ever\r\n";
    let compiled = one(text.to_owned());
    let complaint = compiled.diagnostics.iter().find(|d| d.code.as_str() == "E0103").expect("yes is not quoted");
    assert_eq!(compiled.sources.place(complaint.span()), (6, 19));
    assert!(compile(&[("rules/a.yaml".to_owned(), text.replace("yes", "YES"))].into()).rules.is_some());
}

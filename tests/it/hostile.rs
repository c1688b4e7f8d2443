//! Files that want to hurt the reader: each gets an answer, soon, and nothing is loaded.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use antiphon::diagnostic::{has_errors, render};
use antiphon::dsl::{Compiled, compile};

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

#[test]
fn samples_cut_anywhere_are_answered() {
    for name in ["rules/schema.yaml", "rules/segments/replies.yaml", "rules/campaigns/appointment-confirm.yaml"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("the sample is there");
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            one(text.get(..end).unwrap_or_default().to_owned());
        }
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

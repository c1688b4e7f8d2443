//! Diagnostics as they are printed, inside of a YAML file.

use antiphon::diagnostic::render::{SHOWN_MAX, render};
use antiphon::diagnostic::{Code, Diagnostic, Origin, Sources, Span};
use antiphon::dsl::parse::parse_condition;

const FILE: &str = "version: 1
segments:
  yes-lately:
    title: Said YES
    when: |
      replied yes # in a hurry
      within 2 days
      and plan = 'pro'
";

/// The file, and the condition in it as a reader of YAML would cut it out.
fn cut_out() -> (Sources, String, Origin) {
    let mut sources = Sources::default();
    let file = sources.add("rules/segments/replies.yaml", FILE);
    let (mut text, mut lines) = (String::new(), Vec::new());
    let mut at = 0;
    for line in FILE.split_inclusive('\n') {
        if let Some(inner) = line.strip_prefix("      ") {
            lines.push((text.len(), at + 6));
            text.push_str(inner);
        }
        at += line.len();
    }
    (sources, text, Origin::new(file, lines))
}

fn found() -> (Sources, Vec<Diagnostic>) {
    let (sources, text, origin) = cut_out();
    let mut out = Vec::new();
    parse_condition(&text, &origin, &mut out);
    (sources, out)
}

#[test]
fn the_frame_shows_the_line_in_the_file() {
    let (sources, out) = found();
    let shown = render(&out, &sources, false);
    for piece in [
        "error[E0103]: `yes` is text, and text is written in double quotes",
        "rules/segments/replies.yaml:6:15",
        "6 │       replied yes # in a hurry",
        "not a word of the language",
        "help: quote it │ replied \"yes\" # in a hurry",
        "error[E0108]: `=` is written `is`",
        "rules/segments/replies.yaml:8:16",
        "help: write `is` │ and plan is 'pro'",
        "error[E0102]:",
    ] {
        assert!(shown.contains(piece), "{piece} is missing in\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'));
    assert!(render(&out, &sources, true).contains('\u{1b}'));
}

#[test]
fn fixes_apply_to_the_file_and_keep_its_layout() {
    let (sources, out) = found();
    let mut text = FILE.to_owned();
    let mut edits: Vec<_> = out.iter().flat_map(|diagnostic| diagnostic.fixes.first().unwrap().edits.clone()).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    for edit in edits {
        text.replace_range(edit.span.start..edit.span.end, &edit.replacement);
    }
    let wanted = FILE.replace("replied yes", "replied \"yes\"").replace("= 'pro'", "is \"pro\"");
    assert_eq!(text, wanted);
    assert_eq!(sources.place(out[0].span()), (6, 15));
}

#[test]
fn both_places_are_shown_that_disagree() {
    let mut sources = Sources::default();
    let rules = sources.add("rules/segments/dach.yaml", "when: |\n  country is not \"DE\"\n");
    let schema = sources.add("rules/schema.yaml", "person:\n  country: {type: text}\n");
    let condition = Span::new(rules, 10, 29);
    let diagnostic = Diagnostic::new(Code::E0100, condition, "`country` can be missing")
        .label("in or out?")
        .also(Span::new(schema, 10, 17), "not marked")
        .fix("include people without a country", condition.after(), " (or missing)")
        .fix("leave them out", condition.after(), " (and present)");
    let shown = render(&[diagnostic], &sources, false);
    for piece in [
        "rules/segments/dach.yaml:2:3",
        "rules/schema.yaml:2:3",
        "━━━━━━━━━━━━━━━━━━━ in or out?",
        "─────── not marked",
        "help: include people without a country │ country is not \"DE\" (or missing)",
        "help: leave them out                   │ country is not \"DE\" (and present)",
    ] {
        assert!(shown.contains(piece), "{piece} is missing in\n{shown}");
    }
}

#[test]
fn no_more_than_a_hundred_are_shown() {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", "x".repeat(200));
    let many = |n: usize| -> Vec<Diagnostic> {
        (0..n).map(|at| Diagnostic::new(Code::E0100, Span::new(file, at, at + 1), "no")).collect()
    };
    let shown = |n: usize| render(&many(n), &sources, false);
    assert_eq!(shown(SHOWN_MAX).matches("error[E0100]").count(), SHOWN_MAX);
    assert!(!shown(SHOWN_MAX).contains("more"));
    assert_eq!(shown(SHOWN_MAX + 1).matches("error[E0100]").count(), SHOWN_MAX);
    assert!(shown(SHOWN_MAX + 1).contains("and at least 1 more"));
}

#[test]
fn a_place_that_does_not_exist_is_shown_without_panic() {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", "é");
    for span in [Span::new(file, 1, 1), Span::new(file, 0, 900), Span::new(file, 900, 901), Span::default()] {
        let diagnostic = Diagnostic::new(Code::E0100, span, "no").fix("do", span, "x");
        assert!(render(std::slice::from_ref(&diagnostic), &sources, false).contains("E0100"));
        assert!(!render(&[diagnostic], &Sources::default(), false).is_empty());
    }
}

//! Any text as each block of the language: it is read, or complained about at a place that is there. What is read
//! has a canonical form, which says the same and is the form of itself.
#![no_main]

use antiphon::diagnostic::{Diagnostic, Origin, Sources, render};
use antiphon::dsl::format::{Kind, LINE_COLUMNS_MAX, Room, format_text};
use antiphon::dsl::parse;
use libfuzzer_sys::fuzz_target;

const KINDS: [Kind; 8] = [
    Kind::Condition,
    Kind::Event,
    Kind::Each,
    Kind::Span,
    Kind::Grace,
    Kind::Wait,
    Kind::Frequency,
    Kind::Limit,
];

/// Where conditions stand in files.
const ROOM: Room = Room { indent: 12, columns: LINE_COLUMNS_MAX };

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let file = sources.add("rules/fuzz.yaml", text);
    let origin = Origin::at(file, 0);
    let mut out: Vec<Diagnostic> = Vec::new();
    let read = parse::parse_condition(text, &origin, &mut out).is_some();
    assert!(read || !out.is_empty(), "nothing was read and nothing was said");
    let _ = parse::parse_event_block(text, &origin, &mut out);
    let _ = parse::parse_chain_block(text, &origin, &mut out);
    let _ = parse::parse_span_block(text, &origin, &mut out);
    let _ = parse::parse_grace_block(text, &origin, &mut out);
    let _ = parse::parse_offset_block(text, &origin, &mut out);
    let _ = parse::parse_wait_block(text, &origin, &mut out);
    let _ = parse::parse_frequency_block(text, &origin, &mut out);
    let _ = parse::parse_limit_block(text, &origin, &mut out);
    for diagnostic in &out {
        for label in &diagnostic.labels {
            assert!(text.get(label.span.start..label.span.end).is_some(), "{diagnostic:?}");
        }
        for fix in &diagnostic.fixes {
            let _ = fix.apply(text);
        }
    }
    let _ = render::render(&out, &sources, false);
    for kind in KINDS {
        // A form that does not read as the same tree is refused, and so is one that loses a comment.
        let form = |text: &str| match format_text(kind, text, ROOM) {
            Ok(form) => form,
            Err(fault) => panic!("{kind:?} would say something else:\n{}\n---\n{}", fault.before, fault.after),
        };
        if let Some(once) = form(text) {
            assert_eq!(form(&once).as_ref(), Some(&once), "{kind:?} has another form");
        }
    }
});

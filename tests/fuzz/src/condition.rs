//! Any text as each block of the language: it is read, or complained about at a place that is there.
#![no_main]

use antiphon::diagnostic::{Diagnostic, Origin, Sources, render};
use antiphon::dsl::parse;
use libfuzzer_sys::fuzz_target;

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
});

//! The language as people write it: what is read, what is refused and with which way out, and that nothing
//! anybody writes brings it down.

mod examples;
mod hostile;
pub mod mistakes;
mod rendering;

use antiphon::diagnostic::{Code, Diagnostic, FileId, Origin, Sources};
use antiphon::dsl::parse;
use antiphon::dsl::syntax::Condition;

/// Which of the readers a text is for.
#[derive(Clone, Copy, Debug)]
enum Block {
    Condition,
    Event,
    Each,
    Span,
    Grace,
    Offset,
    Wait,
    Frequency,
    Limit,
}

/// The complaints about `text`, with the file it was taken to be.
fn complaints(block: Block, text: &str) -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("rules/it.yaml", text);
    let mut out = Vec::new();
    let read = read(block, text, file, &mut out);
    assert!(read || !out.is_empty(), "nothing was read and nothing was said: {text}");
    (out, sources)
}

/// Reads `text`, and says whether there is a tree.
fn read(block: Block, text: &str, file: FileId, out: &mut Vec<Diagnostic>) -> bool {
    let origin = Origin::at(file, 0);
    match block {
        Block::Condition => parse::parse_condition(text, &origin, out).is_some(),
        Block::Event => parse::parse_event_block(text, &origin, out).is_some(),
        Block::Each => parse::parse_chain_block(text, &origin, out).is_some(),
        Block::Span => parse::parse_span_block(text, &origin, out).is_some(),
        Block::Grace => parse::parse_grace_block(text, &origin, out).is_some(),
        Block::Offset => parse::parse_offset_block(text, &origin, out).is_some(),
        Block::Wait => parse::parse_wait_block(text, &origin, out).is_some(),
        Block::Frequency => parse::parse_frequency_block(text, &origin, out).is_some(),
        Block::Limit => parse::parse_limit_block(text, &origin, out).is_some(),
    }
}

/// The tree of a condition that is written as it should be.
fn condition(text: &str) -> Condition {
    let mut out = Vec::new();
    let tree = parse::parse_condition(text, &Origin::default(), &mut out);
    assert_eq!(out, [], "{text}");
    tree.expect("what draws no complaint is read")
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<Code> {
    diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

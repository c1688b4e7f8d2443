//! Event phrases, and the tests of `where`.

use super::doc::{Break, Doc};
use super::print::{Printer, brackets};
use super::value::{comparison, list, literal, name, path, pattern, text};
use crate::dsl::syntax::{
    Event, EventKind, Message, MessageKind, Reply, Tap, Target, Test, TestKind, TextTest, TextTestKind, Went, Words,
};

/// One happening.
pub fn event(printer: Printer<'_>, tree: &Event) -> Doc {
    let at = tree.span.start;
    let of_message = |words: &str, of| Doc::Row(vec![Doc::token(words, at), message(printer, of)]);
    match &tree.node {
        EventKind::Replied(reply) => replied(printer, at, reply),
        EventKind::Reacted { emoji, target } => {
            let mut pieces = vec![Doc::token("reacted", at)];
            pieces.extend(emoji.as_ref().map(|emoji| words(printer, emoji)));
            pieces.extend(target.as_ref().map(|to| aimed(printer, to)));
            Doc::Row(pieces)
        }
        EventKind::RemovedReaction { target } => {
            let mut pieces = vec![Doc::token("removed reaction", at)];
            pieces.extend(target.as_ref().map(|to| aimed(printer, to)));
            Doc::Row(pieces)
        }
        EventKind::Tapped { what, target } => {
            let mut pieces = vec![Doc::token("tapped", at)];
            match what {
                None => {}
                Some(Tap::Title(title)) => pieces.push(words(printer, title)),
                Some(Tap::Id(id)) => pieces.extend([Doc::token("id", id.span.start), text(printer, id)]),
            }
            pieces.extend(target.as_ref().map(|to| aimed(printer, to)));
            Doc::Row(pieces)
        }
        EventKind::WasSent { not: None, message } => of_message("was sent", message),
        EventKind::WasSent { not: Some(_), message } => of_message("was not sent", message),
        EventKind::Received(message) => of_message("received", message),
        EventKind::Read(message) => of_message("read", message),
        EventKind::FailedToReceive(message) => of_message("failed to receive", message),
        EventKind::Performed { name: event, filter } => {
            let mut pieces = vec![Doc::token("performed", at), name(printer, event)];
            pieces.extend(filter.as_ref().map(|test| filtered(printer, test)));
            Doc::Row(pieces)
        }
        EventKind::Segment { went, name: segment } => {
            Doc::Row(vec![Doc::token(format!("{} segment", verb(*went)), at), name(printer, segment)])
        }
        EventKind::Campaign { went, name: campaign } => {
            Doc::Row(vec![Doc::token(format!("{} campaign", verb(*went)), at), name(printer, campaign)])
        }
        EventKind::Changed { path: changed, from, to } => {
            let mut pieces = vec![Doc::token("changed", at), path(changed)];
            for (word, value) in [("from", from), ("to", to)] {
                if let Some(value) = value {
                    pieces.extend([Doc::token(word, value.span.start), literal(printer, value)]);
                }
            }
            Doc::Row(pieces)
        }
    }
}

fn verb(went: Went) -> &'static str {
    match went {
        Went::Entered => "entered",
        Went::Left => "left",
        Went::Finished => "finished",
        Went::ConvertedIn => "converted in",
    }
}

fn replied(printer: Printer<'_>, at: usize, reply: &Reply) -> Doc {
    let mut pieces = vec![Doc::token("replied", at)];
    pieces.extend(reply.text.iter().flat_map(|test| text_test(printer, test)));
    pieces.extend(reply.target.as_ref().map(|to| aimed(printer, to)));
    if let Some(via) = &reply.via {
        pieces.push(Doc::token(format!("via {}", via.node.as_str()), via.span.start));
    }
    pieces.extend(reply.filter.as_ref().map(|test| filtered(printer, test)));
    Doc::Row(pieces)
}

fn text_test(printer: Printer<'_>, tree: &TextTest) -> Vec<Doc> {
    let at = tree.span.start;
    match &tree.node {
        TextTestKind::Whole(keywords) => vec![words(printer, keywords)],
        TextTestKind::Containing(keywords) => vec![Doc::token("containing", at), words(printer, keywords)],
        TextTestKind::StartingWith(keywords) => vec![Doc::token("starting with", at), words(printer, keywords)],
        TextTestKind::Exactly(exact) => vec![Doc::token("exactly", at), text(printer, exact)],
        TextTestKind::Matching(regex) => vec![Doc::token("matching", at), pattern(regex)],
    }
}

fn words(printer: Printer<'_>, tree: &Words) -> Doc {
    match tree {
        Words::One(one) => text(printer, one),
        Words::AnyOf(all) => Doc::Row(vec![Doc::token("any of", all.span.start), list(printer, all)]),
    }
}

fn aimed(printer: Printer<'_>, tree: &Target) -> Doc {
    let word = if tree.directly { "directly to" } else { "to" };
    Doc::Row(vec![Doc::token(word, tree.span.start), message(printer, &tree.message)])
}

/// A message of ours.
pub fn message(printer: Printer<'_>, tree: &Message) -> Doc {
    let at = tree.span.start;
    let named = |word: &str, of| Doc::Row(vec![Doc::token(word, at), name(printer, of)]);
    match &tree.node {
        MessageKind::It => Doc::token("it", at),
        MessageKind::Any => Doc::token("any message", at),
        MessageKind::Campaign { name: campaign, step: None } => named("campaign", campaign),
        MessageKind::Campaign { name: campaign, step: Some(step) } => {
            Doc::Row(vec![named("campaign", campaign), Doc::token("step", step.span.start), name(printer, step)])
        }
        MessageKind::Step(step) => named("step", step),
        MessageKind::Template(template) => named("template", template),
    }
}

fn filtered(printer: Printer<'_>, tree: &Test) -> Doc {
    Doc::led("where", test(printer, tree))
}

fn test(printer: Printer<'_>, tree: &Test) -> Doc {
    match &tree.node {
        TestKind::Comparison(compared) => comparison(printer, compared),
        TestKind::All(parts) => in_parentheses(joined(printer, "and", parts), tree.span.start, tree.span.end),
        TestKind::Any(parts) => in_parentheses(joined(printer, "or", parts), tree.span.start, tree.span.end),
        TestKind::Not(inner) => {
            let negated = match inner.node {
                // Where these parentheses end is not in the tree: they are kept together with what is in them.
                TestKind::Not(_) => {
                    let inside = test(printer, inner);
                    let end = inside.tokens().last().map_or(0, |token| token.at + 1);
                    in_parentheses(inside, inner.span.start, end)
                }
                _ => test(printer, inner),
            };
            Doc::Row(vec![Doc::token("not", tree.span.start), negated])
        }
    }
}

fn joined(printer: Printer<'_>, word: &str, parts: &[Test]) -> Doc {
    let part = |(n, part): (usize, &Test)| match n {
        0 => test(printer, part),
        _ => Doc::led(word, test(printer, part)),
    };
    Doc::Group(Break::Parts, parts.iter().enumerate().map(part).collect())
}

fn in_parentheses(inner: Doc, start: usize, end: usize) -> Doc {
    brackets("(", start, vec![inner], ")", end, Break::Brackets)
}

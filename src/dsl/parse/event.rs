//! Event phrases: one happening each.

use crate::dsl::syntax::{
    At, Event, EventKind, Message, MessageKind, Reply, Tap, Target, Test, TextTest, TextTestKind, Went, Words,
};
use crate::model::rule::Via;

use super::Rule;
use super::comparison;
use super::cursor::Node;
use super::mistake;
use super::reader::Reader;
use super::text;

/// One event phrase.
pub(super) fn event(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Event> {
    let span = reader.span(&node);
    let inner = if node.rule == Rule::event { node.next()? } else { node };
    kind(reader, inner).map(|node| At { span, node })
}

fn kind(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<EventKind> {
    Some(match node.rule {
        Rule::reply => reply(reader, node)?,
        Rule::reaction => {
            node.has(Rule::k_reacted);
            let emoji = one_or_list(reader, &mut node)?;
            EventKind::Reacted { emoji, target: target(reader, &mut node)? }
        }
        Rule::unreaction => {
            node.find(Rule::k_reaction);
            EventKind::RemovedReaction { target: target(reader, &mut node)? }
        }
        Rule::tap => tap(reader, node)?,
        Rule::sent => {
            node.has(Rule::k_was);
            let not = node.take(Rule::k_not).map(|not| reader.span(&not));
            EventKind::WasSent { not, message: the_message(reader, node)? }
        }
        Rule::received => EventKind::Received(the_message(reader, node)?),
        Rule::read => EventKind::Read(the_message(reader, node)?),
        Rule::undelivered => EventKind::FailedToReceive(the_message(reader, node)?),
        Rule::custom => {
            node.has(Rule::k_performed);
            let name = text::name(reader, node.next()?)?;
            EventKind::Performed { name, filter: filter(reader, &mut node) }
        }
        Rule::segment_move | Rule::campaign_move => moved(reader, node)?,
        Rule::attr_change => {
            let path = node.find(Rule::path)?;
            let path = text::path(reader, &path);
            let from = if node.has(Rule::k_from) { Some(text::literal(reader, node.next()?)?) } else { None };
            let to = if node.has(Rule::k_to) { Some(text::literal(reader, node.next()?)?) } else { None };
            EventKind::Changed { path, from, to }
        }
        _ => return None,
    })
}

fn reply(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<EventKind> {
    node.has(Rule::k_replied);
    let text = match node.take(Rule::text_match) {
        Some(test) => Some(text_test(reader, test)?),
        None => None,
    };
    let target = target(reader, &mut node)?;
    let via = node.take(Rule::via).and_then(via);
    let via = via.map(|(kind, start, end)| At { span: reader.between(start, end), node: kind });
    Some(EventKind::Replied(Box::new(Reply { text, target, via, filter: filter(reader, &mut node) })))
}

fn via(mut node: Node<'_>) -> Option<(Via, usize, usize)> {
    node.has(Rule::k_via);
    let kind = match node.next()?.rule {
        Rule::k_text => Via::Text,
        Rule::k_button => Via::Button,
        Rule::k_list => Via::List,
        Rule::k_media => Via::Media,
        _ => Via::Flow,
    };
    Some((kind, node.start, node.end))
}

fn filter(reader: &mut Reader<'_>, node: &mut Node<'_>) -> Option<Test> {
    node.take(Rule::where_).and_then(|filter| comparison::filter(reader, filter))
}

fn text_test(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<TextTest> {
    let span = reader.span(&node);
    let mut inner = node.next()?;
    let kind = match inner.rule {
        Rule::m_containing => {
            inner.has(Rule::k_containing);
            TextTestKind::Containing(text::words(reader, inner.next()?)?)
        }
        Rule::m_starting => {
            inner.find(Rule::k_with);
            TextTestKind::StartingWith(text::words(reader, inner.next()?)?)
        }
        Rule::m_exactly => {
            inner.has(Rule::k_exactly);
            TextTestKind::Exactly(text::text(reader, inner.next()?)?)
        }
        Rule::m_matching => TextTestKind::Matching(text::pattern(reader, inner.find(Rule::regex)?)?),
        _ => TextTestKind::Whole(text::words(reader, inner)?),
    };
    Some(At { span, node: kind })
}

/// `any of …` or a text, if one of them stands here.
fn one_or_list(reader: &mut Reader<'_>, node: &mut Node<'_>) -> Option<Option<Words>> {
    if node.peek() == Some(Rule::m_any_of) || text::is_text(node.peek()) {
        return Some(Some(text::words(reader, node.next()?)?));
    }
    Some(None)
}

fn tap(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<EventKind> {
    node.has(Rule::k_tapped);
    let what = if node.has(Rule::k_id) {
        Some(Tap::Id(text::text(reader, node.next()?)?))
    } else {
        one_or_list(reader, &mut node)?.map(Tap::Title)
    };
    Some(EventKind::Tapped { what, target: target(reader, &mut node)? })
}

/// `to M`, if it stands here.
fn target(reader: &mut Reader<'_>, node: &mut Node<'_>) -> Option<Option<Target>> {
    let Some(mut clause) = node.take(Rule::target) else { return Some(None) };
    let span = reader.span(&clause);
    let directly = clause.has(Rule::k_directly);
    Some(Some(Target { span, directly, message: the_message(reader, clause)? }))
}

fn the_message(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Message> {
    message(reader, node.find(Rule::message_ref)?)
}

/// A message of ours.
pub(super) fn message(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Message> {
    let span = reader.span(&node);
    let mut word = node.next()?;
    let kind = match word.rule {
        Rule::k_it => MessageKind::It,
        Rule::k_any => MessageKind::Any,
        Rule::k_campaign => {
            let name = text::name(reader, node.next()?)?;
            let step = if node.has(Rule::k_step) { Some(text::name(reader, node.next()?)?) } else { None };
            MessageKind::Campaign { name, step }
        }
        Rule::k_step => MessageKind::Step(text::name(reader, node.next()?)?),
        Rule::k_template => MessageKind::Template(text::name(reader, node.next()?)?),
        _ => {
            let name = word.next()?;
            let at = reader.span(&name);
            let text = text::spelling(reader, name)?;
            reader.say(mistake::bare_reference(at, &text));
            MessageKind::Campaign { name: At { span: at, node: text }, step: None }
        }
    };
    Some(At { span, node: kind })
}

fn moved(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<EventKind> {
    let went = match node.next()?.rule {
        Rule::k_entered => Went::Entered,
        Rule::k_left => Went::Left,
        Rule::k_finished => Went::Finished,
        _ => {
            node.has(Rule::k_in);
            Went::ConvertedIn
        }
    };
    let of_segment = node.next()?.rule == Rule::k_segment;
    let name = text::name(reader, node.next()?)?;
    Some(if of_segment { EventKind::Segment { went, name } } else { EventKind::Campaign { went, name } })
}

//! Histories: chains of events, how often, and when.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::syntax::{
    At, Bound, Chain, Distinct, History, How, Lead, Length, Of, Path, Step, Window, WindowKind, WithinOf,
};
use crate::model::limit::COUNT_MAX;

use super::Rule;
use super::condition::not_sign;
use super::cursor::Node;
use super::event;
use super::length;
use super::mistake;
use super::order::{self, Places};
use super::reader::Reader;
use super::text;

/// `lead chain quantity distinct window`
pub(super) fn history(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<History> {
    let span = reader.span(&node);
    let lead = node.take(Rule::lead).map(|lead| reader.at(&lead, lead_kind(lead.clone())));
    let chain_node = node.take(Rule::chain)?;
    let mut places = Places::new(&chain_node);
    let mut chain = chain(reader, chain_node)?;
    let mut times = None;
    if let Some(quantity) = node.take(Rule::quantity) {
        places.clause(quantity.start);
        times = bounded_times(reader, quantity);
    }
    let mut distinct = None;
    if let Some(clause) = node.take(Rule::distinct) {
        places.clause(clause.start);
        places.distinct = Some(clause.start);
        distinct = distinct_values(reader, clause);
    }
    let mut window = None;
    if let Some(clause) = node.take(Rule::window) {
        places.clause(clause.start);
        places.window = Some(clause.start);
        window = when(reader, clause);
    }
    window_tail(reader, node, &places, &mut chain);
    Some(History { span, lead, chain, times, distinct, window })
}

fn lead_kind(mut node: Node<'_>) -> Lead {
    if node.has(Rule::k_never) {
        return Lead::Never;
    }
    if node.has(Rule::k_has) {
        return if node.has(Rule::k_not) { Lead::HasNot } else { Lead::Has };
    }
    Lead::MostRecently
}

/// `A`, `A within D of …`, `A then B then C`
pub(super) fn chain(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Chain> {
    let span = reader.span(&node);
    let first_node = node.take(Rule::event)?;
    let first = event::event(reader, first_node.clone())?;
    let within_of = match node.take(Rule::within_of) {
        Some(clause) => Some(within_of(reader, clause)?),
        None => None,
    };
    let mut chain = Chain { span, first, within_of, steps: Vec::new() };
    let mut waiting = None;
    while let Some(child) = node.next() {
        let at = reader.span(&child);
        match child.rule {
            Rule::k_then => {}
            Rule::step => {
                let mut step = step(reader, child, &first_node, &mut chain.within_of)?;
                step.within = step.within.or(waiting.take());
                chain.steps.push(step);
            }
            Rule::bad_early => waiting = early(reader, child, node.clone()),
            Rule::bad_of => of_elsewhere(reader, child, first_node.end, &mut chain.within_of),
            Rule::bad_same => {
                let cut = reader.cut(child.start, child.end);
                let message = "`with same` compares with an earlier event, and this is the first";
                reader.say(mistake::superfluous(Code::E0214, at, message, cut));
            }
            _ => order::late(reader, child, &first_node, None),
        }
    }
    Some(chain)
}

/// `within D` behind the first event of a sequence, whose next step follows: it is taken to be that step's.
fn early(reader: &mut Reader<'_>, mut clause: Node<'_>, mut rest: Node<'_>) -> Option<At<Length>> {
    let span = reader.span(&clause);
    let mut diagnostic =
        Diagnostic::new(Code::E0217, span, format!("`{}` stands behind the first event", mistake::brief(clause.text)))
            .note("in a sequence, `within` stands behind a later step and counts from the step before");
    let cut = reader.cut(clause.start, clause.end);
    let step = rest.find(Rule::step);
    let step = step.filter(|step| step.clone().find(Rule::within).is_none());
    match (step, reader.one_line(clause.start, clause.end)) {
        (Some(step), Some(text)) => {
            let edits = vec![cut, reader.put_behind(step.end, &text)];
            diagnostic = diagnostic.fix_all("count it from the first event to the next", edits);
        }
        _ => diagnostic = diagnostic.fix_all("take it out", vec![cut]),
    }
    reader.say(diagnostic);
    within_length(reader, clause.next()?).map(|node| At { span, node })
}

/// `within D of …` anywhere but behind the first event, which ends at `behind`: it is taken to stand there.
fn of_elsewhere(reader: &mut Reader<'_>, mut clause: Node<'_>, behind: usize, place: &mut Option<WithinOf>) {
    let span = reader.span(&clause);
    let diagnostic = Diagnostic::new(Code::E0219, span, "`within … of` stands directly behind the first event");
    let cut = reader.cut(clause.start, clause.end);
    reader.say(match reader.one_line(clause.start, clause.end).filter(|_| place.is_none()) {
        Some(text) => diagnostic.fix_all("put it there", vec![reader.put_behind(behind, &text), cut]),
        None => diagnostic.fix_all("take it out", vec![cut]),
    });
    let read = clause.next().and_then(|clause| within_of(reader, clause));
    if place.is_none() {
        *place = read;
    }
}

/// What stands behind a `then`.
fn step(
    reader: &mut Reader<'_>,
    mut node: Node<'_>,
    first: &Node<'_>,
    within_of: &mut Option<WithinOf>,
) -> Option<Step> {
    let span = reader.span(&node);
    let not = match node.peek() {
        Some(Rule::k_not | Rule::bad_bang) => node.next().map(|no| not_sign(reader, &no)),
        _ => None,
    };
    let event_node = node.take(Rule::event)?;
    let event = event::event(reader, event_node.clone())?;
    let same = match node.take(Rule::same) {
        Some(clause) => same(reader, clause),
        None => None,
    };
    let mut within = None;
    let mut within_start = None;
    if let Some(clause) = node.take(Rule::within) {
        within_start = Some(clause.start);
        let at = reader.span(&clause);
        within = Some(At { span: at, node: within_length(reader, clause)? });
    }
    while let Some(child) = node.next() {
        match child.rule {
            Rule::bad_of => of_elsewhere(reader, child, first.end, within_of),
            Rule::bad_within => second(reader, &child, "`within`"),
            _ => order::late(reader, child, &event_node, within_start),
        }
    }
    Some(Step { span, not, event, same, within })
}

fn second(reader: &mut Reader<'_>, clause: &Node<'_>, what: &str) {
    let cut = reader.cut(clause.start, clause.end);
    let message = format!("`{}` is a second {what}", mistake::brief(clause.text));
    reader.say(mistake::superfluous(Code::E0222, reader.span(clause), message, cut));
}

fn same(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<At<Path>> {
    let span = reader.span(&node);
    let path = node.find(Rule::path)?;
    Some(At { span, node: text::path(reader, &path) })
}

fn within_length(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Length> {
    length::length(reader, node.find(Rule::span)?)
}

/// `within D of …`
pub(super) fn within_of(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<WithinOf> {
    let span = reader.span(&node);
    let length = length::length(reader, node.find(Rule::span)?)?;
    node.has(Rule::k_of);
    let of = node.next()?;
    let at = reader.span(&of);
    let of = match of.rule {
        Rule::answered => Of::Answered,
        _ => Of::Message(event::message(reader, of)?),
    };
    Some(WithinOf { span, length, of: At { span: at, node: of } })
}

fn bounded_times(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<At<Bound>> {
    let span = reader.span(&node);
    if let Some(mut bad) = node.take(Rule::bad_count) {
        reader.say(mistake::bare_count(span, bad.text));
        let count = length::times(reader, bad.next()?);
        return Some(At { span, node: Bound { how: How::AtLeast, count } });
    }
    let bound = length::bound(reader, node.take(Rule::bound)?, COUNT_MAX)?;
    Some(At { span, node: bound })
}

fn distinct_values(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<At<Distinct>> {
    let span = reader.span(&node);
    let bound = length::bound(reader, node.find(Rule::bound)?, length::DISTINCT_MAX)?;
    let path = node.find(Rule::path)?;
    Some(At { span, node: Distinct { bound, path: text::path(reader, &path) } })
}

/// A window.
pub(super) fn when(reader: &mut Reader<'_>, mut node: Node<'_>) -> Option<Window> {
    let span = reader.span(&node);
    window_kind(reader, node.next()?, span).map(|node| At { span, node })
}

fn window_kind(reader: &mut Reader<'_>, mut node: Node<'_>, span: Span) -> Option<WindowKind> {
    Some(match node.rule {
        Rule::ever => WindowKind::Ever,
        Rule::in_last => WindowKind::InTheLast(within_length(reader, node)?),
        Rule::within => WindowKind::Within(within_length(reader, node)?),
        Rule::this_unit => WindowKind::This(length::calendar(node.find(Rule::cal_unit)?.text)?),
        Rule::day_word => {
            if node.has(Rule::k_today) {
                WindowKind::Today
            } else {
                WindowKind::Yesterday
            }
        }
        Rule::since => {
            node.has(Rule::k_since);
            if node.has(Rule::k_entry) {
                WindowKind::SinceEntry
            } else {
                WindowKind::Since(text::moment(reader, node.next()?)?)
            }
        }
        Rule::before => WindowKind::Before(text::moment(reader, node.find(Rule::moment)?)?),
        Rule::on_date => WindowKind::On(text::date(reader, &node.find(Rule::date)?)),
        Rule::date_range => {
            let from = text::date(reader, &node.find(Rule::date)?);
            WindowKind::FromTo(from, text::date(reader, &node.find(Rule::date)?))
        }
        Rule::bad_in_last => {
            let written = node.clone().find(Rule::span)?;
            let head = node.text.get(..written.start - node.start)?.trim_end();
            let at = reader.between(node.start, node.start + head.len());
            reader.say(mistake::last_misspelt(span, head, at));
            WindowKind::InTheLast(length::length(reader, written)?)
        }
        _ => return None,
    })
}

/// Clauses behind the window, or where it would stand.
fn window_tail(reader: &mut Reader<'_>, mut node: Node<'_>, places: &Places<'_>, chain: &mut Chain) {
    while let Some(child) = node.next() {
        match child.rule {
            Rule::bad_second => second(reader, &child, "window"),
            Rule::bad_of => of_elsewhere(reader, child, places.first.end, &mut chain.within_of),
            _ => order::behind(reader, child, places),
        }
    }
}

//! Clauses in a place where they cannot stand, and where they belong.

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic};

use super::Rule;
use super::cursor::Node;
use super::reader::Reader;

/// Where the clauses of a history begin.
pub(super) struct Places<'i> {
    /// The first event of the chain.
    pub first: Node<'i>,
    /// The last event of the chain.
    last: Node<'i>,
    /// The first clause behind the chain.
    clauses: Option<usize>,
    pub distinct: Option<usize>,
    pub window: Option<usize>,
}

impl<'i> Places<'i> {
    pub fn new(chain: &Node<'i>) -> Self {
        let mut children = chain.clone();
        let first = children.find(Rule::event).unwrap_or_else(|| chain.clone());
        let mut last = first.clone();
        while let Some(mut step) = children.find(Rule::step) {
            last = step.find(Rule::event).unwrap_or(last);
        }
        Self { first, last, clauses: None, distinct: None, window: None }
    }

    /// Notes a clause behind the chain.
    pub fn clause(&mut self, start: usize) {
        self.clauses.get_or_insert(start);
    }
}

/// Clauses behind an event that belong in front of others: E0107.
/// `within` is where the step's own `within` begins.
pub(super) fn late(reader: &mut Reader<'_>, mut node: Node<'_>, event: &Node<'_>, within: Option<usize>) {
    while let Some(clause) = node.next() {
        let to = match clause.rule {
            Rule::same => within.map(Place::Before),
            _ => in_event(event, clause.rule),
        };
        misplaced(reader, Code::E0107, &clause, clause.start, to, "stands too far back");
    }
}

/// Clauses behind the window: E0106; where no window stands: E0107.
pub(super) fn behind(reader: &mut Reader<'_>, mut node: Node<'_>, places: &Places<'_>) {
    let (code, where_it_is) = match places.window {
        Some(_) => (Code::E0106, "stands behind the window"),
        None => (Code::E0107, "stands too far back"),
    };
    let mut start = None;
    while let Some(clause) = node.next() {
        if clause.rule == Rule::k_then {
            start = Some(clause.start);
            continue;
        }
        let to = match clause.rule {
            Rule::step => places.clauses.map(Place::Before),
            Rule::quantity => places.distinct.or(places.window).map(Place::Before),
            Rule::distinct => places.window.map(Place::Before),
            rule => in_event(&places.last, rule),
        };
        misplaced(reader, code, &clause, start.take().unwrap_or(clause.start), to, where_it_is);
    }
}

/// Next to which token a clause belongs.
enum Place {
    Before(usize),
    Behind(usize),
}

fn misplaced(
    reader: &mut Reader<'_>,
    code: Code,
    clause: &Node<'_>,
    start: usize,
    to: Option<Place>,
    where_it_is: &str,
) {
    let span = reader.between(start, clause.end);
    let text = reader.one_line(start, clause.end);
    let written = text.clone().unwrap_or_else(|| clause.text.to_owned());
    let diagnostic = Diagnostic::new(code, span, format!("`{written}` {where_it_is}"))
        .note("the order is: the event with `to`, `via`, `where`; `within … of`; `then`; how often; when");
    let edits: Option<Vec<Edit>> = to.zip(text).map(|(to, text)| {
        let put = match to {
            Place::Before(at) => reader.put_before(at, &text),
            Place::Behind(at) => reader.put_behind(at, &text),
        };
        vec![put, reader.cut(start, clause.end)]
    });
    reader.say(match edits {
        Some(edits) => diagnostic.fix_all("put it where it belongs", edits),
        None => diagnostic,
    });
}

/// The place of a clause in an event, if such events have it and this one has none yet.
fn in_event(event: &Node<'_>, rule: Rule) -> Option<Place> {
    const ORDER: [Rule; 3] = [Rule::target, Rule::via, Rule::where_];
    let mut verb = event.clone().next()?;
    let may = match verb.rule {
        Rule::reply => true,
        Rule::reaction | Rule::unreaction | Rule::tap => rule == Rule::target,
        Rule::custom => rule == Rule::where_,
        _ => false,
    };
    let rank = ORDER.iter().position(|clause| *clause == rule).filter(|_| may)?;
    let end = verb.end;
    while let Some(child) = verb.next() {
        match ORDER.iter().position(|clause| *clause == child.rule) {
            Some(other) if other == rank => return None,
            Some(other) if other > rank => return Some(Place::Before(child.start)),
            _ => {}
        }
    }
    Some(Place::Behind(end))
}

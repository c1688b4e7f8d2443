//! Bytes of state. A time takes 4; what is the same in several places is kept once.

use crate::dsl::walk::{Rule, each_condition, each_step};
use crate::model::rule::{
    Action, Campaign, Condition, Content, Counted, Happened, Limit, Match, MessageTest, Phrase, RuleSet, Sequence,
    Verb, Window,
};
use crate::model::time::{Length, Span};

/// Bytes of a time.
const TIME: u64 = 4;
/// Bytes of one value of a property, or of one key, with its time.
const KEYED: u64 = 12;

/// State that grows with the number of open cases: events that wait for what may follow them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growing {
    /// For each open case.
    pub bytes: u64,
    /// The event that opens one.
    pub opened_by: Match,
    /// How long a case is open; none: for ever.
    pub open_for: Option<Span>,
    /// How many can be open at once, where limits on messages say so.
    pub at_most: Option<u64>,
    /// The campaigns of ours that open cases under no limit.
    pub unlimited: Vec<String>,
}

#[derive(Default)]
pub(super) struct State {
    pub bytes: u64,
    pub growing: Vec<Growing>,
}

/// What remembers something: equal ones are one.
#[derive(PartialEq)]
enum Atom<'r> {
    Happened(&'r Phrase, Form<'r>),
    Held(&'r Condition),
    NewestInbound,
}

#[derive(PartialEq)]
enum Form<'r> {
    Latch,
    Counter,
    Newest,
    Distinct(&'r str),
    Times,
    /// Yesterday's are kept beside today's.
    TwoDays,
    Sequence {
        windowed: bool,
    },
}

pub(super) fn state(rules: &RuleSet, rule: Rule<'_>) -> State {
    let mut atoms: Vec<(Atom<'_>, u64)> = Vec::new();
    let mut state = State::default();
    let triggered = rule.trigger().filter(|what| matches!(what, Phrase::Sequence(_)));
    if let Some(what) = triggered {
        keep(&mut atoms, Atom::Happened(what, Form::Sequence { windowed: false }), 0);
    }
    for condition in rule.watched().into_iter().chain(rule.asked()) {
        each_condition(condition, &mut |part| match part {
            Condition::HeldFor { condition, .. } => keep(&mut atoms, Atom::Held(condition), TIME),
            Condition::ServiceWindow => keep(&mut atoms, Atom::NewestInbound, TIME),
            Condition::Happened(happened) => {
                let (form, bytes) = form(happened);
                keep(&mut atoms, Atom::Happened(&happened.what, form), bytes);
            }
            _ => {}
        });
    }
    for (atom, bytes) in &atoms {
        state.bytes += bytes;
        if let Atom::Happened(Phrase::Sequence(sequence), Form::Sequence { windowed }) = atom {
            sequence_state(rules, sequence, *windowed, &mut state);
        }
    }
    state
}

fn keep<'r>(atoms: &mut Vec<(Atom<'r>, u64)>, atom: Atom<'r>, bytes: u64) {
    match atoms.iter_mut().find(|(known, _)| *known == atom) {
        Some((_, known)) => *known = (*known).max(bytes),
        None => atoms.push((atom, bytes)),
    }
}

fn form(happened: &Happened) -> (Form<'_>, u64) {
    if matches!(happened.what, Phrase::Sequence(_)) {
        let windowed = !matches!(happened.window, Window::Ever);
        return (Form::Sequence { windowed }, 0);
    }
    match &happened.counted {
        Counted::Newest => (Form::Newest, 13),
        Counted::Distinct { times, property } => (Form::Distinct(property), KEYED * u64::from(times.enough())),
        Counted::Times(times) => {
            let enough = u64::from(times.enough().max(1));
            match happened.window {
                Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) if enough == 1 => {
                    (Form::Latch, 1)
                }
                Window::Ever | Window::Since(_) | Window::Before(_) | Window::Days(..) => (Form::Counter, TIME),
                Window::Yesterday => (Form::TwoDays, 2 * TIME * enough),
                Window::Last(_) | Window::This(_) | Window::SinceEntry => (Form::Times, TIME * enough),
            }
        }
    }
}

/// For each step that is waited for, the newest time at which everything before it was there; for what must
/// not come, the cases that are still open.
fn sequence_state(rules: &RuleSet, sequence: &Sequence, windowed: bool, state: &mut State) {
    let places = 1 + sequence.steps.iter().filter(|step| !step.not).count() as u64;
    let absent = sequence.steps.last().is_some_and(|step| step.not);
    let keyed = sequence.steps.iter().any(|step| step.same.is_some() || is_to_it(&step.event));
    let waited = sequence.steps.iter().filter(|step| !step.not || absent);
    let open_for = waited
        .map(|step| step.within)
        .try_fold(sequence.grace, |sum, within| Some(Span(sum.0.saturating_add(within?.longest().0))));
    let grows = |bytes| growing(rules, &sequence.first, bytes, open_for);
    match (keyed, absent, windowed) {
        (true, ..) => {
            state.bytes += if windowed { TIME } else { 1 };
            state.growing.push(grows(KEYED * places));
        }
        (false, false, _) => state.bytes += TIME * places,
        (false, true, false) => state.bytes += TIME * places + 1,
        (false, true, true) => {
            state.bytes += TIME * places;
            state.growing.push(grows(TIME));
        }
    }
}

fn is_to_it(event: &Match) -> bool {
    event.target.as_ref().is_some_and(|target| target.message == MessageTest::It)
}

fn growing(rules: &RuleSet, first: &Match, bytes: u64, open_for: Option<Span>) -> Growing {
    let mut growing = Growing { bytes, opened_by: first.clone(), open_for, at_most: None, unlimited: Vec::new() };
    if first.verb != Verb::WasSent {
        return growing;
    }
    let Some(senders) = senders(rules, first) else { return growing };
    growing.unlimited = senders.iter().filter(|c| limit(rules, c).is_none()).map(|c| c.name.clone()).collect();
    let mut limits: Vec<(&String, &Limit)> = senders.iter().filter_map(|campaign| limit(rules, campaign)).collect();
    limits.sort_by_key(|(name, _)| *name);
    limits.dedup_by_key(|(name, _)| *name);
    if let Some(open_for) = open_for
        && growing.unlimited.is_empty()
    {
        growing.at_most = Some(limits.iter().map(|(_, limit)| most_within(**limit, open_for)).sum());
    }
    growing
}

fn limit<'r>(rules: &'r RuleSet, campaign: &'r Campaign) -> Option<(&'r String, &'r Limit)> {
    rules.schema.limits.get_key_value(campaign.limit.as_ref()?)
}

/// The campaigns whose messages pass the test, where it names some.
fn senders<'r>(rules: &'r RuleSet, first: &Match) -> Option<Vec<&'r Campaign>> {
    let of = |wanted: &dyn Fn(&Campaign) -> bool| rules.campaigns.iter().filter(|c| wanted(c)).collect::<Vec<_>>();
    match &first.target.as_ref()?.message {
        MessageTest::Campaign { campaign, .. } => Some(of(&|c| c.name == *campaign)),
        MessageTest::Template(template) => Some(of(&|c| sends(c, template))),
        // Other tools send too, and nothing of ours limits them.
        MessageTest::Any | MessageTest::It | MessageTest::Step(_) => None,
    }
}

fn sends(campaign: &Campaign, template: &str) -> bool {
    let is = |content: &Content| matches!(content, Content::Template { name, .. } if name == template);
    let mut found = false;
    each_step(&campaign.steps, &mut |step| {
        if let Action::Send(send) = &step.action {
            found |= is(&send.content) || send.if_window_closed.as_ref().is_some_and(is);
        }
    });
    found
}

/// How many messages a limit lets through within any stretch of `span`.
fn most_within(limit: Limit, span: Span) -> u64 {
    let (span, day) = (span.0.max(1), Span::DAY.0);
    let stretches = match limit.within {
        Length::Elapsed(within) => span.saturating_add(within.0 - 1) / within.0.max(1),
        // A stretch touches one local day more than it is long, on either side.
        Length::Calendar { .. } => {
            let days = limit.within.longest().0.max(day) / day;
            let touched = span / day + 2;
            (touched + days - 1) / days
        }
    };
    u64::from(limit.messages).saturating_mul(u64::try_from(stretches).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::CalendarUnit;

    #[test]
    fn a_limit_lets_through_its_messages_once_for_each_stretch() {
        let limit = |within| Limit { messages: 3, within };
        let seven = Length::Calendar { amount: 7, unit: CalendarUnit::Day };
        assert_eq!(most_within(limit(Length::Elapsed(Span::days(7))), Span::days(2)), 3);
        assert_eq!(most_within(limit(Length::Elapsed(Span::days(7))), Span::days(7)), 3);
        assert_eq!(most_within(limit(Length::Elapsed(Span::days(7))), Span(Span::days(7).0 + 1)), 6);
        assert_eq!(most_within(limit(seven), Span::days(2)), 3);
        assert_eq!(most_within(limit(seven), Span::days(5)), 3);
        assert_eq!(most_within(limit(seven), Span::days(6)), 6);
    }
}

//! Since when a condition has been as it is, and until when it stays so if nothing happens.

use super::past::Past;
use crate::dsl::walk;
use crate::engine::naive::Case;
use crate::model::compare::Op;
use crate::model::rule::{Condition, RuleSet, SegmentKind, Window};
use crate::model::time::{Length, Second, Span};

/// So far ahead a change by time alone is looked for where each local day can change the truth. Elsewhere the few
/// instants that can are all looked at.
pub const AHEAD_DAYS_MAX: i64 = 800;
/// Events that are looked at, over all instants, for each of since and until. Beyond that the answer says how far it
/// got.
pub const WORK_MAX: usize = 5_000_000;
/// The first stretch of time that is looked at; each further one is so many times as long.
const FIRST_STRETCH: Span = Span::days(2);
const LONGER: i64 = 8;

/// Truth at an instant and around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    pub holds: bool,
    pub since: Second,
    /// False: `since` is only how far back was looked.
    pub since_is_exact: bool,
    pub from_the_first: bool,
    pub until: Option<Second>,
    pub looked_ahead_to: Second,
}

/// Looks around `at`, by the definition. The person is known by then.
pub fn around(past: &Past<'_>, condition: &Condition, at: Second) -> Around {
    with_work(past, condition, at, WORK_MAX)
}

fn with_work(past: &Past<'_>, condition: &Condition, at: Second, work: usize) -> Around {
    let (past, cost) = past.about(condition);
    let case = past.case();
    let mut looker = Looker { case: &case, condition, left: work / cost };
    let holds = case.truth(condition, at);
    let end = if by_days(condition, past.rules) { at.plus(Span::days(AHEAD_DAYS_MAX)) } else { Second::LAST };
    let (until, looked_ahead_to) = looker.until(at, end.min(Second::LAST), holds);
    looker.left = work / cost;
    let (since, since_is_exact) = looker.since(past.first.known_since, at, holds);
    let from_the_first = since_is_exact && since == past.first.known_since;
    Around { holds, since, since_is_exact, from_the_first, until, looked_ahead_to }
}

/// Whether each local day can change the truth.
fn by_days(condition: &Condition, rules: &RuleSet) -> bool {
    let mut found = false;
    walk::each_condition(condition, &mut |part| {
        found |= match part {
            Condition::Attribute(test) => matches!(test.op, Op::Time(_)),
            Condition::LocalTime { .. } | Condition::LocalDay(_) => true,
            Condition::Happened(happened) => {
                matches!(happened.window, Window::Last(Length::Calendar { .. }) | Window::This(_) | Window::Yesterday)
            }
            Condition::InSegment(name) => rules.segments.iter().any(|segment| match &segment.kind {
                SegmentKind::Data(inner) => segment.name == *name && by_days(inner, rules),
                SegmentKind::Manual => false,
            }),
            _ => false,
        };
    });
    found
}

struct Looker<'a> {
    case: &'a Case<'a>,
    condition: &'a Condition,
    /// Looks that may still be had.
    left: usize,
}

impl Looker<'_> {
    /// None: too much has been looked at already.
    fn look(&mut self, at: Second) -> Option<bool> {
        self.left = self.left.checked_sub(1)?;
        Some(self.case.truth(self.condition, at))
    }

    fn until(&mut self, at: Second, end: Second, holds: bool) -> (Option<Second>, Second) {
        let (mut from, mut stretch) = (at, FIRST_STRETCH);
        while from < end {
            let to = from.plus(stretch).min(end);
            for instant in self.case.instants(self.condition, from, to) {
                match self.look(instant) {
                    Some(truth) if truth != holds => return (Some(instant), instant),
                    Some(_) => {}
                    None => return (None, instant.minus(Span(1))),
                }
            }
            from = to;
            stretch = Span(stretch.0.saturating_mul(LONGER));
        }
        (None, end)
    }

    fn since(&mut self, known_since: Second, at: Second, holds: bool) -> (Second, bool) {
        let (mut to, mut stretch) = (at, FIRST_STRETCH);
        while to > known_since {
            let from = to.minus(stretch).max(known_since);
            for instant in self.case.instants(self.condition, from, to).into_iter().rev() {
                match self.look(instant.minus(Span(1))) {
                    Some(truth) if truth != holds => return (instant, true),
                    Some(_) => {}
                    None => return (instant, false),
                }
            }
            to = from;
            stretch = Span(stretch.0.saturating_mul(LONGER));
        }
        (known_since, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{Event, Kind, NO_EVENT};
    use crate::model::person::Person;
    use crate::model::rule::{Counted, Happened, Match, Phrase, Verb};
    use crate::model::value::Properties;

    const DAY: i64 = 86_400;

    #[test]
    fn what_is_too_much_to_look_at_is_said_to_be() {
        let rules = RuleSet::default();
        let first = Person { known_since: Second(0), ..Person::nobody() };
        let event = |seq: u32| Event {
            key: NO_EVENT,
            seq,
            at: Second(i64::from(seq) * DAY),
            arrived: Second(i64::from(seq) * DAY),
            precedes: None,
            kind: Kind::Inbound,
            properties: Properties::new(),
            message: None,
            reason: None,
        };
        let log: Vec<Event> = (1..=9).map(event).collect();
        let what = Phrase::One(Box::new(Match::any(Verb::Replied)));
        let window = Window::last(Span::days(2));
        let condition = Condition::Happened(Box::new(Happened { what, counted: Counted::ONCE, window }));
        let at = Second(9 * DAY);
        let past = Past::up_to(at, &rules, &first, &log, &[]);
        // Ahead two looks, the second finds it; back to the first message nine events, and as many ends of windows.
        let whole = with_work(&past, &condition, at, 10 * 100);
        assert_eq!((whole.since, whole.since_is_exact), (Second(DAY), true));
        assert_eq!(whole.until, Some(Second(11 * DAY)));
        let needed = (1..100).find(|looks| with_work(&past, &condition, at, 10 * looks) == whole).unwrap_or(0);
        let cut = with_work(&past, &condition, at, 10 * (needed - 1));
        assert!(!cut.since_is_exact && cut.since >= Second(DAY) && !cut.from_the_first, "{cut:?}");
        let blind = with_work(&past, &condition, at, 0);
        assert_eq!((blind.until, blind.since_is_exact), (None, false));
        assert!(blind.looked_ahead_to < Second(11 * DAY));
    }
}

//! Conditions that say less than they seem to: the same twice, or what is always or never true.

use std::cmp::Ordering;

use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::compare::{Comparison, Op, TimeTest};
use crate::model::rule::{Condition, Point, Test};
use crate::model::time::Length;
use crate::model::value::{Type, Value};

/// How the parts of a condition are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
}

/// A part of a condition, or of what stands behind `where`.
pub trait Part: PartialEq {
    /// What this is the negative of.
    fn negated(&self) -> Option<&Self>;
    /// The test on a value that this is, and whose value: one of the person, if it is true.
    fn comparison(&self) -> Option<(&Comparison, bool)>;
    /// Whether this is true of everybody.
    fn is_everyone(&self) -> bool;
}

impl Part for Condition {
    fn negated(&self) -> Option<&Self> {
        match self {
            Self::Not(inner) => Some(inner),
            _ => None,
        }
    }

    fn comparison(&self) -> Option<(&Comparison, bool)> {
        match self {
            Self::Attribute(comparison) => Some((comparison, true)),
            _ => None,
        }
    }

    fn is_everyone(&self) -> bool {
        *self == Self::Everyone
    }
}

impl Part for Test {
    fn negated(&self) -> Option<&Self> {
        match self {
            Self::Not(inner) => Some(inner),
            _ => None,
        }
    }

    fn comparison(&self) -> Option<(&Comparison, bool)> {
        match self {
            Self::Property(comparison) => Some((comparison, false)),
            Self::Person(comparison) => Some((comparison, true)),
            _ => None,
        }
    }

    fn is_everyone(&self) -> bool {
        false
    }
}

/// W0704: what is written at `span` is true of everybody, or of nobody.
pub fn decided(span: Span, truth: bool) -> Diagnostic {
    Diagnostic::new(Code::W0704, span, if truth { "this is always true" } else { "this is never true" })
}

/// Looks at each pair of parts that stand side by side; parts without a meaning are none. A condition's length
/// bounds their number.
pub fn group<P: Part>(join: Join, parts: &[(Span, Option<&P>)], out: &mut Vec<Diagnostic>) {
    for (n, (span, part)) in parts.iter().enumerate() {
        let Some(part) = part else { continue };
        if join == Join::Or && part.is_everyone() {
            out.push(decided(*span, true).label("and with it the whole, since `or` asks for one of its parts"));
        }
        let earlier = parts.get(..n).unwrap_or_default();
        let said = earlier.iter().filter_map(|(other, before)| Some((*other, (*before)?)));
        let Some(complaint) = said.clone().find_map(|before| pair(join, before, (*span, *part))) else { continue };
        let before = earlier.last().filter(|_| complaint.code == Code::W0706);
        out.push(match before {
            Some((before, _)) => {
                let cut = Span::new(span.file, before.end, span.end);
                complaint.fix_all("take it out", vec![Edit { span: cut, replacement: String::new() }])
            }
            None => complaint,
        });
    }
    if let (Join::And, [(one, Some(a)), (other, Some(b))], Some(last)) = (join, parts, out.last_mut())
        && last.code == Code::W0704
        && last.span() == *other
        && let (Some((a, _)), Some((b, _))) = (a.comparison(), b.comparison())
        && matches!((&a.op, &b.op), (Op::Is(_) | Op::OneOf(_), Op::Is(_) | Op::OneOf(_)))
    {
        let between = Span::new(one.file, one.end, other.start);
        *last = last.clone().fix("one of both", between, " or ");
    }
}

fn pair<P: Part>(join: Join, (other, before): (Span, &P), (span, part): (Span, &P)) -> Option<Diagnostic> {
    if before == part {
        return Some(Diagnostic::new(Code::W0706, span, "the same condition twice").also(other, "the first time"));
    }
    let opposite = part.negated() == Some(before) || before.negated() == Some(part);
    let compared = before.comparison().zip(part.comparison());
    let compared = compared.filter(|((a, of), (b, whose))| a.name == b.name && of == whose);
    let compared = compared.map(|((a, _), (b, _))| (a, b));
    let decided = match join {
        Join::And => opposite || compared.is_some_and(|(a, b)| exclude_each_other(a, b)),
        Join::Or => opposite || compared.is_some_and(|(a, b)| leave_nobody_out(a, b)),
    };
    let words = match join {
        Join::And => "both together are never true",
        Join::Or => "one of both is always true",
    };
    decided.then(|| Diagnostic::new(Code::W0704, span, words).also(other, "with this"))
}

fn leave_nobody_out(a: &Comparison, b: &Comparison) -> bool {
    match (&a.op, &b.op) {
        (Op::Missing, Op::Present) | (Op::Present, Op::Missing) => true,
        (Op::Is(v), Op::IsNot(w)) => v == w && b.if_missing,
        (Op::IsNot(v), Op::Is(w)) => v == w && a.if_missing,
        _ => false,
    }
}

/// Whether no value, and no missing value, passes both tests.
fn exclude_each_other(a: &Comparison, b: &Comparison) -> bool {
    let holds_missing = |test: &Comparison| test.op == Op::Missing || test.if_missing;
    if holds_missing(a) && holds_missing(b) {
        return false;
    }
    let timed = a.ty == Some(Type::Time);
    match (&a.op, &b.op) {
        (Op::Missing, _) | (_, Op::Missing) => true,
        (Op::Time(a), Op::Time(b)) => times_exclude_each_other(*a, *b, timed),
        (a, b) => match (Values::of(a), Values::of(b)) {
            (Some(a), Some(b)) => a.excludes(&b),
            _ => false,
        },
    }
}

/// The values that pass a test.
enum Values<'a> {
    These(&'a [Value]),
    Others(&'a [Value]),
    More(&'a Value, Bound),
    Less(&'a Value, Bound),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Included,
    Excluded,
}

impl<'a> Values<'a> {
    fn of(op: &'a Op) -> Option<Self> {
        Some(match op {
            Op::Is(value) => Self::These(std::slice::from_ref(value)),
            Op::OneOf(values) => Self::These(values),
            Op::IsNot(value) => Self::Others(std::slice::from_ref(value)),
            Op::NotOneOf(values) => Self::Others(values),
            Op::More(value) => Self::More(value, Bound::Excluded),
            Op::AtLeast(value) => Self::More(value, Bound::Included),
            Op::Less(value) => Self::Less(value, Bound::Excluded),
            Op::AtMost(value) => Self::Less(value, Bound::Included),
            _ => return None,
        })
    }

    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::These(these), others) | (others, Self::These(these)) => !these.iter().any(|value| others.has(value)),
            (Self::More(low, a), Self::Less(high, b)) | (Self::Less(high, b), Self::More(low, a)) => {
                match order(low, high) {
                    Some(Ordering::Greater) => true,
                    Some(Ordering::Equal) => *a == Bound::Excluded || *b == Bound::Excluded,
                    Some(Ordering::Less) | None => false,
                }
            }
            _ => false,
        }
    }

    fn has(&self, value: &Value) -> bool {
        match self {
            Self::These(values) => values.contains(value),
            Self::Others(values) => !values.contains(value),
            // Values of other types are complained of where they stand.
            Self::More(bound, how) => order(value, bound).is_none_or(|order| reaches(order, *how)),
            Self::Less(bound, how) => order(bound, value).is_none_or(|order| reaches(order, *how)),
        }
    }
}

fn reaches(order: Ordering, bound: Bound) -> bool {
    order == Ordering::Greater || (order == Ordering::Equal && bound == Bound::Included)
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// `timed`: the value is an instant. A day is both before and behind now while it is today.
fn times_exclude_each_other(a: TimeTest, b: TimeTest, timed: bool) -> bool {
    use TimeTest::{
        After, Before, DaysAway, InTheFuture, InTheLast, InTheNext, InThePast, MoreThanAgo, MoreThanAway, On,
    };
    let is_past =
        |test| matches!(test, InTheLast(_) | InThePast | MoreThanAgo(_)) || matches!(test, DaysAway(n) if n < 0);
    let is_ahead =
        |test| matches!(test, InTheNext(_) | InTheFuture | MoreThanAway(_)) || matches!(test, DaysAway(n) if n > 0);
    if timed && ((is_past(a) && is_ahead(b)) || (is_ahead(a) && is_past(b))) {
        return true;
    }
    match (a, b) {
        (DaysAway(a), DaysAway(b)) => a != b,
        (On(a), On(b)) => a != b,
        (On(day), Before(Point::Day(before))) | (Before(Point::Day(before)), On(day)) => day >= before,
        (On(day), After(Point::Day(after))) | (After(Point::Day(after)), On(day)) => day <= after,
        (Before(Point::Day(before)), After(Point::Day(after)))
        | (After(Point::Day(after)), Before(Point::Day(before))) => before.pred_opt().is_none_or(|last| last <= after),
        (Before(Point::Instant(before)), After(Point::Instant(after)))
        | (After(Point::Instant(after)), Before(Point::Instant(before))) => before.0 <= after.0.saturating_add(1),
        (InTheLast(Length::Elapsed(near)), MoreThanAgo(Length::Elapsed(far)))
        | (MoreThanAgo(Length::Elapsed(far)), InTheLast(Length::Elapsed(near)))
        | (InTheNext(Length::Elapsed(near)), MoreThanAway(Length::Elapsed(far)))
        | (MoreThanAway(Length::Elapsed(far)), InTheNext(Length::Elapsed(near))) => near <= far,
        _ => false,
    }
}

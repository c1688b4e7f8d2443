//! Conditions: what joins their parts, and all parts but histories.

use chrono::Weekday;
use rust_decimal::Decimal;

use super::scope::{Place, Scope};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::Owner;
use crate::dsl::check::redundant::{self, Join, Part, decided};
use crate::dsl::syntax::{self, At, ConditionKind, Name};
use crate::model::rule::{Condition, Share};

impl Scope<'_> {
    /// What a whole condition means.
    pub fn condition(&mut self, written: &syntax::Condition) -> Option<Condition> {
        self.warn_of_people_just_met(written);
        self.part(written)
    }

    fn part(&mut self, written: &syntax::Condition) -> Option<Condition> {
        match &written.node {
            ConditionKind::All(parts) => self.parts(Join::And, parts).map(Condition::All),
            ConditionKind::Any(parts) => self.parts(Join::Or, parts).map(Condition::Any),
            ConditionKind::Not(inner) => {
                self.warn_of_missing(written.span, inner);
                if inner.node == ConditionKind::Everyone {
                    self.complaints.push(decided(written.span, false));
                }
                Some(Condition::Not(Box::new(self.part(inner)?)))
            }
            ConditionKind::ForAtLeast(inner, length) => {
                let inner = self.part(inner);
                // Units of the calendar were complained of where this was read.
                let span = length.elapsed()?;
                self.keep(length, span)?;
                Some(Condition::HeldFor { condition: Box::new(inner?), span })
            }
            ConditionKind::Everyone => Some(Condition::Everyone),
            ConditionKind::KnownFor(length) => length.elapsed().map(Condition::KnownFor),
            ConditionKind::InSample { name, share } => {
                if share.node.is_zero() || share.node == Decimal::ONE_HUNDRED {
                    self.complaints.push(decided(written.span, !share.node.is_zero()));
                }
                Some(Condition::InSample { name: name.node.clone(), share: Share(hundredths(share)?) })
            }
            ConditionKind::InSegment(name) => self.segment_named(name).map(Condition::InSegment),
            ConditionKind::InCampaign(name) => self.in_campaign(name),
            ConditionKind::ServiceWindow { open: true } => Some(Condition::ServiceWindow),
            ConditionKind::ServiceWindow { open: false } => Some(Condition::Not(Box::new(Condition::ServiceWindow))),
            ConditionKind::LocalTime { from, to } => {
                self.on_demand(written.span)?;
                if from.node == to.node {
                    let complaint = decided(written.span, true).label("from a time to the same time is the whole day");
                    self.complaints.push(complaint);
                }
                Some(Condition::LocalTime { from: from.node, to: to.node })
            }
            ConditionKind::LocalDay(days) => {
                self.on_demand(written.span)?;
                self.local_days(written.span, days)
            }
            ConditionKind::History(history) => self.history(history),
            ConditionKind::Comparison(comparison) => {
                self.comparison(comparison, Owner::Person).map(Condition::Attribute)
            }
        }
    }

    /// All parts are looked at, also behind one that has no meaning.
    fn parts(&mut self, join: Join, parts: &[syntax::Condition]) -> Option<Vec<Condition>> {
        let meant: Vec<Option<Condition>> = parts.iter().map(|part| self.part(part)).collect();
        let pairs: Vec<(Span, Option<&Condition>)> =
            parts.iter().zip(&meant).map(|(part, meant)| (part.span, meant.as_ref())).collect();
        self.warn_of_redundant(join, &pairs);
        meant.into_iter().collect()
    }

    /// What says less than it seems to. Where it is open what belongs together, nothing can be said of it.
    pub(super) fn warn_of_redundant<P: Part>(&mut self, join: Join, parts: &[(Span, Option<&P>)]) {
        if self.complaints.iter().all(|complaint| complaint.code != Code::E0110) {
            redundant::group(join, parts, &mut self.complaints);
        }
    }

    /// Each day once, in the order of the week.
    fn local_days(&mut self, span: Span, days: &[At<Weekday>]) -> Option<Condition> {
        let mut days: Vec<Weekday> = days.iter().map(|day| day.node).collect();
        days.sort_unstable_by_key(Weekday::num_days_from_monday);
        days.dedup();
        if days.len() == 7 {
            self.complaints.push(decided(span, true).label("these are all days of a week"));
        }
        Some(Condition::LocalDay(days))
    }

    fn in_campaign(&mut self, name: &Name) -> Option<Condition> {
        self.campaign_named(name)?;
        self.running.entry(name.node.clone()).or_insert(name.span);
        Some(Condition::InCampaign(name.node.clone()))
    }

    /// What clocks on walls show is asked for when it is needed, and watched of nobody.
    fn on_demand(&mut self, span: Span) -> Option<()> {
        if !self.place.is_watched() {
            return Some(());
        }
        let here = if self.place == Place::Segment { "a segment" } else { "what starts a campaign by becoming true" };
        self.refuse(
            Diagnostic::new(Code::E0530, span, format!("{here} cannot depend on the time of day or the weekday"))
                .label("this would change for everybody at once")
                .note("it can stand in a campaign's `filter`, in its steps, and as its `send_window`"),
        )
    }
}

/// A share in hundredths of a percent; none of one that is more than all, which was complained of already.
fn hundredths(share: &At<Decimal>) -> Option<u16> {
    let hundredths: u16 = (share.node * Decimal::ONE_HUNDRED).try_into().ok()?;
    (hundredths <= Share::ALL.0).then_some(hundredths)
}

//! Conditions: what joins their parts, and all parts but histories.

use rust_decimal::Decimal;

use super::scope::{Place, Scope};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::Owner;
use crate::dsl::syntax::{self, At, ConditionKind, Name};
use crate::model::rule::{Condition, Share};
use crate::model::time;

/// How long a message of theirs lets us write freely.
pub(super) const SERVICE_WINDOW: time::Span = time::Span::hours(24);

impl Scope<'_> {
    /// What a whole condition means.
    pub fn condition(&mut self, written: &syntax::Condition) -> Option<Condition> {
        self.warn_of_people_just_met(written);
        self.part(written)
    }

    fn part(&mut self, written: &syntax::Condition) -> Option<Condition> {
        match &written.node {
            ConditionKind::All(parts) => self.parts(parts).map(Condition::All),
            ConditionKind::Any(parts) => self.parts(parts).map(Condition::Any),
            ConditionKind::Not(inner) => {
                self.warn_of_missing(written.span, inner);
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
                Some(Condition::InSample { name: name.node.clone(), share: Share(hundredths(share)?) })
            }
            ConditionKind::InSegment(name) => self.segment_named(name).map(Condition::InSegment),
            ConditionKind::InCampaign(name) => self.in_campaign(name),
            ConditionKind::ServiceWindow { open: true } => Some(Condition::ServiceWindow),
            ConditionKind::ServiceWindow { open: false } => Some(Condition::Not(Box::new(Condition::ServiceWindow))),
            ConditionKind::LocalTime { from, to } => {
                self.on_demand(written.span)?;
                Some(Condition::LocalTime { from: from.node, to: to.node })
            }
            ConditionKind::LocalDay(days) => {
                self.on_demand(written.span)?;
                Some(Condition::LocalDay(days.iter().map(|day| day.node).collect()))
            }
            ConditionKind::History(history) => self.history(history),
            ConditionKind::Comparison(comparison) => {
                self.comparison(comparison, Owner::Person).map(Condition::Attribute)
            }
        }
    }

    /// All parts are looked at, also behind one that has no meaning.
    fn parts(&mut self, parts: &[syntax::Condition]) -> Option<Vec<Condition>> {
        let parts: Vec<Option<Condition>> = parts.iter().map(|part| self.part(part)).collect();
        parts.into_iter().collect()
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

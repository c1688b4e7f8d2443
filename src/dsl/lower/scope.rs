//! What lowering knows while it walks a condition, and what it gathers on the way.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::check::names::{self, CampaignNames, Names};
use crate::dsl::syntax::{Length, Name};
use crate::model::time;

/// What a condition belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Segment,
    /// A condition whose change from false to true starts a campaign.
    Becomes,
    /// The event, filter or schedule of a campaign: there is no journey yet.
    Campaign,
    /// A step of a campaign: the journey runs.
    Journey,
}

impl Place {
    /// Whether the truth of the condition is known of everybody at all times.
    pub fn is_watched(self) -> bool {
        matches!(self, Self::Segment | Self::Becomes)
    }
}

/// What the trigger of a campaign names.
#[derive(Debug, Default)]
pub struct TriggerUses {
    pub segments: BTreeSet<String>,
    /// The campaigns whose running journeys it asks for, and where.
    pub running: BTreeMap<String, Span>,
}

/// One rule while it is lowered.
pub struct Scope<'a> {
    pub names: &'a Names,
    pub place: Place,
    /// The campaign that the rule is, if it is one.
    pub own_campaign: Option<String>,
    /// How long its verdicts wait for events that arrive late.
    pub grace: time::Span,
    /// How far back the log reaches.
    pub retention: time::Span,
    pub complaints: Vec<Diagnostic>,
    /// The segments that were named.
    pub segments: BTreeSet<String>,
    /// The campaigns whose running journeys were asked for, and where.
    pub running: BTreeMap<String, Span>,
    /// What the trigger alone named, once it is read.
    pub trigger: TriggerUses,
    /// Every bare `within` behind something that people do.
    pub bare_within: Vec<Span>,
}

impl<'a> Scope<'a> {
    /// Nothing lowered yet. The grace is that of the schema.
    pub fn new(names: &'a Names, place: Place, retention: time::Span) -> Self {
        Self {
            names,
            place,
            own_campaign: None,
            grace: names.declared.schema.grace,
            retention,
            complaints: Vec::new(),
            segments: BTreeSet::new(),
            running: BTreeMap::new(),
            trigger: TriggerUses::default(),
            bare_within: Vec::new(),
        }
    }

    /// The trigger is read: what was named so far, it named.
    pub fn close_trigger(&mut self) {
        self.trigger = TriggerUses { segments: self.segments.clone(), running: self.running.clone() };
    }

    /// Takes in a complaint; the part that it is about has no meaning.
    pub fn refuse<T>(&mut self, complaint: Diagnostic) -> Option<T> {
        self.complaints.push(complaint);
        None
    }

    /// A segment that is there. It is evaluated before whatever names it.
    pub(super) fn segment_named(&mut self, name: &Name) -> Option<String> {
        let segments = &self.names.segments;
        if !segments.contains_key(&name.node) {
            let known = segments.keys().map(String::as_str);
            let gone = self.names.before.segments.contains(&name.node);
            return self.refuse(names::unknown_or_gone(name, "segment", known, gone));
        }
        self.segments.insert(name.node.clone());
        Some(name.node.clone())
    }

    /// A campaign that is there.
    pub(super) fn campaign_named(&mut self, name: &Name) -> Option<&'a CampaignNames> {
        let campaigns = &self.names.campaigns;
        let found = campaigns.get(&name.node);
        if found.is_none() {
            let known = campaigns.keys().map(String::as_str);
            let gone = self.names.before.campaigns.contains(&name.node);
            return self.refuse(names::unknown_or_gone(name, "campaign", known, gone));
        }
        found
    }

    /// Refuses what reaches further back than events are kept; `longest` is how long it can be.
    pub(super) fn keep(&mut self, length: &Length, longest: time::Span) -> Option<()> {
        if longest <= self.retention {
            return Some(());
        }
        let kept = in_words(self.retention);
        let message = format!("events are kept for {kept}, and this is longer");
        self.refuse(Diagnostic::new(Code::E0220, length.span, message).note(GONE).fix(
            "as long as there is",
            length.span,
            kept,
        ))
    }
}

pub(super) const GONE: &str = "what is older cannot be looked up any more; `ever` has no such bound";

/// A length of time in the greatest unit that it has a whole number of.
pub(super) fn in_words(span: time::Span) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let (size, unit) = UNITS.into_iter().find(|(size, _)| span.0 % size == 0).unwrap_or((1, "second"));
    let amount = span.0 / size;
    if amount == 1 { format!("1 {unit}") } else { format!("{amount} {unit}s") }
}

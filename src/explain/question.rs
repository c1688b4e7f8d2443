//! The door: a question about one person and one rule, and its answer.

use super::campaign;
use super::condition::{Asker, PARTS_MAX};
use super::explanation::{Explained, Explanation, Moment, SegmentExplained, Who};
use super::membership::{Around, around};
use super::past::Past;
use crate::diagnostic::suggest::nearest;
use crate::engine::as_made;
use crate::model::event::Event;
use crate::model::id::RulesVersion;
use crate::model::journey::{Entry, Journey};
use crate::model::person::Person;
use crate::model::rule::{CampaignState, Condition, RuleSet, Segment, SegmentKind};
use crate::model::time::Second;

/// Everything that an explanation is made from.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The rules in force.
    pub rules: &'a RuleSet,
    pub version: RulesVersion,
    /// The person as they are now.
    pub person: &'a Person,
    /// Their log.
    pub log: &'a [Event],
    /// What was decided, as events.
    pub moves: &'a [Event],
    /// What was written down about campaigns, in order.
    pub entries: &'a [Entry],
    /// Their newest journeys, running and ended.
    pub journeys: &'a [Journey],
    /// The next second at which time alone may change something for them.
    pub wake: Option<Second>,
    pub now: Second,
    /// The instant that is asked about.
    pub at: Second,
}

/// Why there is no explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unexplained {
    /// There is no such rule; perhaps this one is meant.
    NoSuchRule { meant: Option<String> },
    /// A segment and a campaign have this name.
    Ambiguous,
    /// It is a schedule.
    Schedule,
    /// The campaign is a draft: it starts nothing.
    Draft,
    /// The instant has not come yet.
    Future,
    /// The person was not known then, but since this instant.
    NotKnownYet { since: Second },
}

impl Unexplained {
    /// A sentence for whoever asked about `rule`.
    #[must_use]
    pub fn sentence(&self, rule: &str) -> String {
        match self {
            Self::NoSuchRule { meant: Some(meant) } => format!("there is no rule `{rule}`; did you mean `{meant}`?"),
            Self::NoSuchRule { meant: None } => format!("there is no rule `{rule}`"),
            Self::Ambiguous => {
                format!("a segment and a campaign are named `{rule}`; say `segment:{rule}` or `campaign:{rule}`")
            }
            Self::Schedule => format!("`{rule}` is a schedule; segments and campaigns are explained for a person"),
            Self::Draft => format!("campaign `{rule}` is a draft: it starts nothing, so there is nothing to explain"),
            Self::Future => "must be an instant that has come: what will be is not explained".to_owned(),
            Self::NotKnownYet { since } => format!("the person was not known yet: they are since {}", since.rfc3339()),
        }
    }
}

/// Explains the segment or campaign named `rule`, or `segment:NAME`, or `campaign:NAME`.
///
/// An instant of the past is explained by the rules in force now, from everything that is known now and stamped up to
/// it: also what arrived later, which is said of it.
///
/// # Errors
/// See [`Unexplained`].
pub fn explain(question: &Question<'_>, rule: &str) -> Result<Explanation, Unexplained> {
    let found = Found::named(question.rules, rule)?;
    if question.at > question.now {
        return Err(Unexplained::Future);
    }
    let first = as_made(question.person, question.log);
    if question.at < first.known_since {
        return Err(Unexplained::NotKnownYet { since: first.known_since });
    }
    let past = Past::up_to(question.at, question.rules, &first, question.log, question.moves);
    let case = past.case();
    let asker = Asker::new(&past, &case, question.at);
    let explained = match found {
        Found::Segment(segment) => Explained::Segment(self::segment(&asker, segment)),
        Found::Campaign(rule) => Explained::Campaign(campaign::explained(question, &asker, rule)),
    };
    let named = match found {
        Found::Segment(segment) => &segment.name,
        Found::Campaign(campaign) => &campaign.name,
    };
    Ok(Explanation {
        rule: named.clone(),
        person: Who {
            id: question.person.external_id.clone(),
            cio_id: question.person.cio_id.to_string().to_lowercase(),
        },
        at: Moment(question.at),
        time_zone: asker.days.zone.name().to_owned(),
        rules_version: question.version.0,
        next_wake: question.wake.filter(|_| question.at == question.now).map(Moment),
        explained,
    })
}

/// The rule that is meant.
#[derive(Clone, Copy)]
enum Found<'r> {
    Segment(&'r Segment),
    Campaign(&'r crate::model::rule::Campaign),
}

impl<'r> Found<'r> {
    fn named(rules: &'r RuleSet, written: &str) -> Result<Self, Unexplained> {
        let (kind, name) = written.split_once(':').map_or((None, written), |(kind, name)| (Some(kind), name));
        let is_kind = |word: &str| kind.is_none_or(|kind| kind == word);
        let segment = rules.segments.iter().find(|rule| rule.name == name && is_kind("segment"));
        let campaign = rules.campaigns.iter().find(|rule| rule.name == name && is_kind("campaign"));
        match (segment, campaign) {
            (Some(_), Some(_)) => Err(Unexplained::Ambiguous),
            (Some(segment), None) => Ok(Self::Segment(segment)),
            (None, Some(campaign)) if campaign.state == CampaignState::Draft => Err(Unexplained::Draft),
            (None, Some(campaign)) => Ok(Self::Campaign(campaign)),
            (None, None) if rules.schedules.iter().any(|rule| rule.name == name) => Err(Unexplained::Schedule),
            (None, None) => {
                let segments = rules.segments.iter().map(|rule| rule.name.as_str());
                let names = segments.chain(rules.campaigns.iter().map(|rule| rule.name.as_str()));
                Err(Unexplained::NoSuchRule { meant: nearest(name, names).map(str::to_owned) })
            }
        }
    }
}

fn segment(asker: &Asker<'_>, segment: &Segment) -> SegmentExplained {
    let member = Condition::InSegment(segment.name.clone());
    let condition = match &segment.kind {
        SegmentKind::Data(condition) => condition,
        SegmentKind::Manual => &member,
    };
    let Around { holds, since, since_is_exact, from_the_first, until, looked_ahead_to } =
        around(asker.past, condition, asker.at);
    let mut explained = SegmentExplained {
        is_in: holds,
        since: Moment(since),
        since_is_exact,
        from_the_first,
        until: until.map(Moment),
        looked_ahead_to: Moment(looked_ahead_to),
        changed_by: Vec::new(),
        condition: None,
        chosen: None,
    };
    match &segment.kind {
        SegmentKind::Data(condition) => {
            explained.changed_by = asker.changed_by(condition);
            let mut left = PARTS_MAX;
            explained.condition = Some(asker.part(condition, false, &mut left));
        }
        SegmentKind::Manual => {
            let chosen = asker.chosen(&segment.name);
            explained.chosen = chosen.map(|event| asker.sighting(event, None));
            let way = if holds { "the API or a step takes them out" } else { "the API or a step puts them in" };
            explained.changed_by = vec![vec![way.to_owned()]];
        }
    }
    explained
}

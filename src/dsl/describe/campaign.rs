//! Campaigns in English: who starts one, what may say no, and the steps.

use super::Describer;
use super::outline::Outline;
use super::picture::{self, Picture, pictures};
use super::schedule::labelled;
use crate::dsl::walk::Rule;
use crate::dsl::words::{clock, exact, exact_length, grouped, many, quoted};
use crate::model::rule::{
    Campaign, CampaignState, Frequency, Goal, IfRunning, OnDeploy, Phrase, SendWindow, Trigger, Verb,
};
use crate::model::time::Span;

/// Columns of a label.
const LABEL: usize = 14;

impl Describer<'_> {
    pub(super) fn campaign_rule(&self, campaign: &Campaign) -> String {
        let mut out = String::new();
        let rule = Rule::Campaign(campaign);
        self.head(rule, campaign.title.as_deref(), None, &mut out);
        for (label, outline) in self.gates(campaign) {
            labelled(label, LABEL, &outline, &mut out);
        }
        out.push('\n');
        Outline::numbered("Steps", campaign.steps.iter().map(|step| self.step(step, campaign.grace)))
            .write("", &mut out);
        self.draw(&campaign_pictures(campaign, self), &mut out);
        self.notes(rule, &mut out);
        out
    }

    /// What stands before, around and behind the steps, in the order in which it is asked.
    fn gates(&self, campaign: &Campaign) -> Vec<(&'static str, Outline)> {
        let mut all =
            vec![("State", Outline::leaf(state(campaign.state))), ("Trigger", self.trigger(&campaign.trigger))];
        if starts_strangers(&campaign.trigger) {
            let strangers =
                "a number that we do not know starts it too: nothing is sent to it, and it waits for nothing";
            all.push(("Strangers", Outline::leaf(strangers)));
        }
        if matches!(campaign.trigger, Trigger::Event(_) | Trigger::Becomes(_)) {
            all.push((
                "Age",
                Outline::leaf(format!("what arrives more than {} late starts nothing", exact(campaign.max_event_age))),
            ));
        }
        if let Some(filter) = &campaign.filter {
            all.push(("Filter", self.condition(filter, false).behind("only if")));
        }
        all.push(("Frequency", Outline::leaf(frequency(campaign.frequency))));
        let again = match campaign.if_running {
            IfRunning::Keep => "another start is refused while it runs",
            IfRunning::Restart => "another start ends it and begins anew",
        };
        let per = campaign.key.as_ref().map_or_else(String::new, |path| format!(" and value of {}", path.0));
        all.push(("Key", Outline::leaf(format!("one journey at a time per person{per}; {again}"))));
        if let Some(limit) = &campaign.limit {
            all.push(("Limit", Outline::leaf(self.limit(limit))));
        }
        if let Some(window) = &campaign.send_window {
            all.push(("Send window", Outline::leaf(self.send_window(*window))));
        }
        if let Some(exit) = &campaign.exit {
            all.push(("Exit", self.condition(exit, false).behind("the journey ends as soon as")));
        }
        if let Some(goal) = &campaign.goal {
            all.push(("Goal", self.goal(goal)));
        }
        if campaign.grace > Span(0) {
            let grace = exact(campaign.grace);
            all.push(("Grace", Outline::leaf(format!("deadlines wait {grace} more for what arrives late"))));
        }
        if let Some(deployed) = on_deploy(campaign) {
            all.push(("On deploy", Outline::leaf(deployed)));
        }
        all
    }

    /// What starts the campaign.
    #[must_use]
    pub fn trigger(&self, trigger: &Trigger) -> Outline {
        match trigger {
            Trigger::Event(Phrase::One(event)) => Outline::leaf(self.event(event, "each")),
            Trigger::Event(Phrase::Sequence(sequence)) => {
                let verdict = sequence.steps.last().is_some_and(|step| step.not);
                let head = if verdict {
                    "each time this is decided, in this order:"
                } else {
                    "each time this becomes complete, in this order:"
                };
                self.sequence(sequence, head)
            }
            Trigger::Becomes(condition) => self.condition(condition, false).behind("each time this turns true:"),
            Trigger::Schedule(name) => {
                let known = self.rules.schedules.iter().find(|schedule| schedule.name == *name);
                let when =
                    known.map_or_else(String::new, |schedule| format!(" ({})", super::cron::cron(&schedule.cron)));
                Outline::leaf(format!("each time schedule {} runs{when}, for each of its people", quoted(name)))
            }
            Trigger::Api => Outline::leaf("the API starts it; what it is given is `event`"),
        }
    }

    fn limit(&self, limit: &str) -> String {
        let words = self.rules.schema.limits.get(limit).map_or_else(String::new, |limit| {
            let messages = many(limit.messages, "message");
            format!(": at most {messages} to one person in {}", exact_length(limit.within))
        });
        format!("{limit}{words}, over all campaigns that name it; what is too much is not sent")
    }

    fn send_window(&self, window: SendWindow) -> String {
        let zone = window.time_zone.map_or_else(|| self.persons_zone(), |zone| format!("in the zone {zone}"));
        let outside =
            if window.skip { "outside of it nothing is sent" } else { "outside of it they wait until it opens" };
        format!(
            "messages leave from {} to {} (that minute not included), {zone}; {outside}",
            clock(window.from),
            clock(window.to)
        )
    }

    fn goal(&self, goal: &Goal) -> Outline {
        let within = goal.within.map_or_else(String::new, |within| format!(" within {} of the start", exact(within)));
        let then = if goal.exit { ", and the journey ends then" } else { "" };
        self.condition(&goal.condition, false).behind(&format!("noted once, when this turns true{within}{then}:"))
    }
}

/// What answers a message of ours comes from somebody we know.
fn starts_strangers(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Event(Phrase::One(event)) => {
            matches!(event.verb, Verb::Replied | Verb::Tapped) && event.target.is_none() && event.in_time.is_none()
        }
        Trigger::Event(Phrase::Sequence(_)) | Trigger::Becomes(_) | Trigger::Schedule(_) | Trigger::Api => false,
    }
}

fn state(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Draft => "draft: writes down what it would do, and does nothing",
        CampaignState::Live => "live",
        CampaignState::Paused => "paused: starts nothing, and its journeys stand still",
    }
}

fn frequency(frequency: Frequency) -> String {
    match frequency {
        Frequency::EveryTime => "every time".to_owned(),
        Frequency::Once => "once per person, for ever".to_owned(),
        Frequency::OncePer(span) => format!("once per person in {}", exact(span)),
    }
}

/// Only a trigger that people can match already has somebody to start.
fn on_deploy(campaign: &Campaign) -> Option<String> {
    let becomes = matches!(campaign.trigger, Trigger::Becomes(_));
    match campaign.on_deploy {
        OnDeploy::Nobody if becomes => Some("people who match when this is published start nothing".to_owned()),
        OnDeploy::Nobody => None,
        OnDeploy::Matching { at_most } => {
            Some(format!("people who match when this is published start too, at most {}", grouped(at_most)))
        }
    }
}

fn campaign_pictures(campaign: &Campaign, describer: &Describer<'_>) -> Vec<Picture> {
    let mut all = Vec::new();
    let rule = Rule::Campaign(campaign);
    if let Some(phrase) = rule.trigger() {
        picture::phrase(phrase, &mut all);
    }
    for condition in rule.watched().into_iter().chain(rule.asked()) {
        all.extend(pictures(condition, &describer.rules.schema));
    }
    picture::once(all)
}

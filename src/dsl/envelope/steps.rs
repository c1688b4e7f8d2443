//! `steps`: each is one action, with an id and a condition if it wants them. Some have steps of their own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::deeds::{self, ManualFile, RecordFile, UpdateFile};
use super::fields::{self, Fields};
use super::forks::{self, ArmFile, BranchFile, WaitUntilFile};
use super::messages::{self, SendFile, WebhookFile};
use super::{names, span};
use crate::diagnostic::Code;
use crate::dsl::node::{Content, Key, Node};
use crate::dsl::report::Report;
use crate::dsl::syntax;

/// A step as written.
#[derive(Debug)]
pub struct StepFile<'n> {
    /// As written, or made from the position.
    pub id: String,
    /// Where its id stands, or its action's key.
    pub at: Range<usize>,
    pub condition: Option<&'n Node>,
    /// Where the word for what it does stands.
    pub word_at: Range<usize>,
    pub action: ActionFile<'n>,
}

/// What a step does, as written.
#[derive(Debug)]
pub enum ActionFile<'n> {
    Send(SendFile<'n>),
    Webhook(WebhookFile<'n>),
    UpdatePerson(Vec<UpdateFile<'n>>),
    RecordEvent(RecordFile<'n>),
    ManualSegment(ManualFile<'n>),
    Wait(syntax::Wait),
    WaitUntil(WaitUntilFile<'n>),
    Branch(BranchFile<'n>),
    Split(Vec<ArmFile<'n>>),
    Exit(String),
}

/// Steps of one campaign, those within steps among them.
pub const STEPS_MAX: usize = 100;
/// Steps within steps: how many stand around the innermost.
pub const STEP_DEPTH_MAX: usize = 5;

/// What a step can do.
pub const WORDS: [&str; 10] = [
    "send",
    "webhook",
    "update_person",
    "record_event",
    "manual_segment",
    "wait",
    "wait_until",
    "branch",
    "split",
    "exit",
];
/// Those that ask for nothing and write nothing: whether they run is not for an `if` to say.
const WITHOUT_IF: [&str; 4] = ["wait", "wait_until", "branch", "split"];

/// Reads the steps of a campaign.
pub fn read<'n>(node: &'n Node, report: &mut Report<'_>) -> Vec<StepFile<'n>> {
    let mut reader = Reader { report, steps: 0, depth: 0 };
    let steps = reader.list(node, "`steps`", "");
    if steps.is_empty() && matches!(&node.content, Content::List(items) if items.is_empty()) {
        report.error(Code::E0903, node.at.clone(), "a campaign has at least one step");
    }
    refuse_double_ids(&steps, report);
    steps
}

/// All steps, each before those within it.
pub fn all<'s, 'n>(steps: &'s [StepFile<'n>]) -> Vec<&'s StepFile<'n>> {
    let mut found = Vec::new();
    let mut open: Vec<&StepFile<'_>> = steps.iter().rev().collect();
    while let Some(step) = open.pop() {
        found.push(step);
        let within = step.action.within();
        open.extend(within.into_iter().rev().flat_map(|(_, steps)| steps.iter().rev()));
    }
    found
}

impl<'n> ActionFile<'n> {
    /// The lists of steps within, with the words that their ids are made of.
    pub fn within(&self) -> Vec<(String, &[StepFile<'n>])> {
        match self {
            Self::WaitUntil(wait) => {
                let outcomes = wait.outcomes.iter().map(|outcome| (outcome.name.clone(), outcome.steps.as_slice()));
                let timeout = wait.timeout.iter().map(|timeout| ("timeout".to_owned(), timeout.steps.as_slice()));
                outcomes.chain(timeout).collect()
            }
            Self::Branch(branch) => {
                let arms = (1..).zip(&branch.arms).map(|(n, arm): (usize, _)| (n.to_string(), arm.steps.as_slice()));
                arms.chain([("otherwise".to_owned(), branch.otherwise.as_slice())]).collect()
            }
            Self::Split(arms) => arms.iter().map(|arm| (arm.name.clone(), arm.steps.as_slice())).collect(),
            _ => Vec::new(),
        }
    }
}

fn refuse_double_ids(steps: &[StepFile<'_>], report: &mut Report<'_>) {
    let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
    for step in all(steps) {
        match seen.get(step.id.as_str()) {
            None => _ = seen.insert(&step.id, &step.at),
            Some(first) => {
                report
                    .error(Code::E0602, step.at.clone(), format!("two steps have the id `{}`", step.id))
                    .also((*first).clone(), "the first one");
            }
        }
    }
}

/// Reads lists of steps, and counts them over all depths.
pub(super) struct Reader<'r, 's> {
    pub report: &'r mut Report<'s>,
    steps: usize,
    /// How many steps stand around the list that is read.
    depth: usize,
}

impl Reader<'_, '_> {
    /// The steps in `node`. `under` stands before their made ids: nothing, or the step around them and the
    /// way into it.
    pub fn list<'n>(&mut self, node: &'n Node, of: &str, under: &str) -> Vec<StepFile<'n>> {
        let items = fields::items(node, of, self.report).unwrap_or_default();
        if self.depth > STEP_DEPTH_MAX && !items.is_empty() {
            let message = format!("steps stand within steps at most {STEP_DEPTH_MAX} deep");
            self.report.error(Code::E0114, node.at.clone(), message);
            return Vec::new();
        }
        let mut steps = Vec::new();
        for (n, item) in (1..).zip(items) {
            self.steps += 1;
            if self.steps == STEPS_MAX + 1 {
                let message = format!("a campaign has at most {STEPS_MAX} steps");
                self.report.error(Code::E0114, item.at.clone(), message);
            }
            let made = if under.is_empty() { format!("step-{n}") } else { format!("{under}{n}") };
            steps.extend(self.step(made, item));
        }
        steps
    }

    /// The steps below the key `do` of `map`; none where nothing is to be done.
    pub fn below<'n>(&mut self, map: &mut Fields<'n>, under: &str) -> Vec<StepFile<'n>> {
        map.take("do").map(|node| self.within(node, "`do`", under)).unwrap_or_default()
    }

    /// The steps in `node`, which stand within a step.
    pub fn within<'n>(&mut self, node: &'n Node, of: &str, under: &str) -> Vec<StepFile<'n>> {
        self.depth += 1;
        let steps = self.list(node, of, &format!("{under}."));
        self.depth -= 1;
        steps
    }

    fn step<'n>(&mut self, made: String, node: &'n Node) -> Option<StepFile<'n>> {
        let report = &mut *self.report;
        let mut map = Fields::open(node, &node.at, "a step", report)?;
        let id = map.take("id").and_then(|node| id(node, report));
        let condition = map.take_entry("if");
        let (word, key, value) = the_action(node, map, report)?;
        if let Some((key, _)) = condition.filter(|_| WITHOUT_IF.contains(&word)) {
            report
                .error(Code::E0903, key.at.clone(), format!("a `{word}` has no `if`"))
                .note("where something is done or not, that is a `branch`");
        }
        let (id, at) = id.unwrap_or_else(|| (made, key.at.clone()));
        let action = self.action(word, key, value, &id)?;
        Some(StepFile { id, at, condition: condition.map(|(_, node)| node), word_at: key.at.clone(), action })
    }

    fn action<'n>(&mut self, word: &str, key: &'n Key, value: &'n Node, id: &str) -> Option<ActionFile<'n>> {
        let report = &mut *self.report;
        match word {
            "send" => messages::send(key, value, report).map(ActionFile::Send),
            "webhook" => messages::webhook(key, value, report).map(ActionFile::Webhook),
            "update_person" => deeds::update_person(key, value, report).map(ActionFile::UpdatePerson),
            "record_event" => deeds::record_event(key, value, report).map(ActionFile::RecordEvent),
            "manual_segment" => deeds::manual_segment(key, value, report).map(ActionFile::ManualSegment),
            "wait" => span::wait(value, report).map(ActionFile::Wait),
            "wait_until" => forks::wait_until(key, value, id, self).map(ActionFile::WaitUntil),
            "branch" => forks::branch(value, id, self).map(ActionFile::Branch),
            "split" => forks::split(key, value, id, self).map(ActionFile::Split),
            _ => {
                let reason = fields::text(value, "the reason of an exit", report)?;
                Some(ActionFile::Exit(reason.to_owned()))
            }
        }
    }
}

/// The one action of a step.
fn the_action<'n>(
    node: &'n Node,
    mut map: Fields<'n>,
    report: &mut Report<'_>,
) -> Option<(&'static str, &'n Key, &'n Node)> {
    let mut actions: Vec<(&'static str, &Key, &Node)> =
        WORDS.into_iter().filter_map(|word| map.take_entry(word).map(|(key, node)| (word, key, node))).collect();
    actions.sort_by_key(|(_, key, _)| key.at.start);
    match actions.as_slice() {
        [] => {
            if !map.is_left() {
                report
                    .error(Code::E0903, first_key(node), "this step does nothing")
                    .note(format!("a step is one of `{}`", WORDS.join("`, `")));
            }
            map.finish(report);
            None
        }
        [one] => {
            map.finish(report);
            Some(*one)
        }
        [(first, at, _), (second, key, _), ..] => {
            report
                .error(Code::E0903, key.at.clone(), format!("a step does one thing: `{first}` or `{second}`"))
                .also(at.at.clone(), "the first one");
            None
        }
    }
}

fn id(node: &Node, report: &mut Report<'_>) -> Option<(String, Range<usize>)> {
    let id = fields::text(node, "the id of a step", report)?;
    if !names::is_name(id) {
        report
            .error(Code::E0602, node.at.clone(), format!("a step cannot have the id `{id}`"))
            .label("small letters, digits and `-`");
    }
    Some((id.to_owned(), node.at.clone()))
}

fn first_key(node: &Node) -> Range<usize> {
    match &node.content {
        Content::Map(entries) => entries.first().map_or_else(|| node.at.clone(), |(key, _)| key.at.clone()),
        _ => node.at.clone(),
    }
}

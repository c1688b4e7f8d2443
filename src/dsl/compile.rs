//! The door of the language: all rule files in, one rule set out, or everything that is wrong with them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::check::graph::{self, Uses};
use super::check::keywords::{self, Keywords};
use super::check::names::{Before, CampaignNames, Names, ScheduleNames};
use super::document;
use super::envelope::campaigns::{self, CampaignFile};
use super::envelope::schedules::{self, ScheduleFile, TaskFile};
use super::envelope::schema::{self, Declared};
use super::envelope::segments::{self, SegmentFile};
use super::envelope::{Kind, kind, steps};
use super::lower::{self, Place, Scope, TriggerUses};
use super::node::Node;
use super::report::{COMPLAINTS_MAX, Report};
use super::starts;
use crate::diagnostic::{Code, Diagnostic, FileId, Sources, Span, has_errors};
use crate::model::rule::{self, Campaign, RuleSet, Schedule, Segment, SegmentKind};
use crate::model::time;

/// How long events are kept where nobody says otherwise.
pub const RETENTION: time::Span = time::Span::days(400);

/// What came of the rule files.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// None if there is any error: a rule set loads as a whole or not at all.
    pub rules: Option<RuleSet>,
    /// By file and place. Of one file at most [`COMPLAINTS_MAX`] and one.
    pub diagnostics: Vec<Diagnostic>,
    /// The files, for the frames of the diagnostics.
    pub sources: Sources,
    /// The files with `test` that are YAML. Nothing but their kind and version was looked at.
    pub tests: Vec<TestFile>,
}

/// A file with a test, as a tree.
#[derive(Clone, Debug)]
pub struct TestFile {
    pub file: FileId,
    pub root: Node,
}

/// Compiles rule files, by path, for a server that keeps events for [`RETENTION`].
#[must_use]
pub fn compile(files: &BTreeMap<String, String>) -> Compiled {
    compile_for(files, RETENTION)
}

/// Compiles rule files, by path, for a server that keeps events as long as `retention`. No window is longer.
#[must_use]
pub fn compile_for(files: &BTreeMap<String, String>, retention: time::Span) -> Compiled {
    compile_after(files, retention, &Before::default())
}

/// The same for rule files that take the place of others: a name that those have, these have not, and a rule
/// still uses is complained of as such.
#[must_use]
pub fn compile_after(files: &BTreeMap<String, String>, retention: time::Span, before: &Before) -> Compiled {
    let mut sources = Sources::default();
    let ids: Vec<FileId> = files.iter().map(|(path, text)| sources.add(path, text)).collect();
    let (rules, mut diagnostics, tests) = Compiler::new(&sources, &ids, retention).run(before);
    diagnostics.sort_by_key(Diagnostic::span);
    let rules = rules.filter(|_| !has_errors(&diagnostics));
    Compiled { rules, diagnostics, sources, tests }
}

/// The text of a file, or the complaint that it is none.
///
/// # Errors
/// E0905, with the file taken into `sources` as far as it is text.
pub fn decode(path: &str, bytes: Vec<u8>, sources: &mut Sources) -> Result<String, Box<Diagnostic>> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let file = sources.add(path, String::from_utf8_lossy(error.as_bytes()));
        let span = Span::new(file, valid, valid + '\u{fffd}'.len_utf8());
        Box::new(Diagnostic::new(Code::E0905, span, "this file is not UTF-8").label("the first byte that is not"))
    })
}

/// One run over all files.
struct Compiler<'s> {
    sources: &'s Sources,
    retention: time::Span,
    reports: Vec<Report<'s>>,
    roots: Vec<Option<Node>>,
    /// Complaints about all files together.
    diagnostics: Vec<Diagnostic>,
    bare_within: Vec<Span>,
    /// How many there are in `reports`: to count them for each rule anew would take its time.
    errors: usize,
}

/// A rule with the index of its file.
pub(super) type Filed<T> = (usize, T);

/// What the rules name of each other.
#[derive(Default)]
struct RuleUses {
    segments: Uses,
    /// By campaign: the segments that ask for its running journeys, and where.
    running: BTreeMap<String, Vec<(String, Span)>>,
    /// By campaign.
    triggers: BTreeMap<String, TriggerUses>,
}

#[derive(Default)]
struct Written<'n> {
    segments: Vec<Filed<SegmentFile<'n>>>,
    campaigns: Vec<Filed<CampaignFile<'n>>>,
    schedules: Vec<Filed<ScheduleFile<'n>>>,
    declared: Option<Declared>,
    /// The indices of the files with `test`.
    tests: Vec<usize>,
}

impl<'s> Compiler<'s> {
    fn new(sources: &'s Sources, ids: &[FileId], retention: time::Span) -> Self {
        let mut reports: Vec<Report<'s>> = ids.iter().map(|id| Report::new(*id, sources.text(*id))).collect();
        let roots = reports.iter_mut().map(document::read).collect();
        Self { sources, retention, reports, roots, diagnostics: Vec::new(), bare_within: Vec::new(), errors: 0 }
    }

    fn run(mut self, before: &Before) -> (Option<RuleSet>, Vec<Diagnostic>, Vec<TestFile>) {
        let roots = std::mem::take(&mut self.roots);
        let mut written = self.envelopes(&roots);
        let mut names = self.names(&mut written);
        names.before = before.clone();
        names.keywords = Keywords::new(&names.declared);
        keywords::lists(&names, &mut self.diagnostics);
        let mut uses = RuleUses::default();
        self.errors = self.reports.iter().map(Report::errors).sum();
        let segments = self.segments(&written.segments, &names, &mut uses);
        let campaigns = self.campaigns(&written.campaigns, &names, &mut uses);
        let schedules = self.schedules(&written.schedules, &names);
        self.refuse_own_journeys(&uses, &names);
        starts::warn_of_idle(&written.schedules, &written.campaigns, &mut self.reports);
        if let (Some(segments), Some(campaigns)) = (&segments, &campaigns) {
            starts::warn_of_circles(campaigns, segments, &written.campaigns, &mut self.reports);
        }
        let rules = written.segments.len() + written.campaigns.len() + written.schedules.len();
        self.advise(&names.declared, rules);
        let tests = std::mem::take(&mut written.tests);
        let files: Vec<FileId> = self.reports.iter().map(Report::file).collect();
        for report in self.reports {
            self.diagnostics.extend(report.into_diagnostics());
        }
        let rules = segments.zip(campaigns).zip(schedules).map(|((segments, campaigns), schedules)| RuleSet {
            schema: names.declared.schema,
            segments,
            campaigns,
            schedules,
        });
        let trees = files.into_iter().zip(roots).enumerate().filter(|(index, _)| tests.contains(index));
        let tests = trees.filter_map(|(_, (file, root))| Some(TestFile { file, root: root? })).collect();
        (rules, self.diagnostics, tests)
    }

    fn envelopes<'n>(&mut self, roots: &'n [Option<Node>]) -> Written<'n> {
        let mut written = Written::default();
        for (index, (root, report)) in roots.iter().zip(&mut self.reports).enumerate() {
            let Some(root) = root else { continue };
            let path = self.sources.path(report.file());
            let Some((kind, mut fields)) = kind(path, root, report) else { continue };
            match kind {
                Kind::Test => written.tests.push(index),
                Kind::Schema => match &written.declared {
                    None => written.declared = Some(schema::read(fields, report)),
                    Some(first) => {
                        let first = Span::new(first.file, 0, 0);
                        let complaint = Diagnostic::new(Code::E0908, report.span(&(0..0)), "there is a schema already");
                        self.diagnostics.push(complaint.also(first, "the first one"));
                    }
                },
                Kind::Rules => {
                    if let Some((key, node)) = fields.take_entry("segments") {
                        let segments = segments::read(key, node, report);
                        written.segments.extend(segments.into_iter().map(|segment| (index, segment)));
                    }
                    if let Some((key, node)) = fields.take_entry("campaigns") {
                        let campaigns = campaigns::read(key, node, report);
                        written.campaigns.extend(campaigns.into_iter().map(|campaign| (index, campaign)));
                    }
                    if let Some((key, node)) = fields.take_entry("schedules") {
                        let schedules = schedules::read(key, node, report);
                        written.schedules.extend(schedules.into_iter().map(|schedule| (index, schedule)));
                    }
                    fields.finish(report);
                }
            }
        }
        written
    }

    /// What can be named. E0302 for what is there twice.
    fn names(&mut self, written: &mut Written<'_>) -> Names {
        let mut names = Names { declared: written.declared.take().unwrap_or_default(), ..Names::default() };
        for (index, segment) in &written.segments {
            let Some(at) = self.span(*index, &segment.at) else { continue };
            let first = *names.segments.entry(segment.name.clone()).or_insert(at);
            if segment.when.is_none() {
                names.manual.insert(segment.name.clone());
            }
            self.refuse_double("segment", &segment.name, first, at);
        }
        for (index, campaign) in &written.campaigns {
            let Some(at) = self.span(*index, &campaign.at) else { continue };
            let steps = steps::all(&campaign.steps).into_iter().map(|step| step.id.clone()).collect();
            let first = names.campaigns.entry(campaign.name.clone()).or_insert(CampaignNames { at, steps }).at;
            self.refuse_double("campaign", &campaign.name, first, at);
        }
        for (index, schedule) in &written.schedules {
            let Some(at) = self.span(*index, &schedule.at) else { continue };
            // What could not be read is complained of there, and not where it is named as well.
            let starts = !matches!(schedule.task, Some(TaskFile::Recheck { .. }));
            let first = names.schedules.entry(schedule.name.clone()).or_insert(ScheduleNames { at, starts }).at;
            self.refuse_double("schedule", &schedule.name, first, at);
        }
        names
    }

    fn refuse_double(&mut self, what: &str, name: &str, first: Span, at: Span) {
        if first != at {
            let complaint = Diagnostic::new(Code::E0302, at, format!("there is a {what} `{name}` already"));
            self.diagnostics.push(complaint.also(first, "the first one"));
        }
    }

    fn span(&self, index: usize, at: &Range<usize>) -> Option<Span> {
        self.reports.get(index).map(|report| report.span(at))
    }

    fn segments(
        &mut self,
        written: &[Filed<SegmentFile<'_>>],
        names: &Names,
        uses: &mut RuleUses,
    ) -> Option<Vec<Segment>> {
        let mut segments: BTreeMap<String, Segment> = BTreeMap::new();
        let mut complete = true;
        for (index, file) in written {
            if self.is_full() {
                return None;
            }
            let Some(report) = self.reports.get_mut(*index) else { continue };
            let before = report.errors();
            let mut scope = Scope::new(names, Place::Segment, self.retention);
            scope.grace = file.grace.unwrap_or(scope.grace);
            let kind = match file.when {
                Some(node) => lower::condition(node, &mut scope, report).map(SegmentKind::Data),
                None => Some(SegmentKind::Manual),
            };
            let place = place(self.sources, report, &file.at);
            uses.segments.entry(file.name.clone()).or_default().append(&mut scope.segments);
            for (campaign, at) in scope.running {
                uses.running.entry(campaign).or_default().push((file.name.clone(), at));
            }
            report.extend(scope.complaints);
            self.errors += report.errors() - before;
            self.bare_within.append(&mut scope.bare_within);
            let Some(kind) = kind else {
                complete = false;
                continue;
            };
            let (name, title, owner) = (file.name.clone(), file.title.clone(), file.owner.clone());
            segments.insert(name.clone(), Segment { name, title, owner, place, kind });
        }
        let order = match graph::order(&uses.segments) {
            Ok(order) => order,
            Err(circles) => {
                self.refuse_circles(&circles, names);
                return None;
            }
        };
        complete.then(|| order.iter().filter_map(|name| segments.remove(name)).collect())
    }

    fn refuse_circles(&mut self, circles: &[Vec<String>], names: &Names) {
        for circle in circles {
            let mut places = circle.iter().filter_map(|name| names.segments.get(name));
            let Some(first) = places.next() else { continue };
            let path = circle.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            let mut complaint =
                Diagnostic::new(Code::E0410, *first, format!("segments name each other in a circle: {path}"));
            for place in places.filter(|place| *place != first) {
                complaint = complaint.also(*place, "part of it");
            }
            self.diagnostics.push(complaint);
        }
    }

    /// E0411: whether a journey runs must not decide whether one starts, at the same instant.
    fn refuse_own_journeys(&mut self, uses: &RuleUses, names: &Names) {
        let mut complain = |campaign: &str, at: Span, starts: &str| {
            let message = format!("this is part of what starts campaign `{campaign}`, and asks whether it runs");
            let mut complaint = Diagnostic::new(Code::E0411, at, message)
                .note("in the campaign's `filter` it may stand: that is asked once, before a journey starts");
            if let Some(names) = names.campaigns.get(campaign) {
                complaint = complaint.also(names.at, starts);
            }
            self.diagnostics.push(complaint);
        };
        for (campaign, trigger) in &uses.triggers {
            if let Some(at) = trigger.running.get(campaign) {
                complain(campaign, *at, "the campaign that it starts");
            }
            let Some(asking) = uses.running.get(campaign) else { continue };
            let starting = graph::reached(&trigger.segments, &uses.segments);
            for (segment, at) in asking.iter().filter(|(segment, _)| starting.contains(segment)) {
                complain(campaign, *at, &format!("started by segment `{segment}`"));
            }
        }
    }

    fn campaigns(
        &mut self,
        written: &[Filed<CampaignFile<'_>>],
        names: &Names,
        uses: &mut RuleUses,
    ) -> Option<Vec<Campaign>> {
        let (mut campaigns, mut complete) = (BTreeMap::new(), true);
        for (index, file) in written {
            if self.is_full() {
                return None;
            }
            let Some(report) = self.reports.get_mut(*index) else { continue };
            let before = report.errors();
            let mut scope = Scope::new(names, Place::Campaign, self.retention);
            scope.own_campaign = Some(file.name.clone());
            let place = place(self.sources, report, &file.at);
            let campaign = lower::campaign(file, place, &mut scope, report);
            uses.triggers.insert(file.name.clone(), std::mem::take(&mut scope.trigger));
            report.extend(scope.complaints);
            self.errors += report.errors() - before;
            self.bare_within.append(&mut scope.bare_within);
            match campaign {
                Some(campaign) => _ = campaigns.insert(campaign.name.clone(), campaign),
                None => complete = false,
            }
        }
        complete.then(|| campaigns.into_values().collect())
    }

    /// By name.
    fn schedules(&mut self, written: &[Filed<ScheduleFile<'_>>], names: &Names) -> Option<Vec<Schedule>> {
        let (mut schedules, mut complete) = (BTreeMap::new(), true);
        for (index, file) in written {
            if self.is_full() {
                return None;
            }
            let Some(report) = self.reports.get_mut(*index) else { continue };
            let before = report.errors();
            let mut scope = Scope::new(names, Place::Campaign, self.retention);
            let place = place(self.sources, report, &file.at);
            let schedule = lower::schedule(file, place, &mut scope, report);
            report.extend(scope.complaints);
            self.errors += report.errors() - before;
            self.bare_within.append(&mut scope.bare_within);
            match schedule {
                Some(schedule) => _ = schedules.insert(schedule.name.clone(), schedule),
                None => complete = false,
            }
        }
        complete.then(|| schedules.into_values().collect())
    }

    /// More would not be shown.
    fn is_full(&self) -> bool {
        self.errors > COMPLAINTS_MAX
    }

    /// Advice that is given once, however many places there are.
    fn advise(&mut self, declared: &Declared, rules: usize) {
        if let Some(first) = self.bare_within.first() {
            let places = self.bare_within.len();
            let message = format!(
                "`{}` counts back from now, and lapses; for answers in time write `{0} of the message it answers`",
                self.sources.slice(*first)
            );
            let counted =
                if places == 1 { "1 place".to_owned() } else { format!("{places} places, this is the first") };
            self.diagnostics.push(Diagnostic::new(Code::A0801, *first, message).label(counted));
        }
        let lists = ["stop", "start"].map(|list| (list, declared.entries_at.contains_key(list)));
        let missing: Vec<String> =
            lists.iter().filter(|(_, there)| !there).map(|(list, _)| format!("`{list}`")).collect();
        if declared.schema.declared && declared.schema.opt_out_keywords && !missing.is_empty() {
            let message = format!("the built-in words are in force for {}", missing.join(" and "));
            let complaint = Diagnostic::new(Code::A0802, Span::new(declared.file, 0, 0), message)
                .note("write these lists under `lists`, so that everybody sees which words unsubscribe");
            self.diagnostics.push(complaint);
        }
        if !declared.schema.declared
            && rules > 0
            && let Some(report) = self.reports.first()
        {
            let message = "there is no `schema.yaml`, so that attributes and events are taken as written";
            self.diagnostics.push(Diagnostic::new(Code::A0803, report.span(&(0..0)), message));
        }
    }
}

fn place(sources: &Sources, report: &Report<'_>, at: &Range<usize>) -> rule::Place {
    let line = u32::try_from(report.line(at.start)).unwrap_or(u32::MAX);
    rule::Place { file: sources.path(report.file()).to_owned(), line }
}

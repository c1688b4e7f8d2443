//! What came of tests, for each reader: sentences for people, JSON for programs, annotations for pull requests,
//! JUnit's XML for build servers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::coverage::{Coverage, Seen};
use super::story::Story;
use crate::diagnostic::{Code, Diagnostic, Sources, Span, github};

/// What came of one test.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub verdict: Verdict,
    /// What of the rules the test looked at.
    pub seen: Seen,
}

/// Whether everything was as expected.
#[derive(Clone, Debug)]
pub enum Verdict {
    Passed,
    /// At least one.
    Failed(Vec<Failure>),
    /// Not played, for this reason.
    Todo(String),
}

/// One expectation that is not met.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: Code,
    pub span: Span,
    pub at: Option<Instant>,
    /// What was looked at.
    pub what: String,
    pub expected: String,
    pub found: String,
    /// Sentences.
    pub reasons: Vec<String>,
}

/// An instant of a test.
#[derive(Clone, Debug)]
pub struct Instant {
    /// Counted from the start: `2 days 1 hour`.
    pub offset: String,
    /// As clocks show it: `Mon 30 Mar 12:00:00 CEST`.
    pub local: String,
}

/// A test, what came of it, and how long that took.
#[derive(Debug)]
pub struct Played<'s> {
    pub story: &'s Story,
    /// The files of its rule set.
    pub sources: &'s Sources,
    pub outcome: Outcome,
    pub millis: u64,
}

impl Played<'_> {
    fn path(&self) -> &str {
        self.sources.path(self.story.span.file)
    }
}

impl Outcome {
    pub(super) fn todo(reason: &str) -> Self {
        Self { verdict: Verdict::Todo(reason.to_owned()), seen: Seen::default() }
    }

    pub(super) fn played(failures: Vec<Failure>, seen: Seen) -> Self {
        let verdict = if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) };
        Self { verdict, seen }
    }

    /// What is not as expected.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        match &self.verdict {
            Verdict::Failed(failures) => failures,
            Verdict::Passed | Verdict::Todo(_) => &[],
        }
    }
}

impl Failure {
    pub(super) fn new(code: Code, span: Span, what: String) -> Self {
        Self { code, span, at: None, what, expected: String::new(), found: String::new(), reasons: Vec::new() }
    }

    pub(super) fn expected(self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into(), ..self }
    }

    pub(super) fn at(self, at: Instant) -> Self {
        Self { at: Some(at), ..self }
    }

    pub(super) fn because(self, reasons: Vec<String>) -> Self {
        Self { reasons, ..self }
    }

    /// `confirmed-recently: expected [], found [ana]`
    fn line(&self) -> String {
        format!("{}: expected {}, found {}", self.what, self.expected, self.found)
    }

    /// The failure as a complaint about the test `name`.
    fn diagnostic(&self, name: &str) -> Diagnostic {
        let mut lines = self.lines().into_iter();
        let first = lines.next().unwrap_or_default();
        lines.fold(Diagnostic::new(self.code, self.span, format!("{name}\n{first}")), Diagnostic::note)
    }

    /// The line with its instant in front, and the reasons below.
    fn lines(&self) -> Vec<String> {
        let at = self.at.as_ref().map(|at| format!("at {} ({})   ", at.offset, at.local));
        let first = format!("{}{}", at.unwrap_or_default(), self.line());
        std::iter::once(first).chain(self.reasons.iter().cloned()).collect()
    }
}

/// How many tests there were and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub tests: usize,
    pub failed: usize,
    pub todo: usize,
}

impl Count {
    /// Counts.
    #[must_use]
    pub fn of(played: &[Played<'_>]) -> Self {
        let mut count = Self { tests: played.len(), ..Self::default() };
        for one in played {
            match one.outcome.verdict {
                Verdict::Passed => {}
                Verdict::Failed(_) => count.failed += 1,
                Verdict::Todo(_) => count.todo += 1,
            }
        }
        count
    }
}

/// For people: what failed and what is to be done, and a last line with the numbers.
#[must_use]
pub fn human(played: &[Played<'_>]) -> String {
    let mut out = String::new();
    for one in played {
        let title = format!("{}: {}", one.path(), one.story.name);
        match &one.outcome.verdict {
            Verdict::Passed => {}
            Verdict::Failed(failures) => {
                let _ = writeln!(out, "FAIL {title}");
                for line in failures.iter().flat_map(Failure::lines) {
                    let _ = writeln!(out, "  {line}");
                }
            }
            Verdict::Todo(reason) => {
                let _ = writeln!(out, "TODO {title}\n  {reason}");
            }
        }
    }
    let Count { tests, failed, todo } = Count::of(played);
    let _ = writeln!(out, "{tests} test{}, {failed} failed, {todo} todo", if tests == 1 { "" } else { "s" });
    out
}

/// One object for programs.
#[must_use]
pub fn json(played: &[Played<'_>], coverage: &[Coverage]) -> Json {
    let Count { tests, failed, todo } = Count::of(played);
    let all: Vec<Json> = played.iter().map(test_json).collect();
    let mut json = json!({ "tests": all, "count": { "tests": tests, "failed": failed, "todo": todo } });
    if !coverage.is_empty() {
        json["coverage"] = coverage.iter().map(Coverage::json).collect();
    }
    json
}

fn test_json(one: &Played<'_>) -> Json {
    let mut json = place(one.story.span, one.sources);
    json["name"] = json!(one.story.name);
    json["milliseconds"] = json!(one.millis);
    json["outcome"] = json!(match &one.outcome.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Todo(_) => "todo",
    });
    if let Verdict::Todo(reason) = &one.outcome.verdict {
        json["reason"] = json!(reason);
    }
    let failures = one.outcome.failures().iter().map(|failure| {
        let mut json = place(failure.span, one.sources);
        json["code"] = json!(failure.code.as_str());
        json["at"] = json!(failure.at.as_ref().map(|at| &at.offset));
        json["local"] = json!(failure.at.as_ref().map(|at| &at.local));
        json["what"] = json!(failure.what);
        json["expected"] = json!(failure.expected);
        json["found"] = json!(failure.found);
        json["reasons"] = json!(failure.reasons);
        json
    });
    json["failures"] = failures.collect();
    json
}

fn place(span: Span, sources: &Sources) -> Json {
    let (line, column) = sources.place(span);
    json!({ "file": sources.path(span.file), "line": line, "column": column })
}

/// One workflow command for each failure, each test to be done and each rule without a test. `in_repository` says
/// how a file is named there.
#[must_use]
pub fn github(played: &[Played<'_>], coverage: &[Coverage], in_repository: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for one in played {
        let file = in_repository(one.path());
        for failure in one.outcome.failures() {
            let _ = writeln!(out, "{}", github::command(&failure.diagnostic(&one.story.name), one.sources, &file));
        }
        if let Verdict::Todo(reason) = &one.outcome.verdict {
            let (line, _) = one.sources.place(one.story.span);
            let text = github::data(&format!("{}: {reason}", one.story.name));
            let _ = writeln!(out, "::notice file={},line={line},title=todo::{text}", github::property(&file));
        }
    }
    for rule in coverage.iter().flat_map(Coverage::untested) {
        let (file, line) = (github::property(&in_repository(&rule.place.file)), rule.place.line);
        let text = github::data(&rule.complaint());
        let _ = writeln!(out, "::warning file={file},line={line},title={}::{text}", Code::W0710);
    }
    out
}

/// JUnit's XML: a suite for each file, a case for each test.
#[must_use]
pub fn junit(played: &[Played<'_>]) -> String {
    let mut suites: BTreeMap<&str, Vec<&Played<'_>>> = BTreeMap::new();
    for one in played {
        suites.entry(one.path()).or_default().push(one);
    }
    let Count { tests, failed, todo } = Count::of(played);
    let time = seconds(played.iter().map(|one| one.millis).sum());
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(
        out,
        "<testsuites name=\"antiphon\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"{todo}\" time=\"{time}\">"
    );
    for (path, cases) in suites {
        suite(&mut out, path, &cases);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, path: &str, cases: &[&Played<'_>]) {
    let count = |is: fn(&Verdict) -> bool| cases.iter().filter(|one| is(&one.outcome.verdict)).count();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        xml(path),
        cases.len(),
        count(|verdict| matches!(verdict, Verdict::Failed(_))),
        count(|verdict| matches!(verdict, Verdict::Todo(_))),
        seconds(cases.iter().map(|one| one.millis).sum()),
    );
    for one in cases {
        let (line, _) = one.sources.place(one.story.span);
        let _ = write!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\" file=\"{0}\" line=\"{line}\" time=\"{}\"",
            xml(path),
            xml(&one.story.name),
            seconds(one.millis),
        );
        match &one.outcome.verdict {
            Verdict::Passed => out.push_str("/>\n"),
            Verdict::Todo(reason) => {
                let _ = writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", xml(reason));
            }
            Verdict::Failed(failures) => {
                out.push_str(">\n");
                for failure in failures {
                    let (message, text) = (xml(&failure.line()), xml(&failure.lines().join("\n")));
                    let code = failure.code;
                    let _ = writeln!(out, "      <failure type=\"{code}\" message=\"{message}\">{text}</failure>");
                }
                out.push_str("    </testcase>\n");
            }
        }
    }
    out.push_str("  </testsuite>\n");
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// Text for an element or an attribute. What XML cannot hold is left out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_stay_texts() {
        assert_eq!(xml("<a b=\"c\">&\u{0}\u{1b}\u{fffe}é"), "&lt;a b=&quot;c&quot;&gt;&amp;é");
    }
}

//! Segments in English.

use super::Describer;
use super::outline::{Outline, wrapped};
use super::picture::pictures;
use crate::dsl::walk::Rule;
use crate::model::rule::{Condition, Counted, Happened, Point, Segment, SegmentKind, Times, Window};

impl Describer<'_> {
    pub(super) fn segment_rule(&self, segment: &Segment) -> String {
        let mut out = String::new();
        let rule = Rule::Segment(segment);
        self.head(rule, segment.title.as_deref(), segment.owner.as_deref(), &mut out);
        let SegmentKind::Data(condition) = &segment.kind else {
            let by =
                "Its members are chosen by hand: the API and `manual_segment` steps put people in and take them out.";
            wrapped("", "", by, &mut out);
            return out;
        };
        below("A person is in it while", self.condition(condition, false), &mut out);
        match (self.stays(condition, true), self.stays(condition, false)) {
            (true, true) => out.push_str("That never changes for a person.\n"),
            (true, false) => out.push_str("Once in, they stay: nothing here lapses.\n"),
            (false, true) => out.push_str("Once out, they stay out.\n"),
            (false, false) => {}
        }
        self.draw(&pictures(condition, &self.rules.schema), &mut out);
        self.notes(rule, &mut out);
        out
    }

    /// Whether the condition never becomes false once it is true; or, with `truth` false, never true again.
    /// Events that arrive late, and people whose zone changes, are left out.
    fn stays(&self, condition: &Condition, truth: bool) -> bool {
        match condition {
            Condition::Everyone | Condition::InSample { .. } => true,
            Condition::Not(part) => self.stays(part, !truth),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().all(|part| self.stays(part, truth)),
            Condition::KnownFor(_) => truth,
            Condition::InSegment(name) => match self.segment(name).map(|segment| &segment.kind) {
                // Segments name each other in no circle.
                Some(SegmentKind::Data(condition)) => self.stays(condition, truth),
                Some(SegmentKind::Manual) | None => false,
            },
            Condition::Happened(happened) => history_stays(happened, truth),
            Condition::Attribute(_)
            | Condition::InCampaign(_)
            | Condition::ServiceWindow
            | Condition::LocalTime { .. }
            | Condition::LocalDay(_)
            | Condition::HeldFor { .. } => false,
        }
    }
}

/// Counts over a window that lets nothing out again only grow.
fn history_stays(happened: &Happened, truth: bool) -> bool {
    let grows =
        matches!(happened.window, Window::Ever | Window::Since(Point::Instant(_)) | Window::Before(Point::Instant(_)));
    let times = match &happened.counted {
        Counted::Times(times) | Counted::Distinct { times, .. } => *times,
        Counted::Newest => return false,
    };
    let rises = match times {
        Times::AtLeast(_) => true,
        Times::AtMost(_) | Times::Exactly(0) => false,
        Times::Exactly(_) => return false,
    };
    grows && rises == truth
}

/// A head with a statement below it, or with its parts.
pub(super) fn below(head: &str, statement: Outline, out: &mut String) {
    if statement.parts.is_empty() {
        Outline { text: head.to_owned(), parts: vec![(String::new(), statement)] }.write("", out);
    } else {
        statement.behind(head).write("", out);
    }
}

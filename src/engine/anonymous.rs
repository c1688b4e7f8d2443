//! Events of nobody we know: they can start campaigns that do not need a person, and leave no trace in anybody.

use super::compiled::Versions;
use super::evaluate::Dirty;
use super::history::settle;
use super::matching::Observed;
use super::run::{Mode, Run};
use super::step::{Step, Subject};
use crate::model::event::Event;
use crate::model::person::Person;
use crate::model::time::Second;
use crate::model::transition::Cause;

/// Plays an anonymous event at `now`. Conditions see no person, and no history but this event; a
/// journey that begins goes as far as its first wait, and ends there.
#[must_use]
pub fn anonymous(versions: &Versions, event: &Event, now: Second) -> Step {
    let mut nobody = Subject::new(Person::nobody());
    let mut run = Run::new(versions, &mut nobody, None);
    run.mode = Mode::Anonymous;
    run.set_instant(now);
    let mut event = event.clone();
    settle(&mut event, 0, now);
    let cause = Cause::Event { seq: 0, key: event.key };
    let mut starts = run.remember(&Observed::new(&event), cause, &mut Dirty::new());
    starts.sort_by_key(|start| start.campaign);
    starts.dedup_by_key(|start| start.campaign);
    run.start_all(&starts, Some(&event), 0);
    run.go_on();
    run.input = Some(event);
    run.finish()
}

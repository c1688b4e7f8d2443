//! Why somebody is in a segment or not, as far as a story tells it: since when and by what, and until when.

use super::moment::offset_words;
use super::play::World;
use super::story::Who;
use super::told::described;
use crate::model::id::SegmentId;
use crate::model::time::Second;
use crate::model::transition::Cause;

/// A sentence about `person` and `segment` at `at`.
pub fn membership(world: &World<'_>, person: usize, segment: SegmentId, at: Second) -> String {
    let name = world.name(&Who::Person(person));
    let Some(life) = world.lives.get(person).and_then(Option::as_ref) else {
        return format!("{name} is not known yet");
    };
    let side = if life.is_in(segment, at) { "in" } else { "out" };
    let until = match life.next_flip(world.stage, segment, at) {
        Some(flip) => format!("until {}", world.local(flip, Some(person))),
        None => "for as long as nothing happens".to_owned(),
    };
    let Some(change) = life.newest_change(segment, at) else {
        return format!("{name} is {side} {until}: never was in");
    };
    let since = offset_words(world.story.start, change.at);
    let cause = match change.transition.cause {
        Cause::Born => "from their first second on".to_owned(),
        Cause::Event { seq, .. } => match life.history.iter().find(|event| event.seq == seq) {
            Some(event) => {
                let entry = life.entries.get(&seq).and_then(|entry| world.story.timeline.get(*entry));
                format!("by `{}`", entry.map_or_else(|| described(event), |happening| happening.words.clone()))
            }
            None => "by an event".to_owned(),
        },
        Cause::Occurrence(_) => "by a schedule".to_owned(),
        Cause::Wake | Cause::Rules | Cause::Recheck => "by time alone".to_owned(),
    };
    format!("{name} is {side} {until}: since {since}, {cause}")
}

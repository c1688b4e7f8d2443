//! What time alone brings about: due wakes, the waits of journeys, which are wakes too, and occurrences of schedules.
//! Nobody is polled: each sleeps until the earliest instant at which there is something to do.

pub mod occurrences;
mod timetable;
mod wakes;

pub use wakes::run;

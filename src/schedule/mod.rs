//! What time alone brings about: due wakes, and the waits of journeys, which are wakes too.
//! Nobody is polled: the scheduler sleeps until the earliest wake there is.

mod wakes;

pub use wakes::run;

//! Effects on their way out: addresses that are not called, receivers that behave badly, and what follows.

mod attempts;
mod delivery;
mod guard;
mod running;
mod toy;

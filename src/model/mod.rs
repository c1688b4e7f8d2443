//! The words everything else is written in: ids, time, values, events, people, rules, effects.
//! Plain data and pure functions; nothing here knows a rule file, a database or a provider.

pub mod cadence;
pub mod calendar;
pub mod compare;
pub mod consent;
pub mod effect;
pub mod event;
pub mod id;
pub mod identity;
pub mod inbound;
pub mod journey;
pub mod limit;
pub mod lookup;
pub mod message;
pub mod norm;
pub mod person;
pub mod phone;
pub mod rule;
pub mod said;
pub mod sample;
pub mod sender;
pub mod time;
pub mod transition;
pub mod value;

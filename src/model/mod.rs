//! The words everything else is written in: ids, time, values, events, people, rules, effects.
//! Plain data and pure functions; nothing here knows a rule file, a database or a provider.

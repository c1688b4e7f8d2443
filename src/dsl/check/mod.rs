//! What must hold between the parts of a rule set: names exist, types agree, nothing runs in a circle.

pub mod graph;
pub mod loops;
pub mod names;
pub mod outcomes;
pub mod values;

//! What must hold between the parts of a rule set: names exist, types agree, nothing runs in a circle.

pub mod graph;
pub mod names;
pub mod values;

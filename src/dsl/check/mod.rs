//! What must hold between the parts of a rule set: names exist, types agree, nothing runs in a circle; and what
//! is likely not what was meant.

pub mod graph;
pub mod keywords;
pub mod loops;
pub mod names;
pub mod outcomes;
pub mod pattern;
pub mod redundant;
pub mod values;

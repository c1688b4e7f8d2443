//! The proof that the engine is exact: random histories of a few people under changing rules, played by the engine
//! and by the definition. `tests/README.md` says how they are made, judged and run.

mod counts;
mod defined;
mod found;
mod histories;
mod pointwise;
mod relations;
mod shrink;
pub mod stage;
pub mod world;

//! How a rule set comes into force: stored as a version, active as a whole or not at all, and everybody
//! brought up to it. And whether what is kept of people is what the rules in force say.

pub mod audit;
mod catch_up;
pub mod folder;
mod follow;
mod pace;
pub mod plan;
mod publish;
mod publisher;
pub mod replay;

pub use catch_up::CatchUp;
pub use follow::{Folder, FolderTrouble, follow};
pub use publish::{Files, Intent, PublishError, Published, Refused, all_in_force, publish, refresh, versions};
pub use publisher::Publisher;

//! How a rule set comes into force: stored as a version, active as a whole or not at all, and everybody
//! brought up to it.

pub mod catch_up;
pub mod folder;
mod follow;
pub mod plan;
mod publish;
mod publisher;

pub use follow::{Folder, FolderTrouble, follow};
pub use publish::{Files, Intent, PublishError, Published, Refused, publish, refresh, versions};
pub use publisher::Publisher;

//! How a rule set comes into force: stored as a version, active as a whole or not at all, and everybody
//! brought up to it.

pub mod catch_up;
pub mod folder;
mod follow;
mod publish;

pub use follow::{Folder, FolderTrouble, follow};
pub use publish::{Files, PublishError, Published, Refused, publish, refresh, versions};

//! What leads from a provider's sender to a person: kinds of values, nothing about whose they are.

use serde::{Deserialize, Serialize};

/// What kind of value an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A number in E.164, from the attribute `phone`.
    Phone,
    /// A number that the provider uses for the person, learned from it.
    Alias,
    /// A business-scoped user id.
    UserId,
    /// The same of the parent business.
    ParentUserId,
}

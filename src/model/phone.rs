//! Telephone numbers in E.164. Placeholder of the type until the reader of numbers lands.
use serde::{Deserialize, Serialize};
/// A number in E.164, with its plus.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct Phone(String);
impl Phone {
    /// The number, with its plus.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

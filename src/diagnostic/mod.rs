//! What is wrong with a text somebody wrote, where, and how to put it right; and how that is shown.
//! Nothing here knows what the texts are about.

pub mod code;
#[expect(clippy::module_inception, reason = "the folder is named after what it makes")]
pub mod diagnostic;
pub mod github;
pub mod json;
pub mod page;
pub mod render;
pub mod span;
pub mod suggest;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Fix, Label, has_errors};
pub use page::Page;
pub use span::{FileId, Origin, Sources, Span};

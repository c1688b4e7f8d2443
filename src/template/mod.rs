//! The texts that rules send: a path, a Liquid text or a plain string, read, looked through and filled in.
//! The only home of Liquid. It has no loops, no ranges and no clock here, and what a text may use is
//! read by a stricter reader of our own first, so that Liquid never sees anything it could stumble over.

pub mod error;
mod filter;
pub mod locale;
pub mod path;
mod scan;
mod scope;
mod syntax;
#[expect(clippy::module_inception, reason = "the folder is named after what it holds")]
pub mod template;
pub mod text;
pub mod token;

pub use error::{RenderError, TemplateError};
pub use filter::names as filter_names;
pub use locale::Locale;
pub use path::{Path, Root, Values};
pub use template::Template;
pub use text::{Text, Use};

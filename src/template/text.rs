//! A Liquid text: read once, filled in often.

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use liquid_core::runtime::{RuntimeBuilder, Template as Compiled};
use liquid_core::{Language, Renderable, Runtime};
use liquid_lib::stdlib::{CaseBlock, IfBlock, UnlessBlock};

use super::error::{RenderError, TemplateError};
use super::filter::{self, Known, Problem};
use super::locale::Locale;
use super::path::{Path, Values};
use super::scan::scan;
use super::scope::Scope;

/// A text when it is filled in, and every value on the way to it.
pub const TEXT_BYTES_MAX: usize = 65_536;

/// A Liquid text. Cheap to clone and to share.
#[derive(Clone)]
pub struct Text(Arc<Inner>);

struct Inner {
    source: String,
    uses: Vec<Use>,
    compiled: Compiled,
}

/// A path in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub path: Path,
    /// Where it stands, in bytes from the start of the text.
    pub offset: usize,
    /// Whether the text provides for a missing value: by `default`, or because it only asks for it.
    pub may_be_missing: bool,
}

/// What Liquid is allowed: three blocks and our filters.
static LANGUAGE: LazyLock<Language> = LazyLock::new(|| {
    let mut language = Language::empty();
    language.blocks.register("if".to_owned(), Box::new(IfBlock));
    language.blocks.register("unless".to_owned(), Box::new(UnlessBlock));
    language.blocks.register("case".to_owned(), Box::new(CaseBlock));
    for filter in filter::all() {
        language.filters.register(filter.name.to_owned(), Box::new(Known(filter)));
    }
    language
});

impl Text {
    /// Reads a text.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let scanned = scan(source)?;
        let compiled = liquid_core::parser::parse(&scanned.liquid, &LANGUAGE).map(Compiled::new);
        // What the strict reader lets through, Liquid reads; a test holds them together.
        let compiled = compiled.map_err(|_| TemplateError::at(source, 0, "this cannot be read as a Liquid text"))?;
        Ok(Self(Arc::new(Inner { source: source.to_owned(), uses: scanned.uses, compiled })))
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Every place where a path stands, in order.
    #[must_use]
    pub fn uses(&self) -> &[Use] {
        &self.0.uses
    }

    /// The paths, sorted, each once.
    #[must_use]
    pub fn paths(&self) -> Vec<Path> {
        let mut paths: Vec<Path> = self.0.uses.iter().map(|used| used.path.clone()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Fills the text in. A missing value is nil and never an error.
    ///
    /// # Errors
    /// [`RenderError`]: too long, or a filter that cannot do what it is asked to.
    pub fn render(&self, values: &Values<'_>, locale: &Locale) -> Result<String, RenderError> {
        let scope = Scope { values, inner: RuntimeBuilder::new().build() };
        *scope.registers().get_mut::<Locale>() = locale.clone();
        let mut page = Page::default();
        let rendered = self.0.compiled.render_to(&mut page, &scope);
        if page.is_full {
            return Err(RenderError::TooLong);
        }
        match rendered {
            Ok(()) => Ok(page.text),
            Err(_) => Err(scope.registers().get_mut::<Problem>().0.take().unwrap_or(RenderError::Liquid)),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.source()).finish()
    }
}

/// Where Liquid writes to: a text that ends at its bound.
#[derive(Default)]
struct Page {
    text: String,
    is_full: bool,
}

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.is_full |= self.text.len() + bytes.len() > TEXT_BYTES_MAX;
        if self.is_full {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.text.push_str(std::str::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Places in texts: files with their names, ranges of bytes in them, and texts that were cut out of them.

/// A file of [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

/// Bytes `start..end` of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// Bytes `start..end` of `file`.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Self { file, start, end: end.max(start) }
    }

    /// From the beginning of this span to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.file, self.start, other.end)
    }

    /// The empty span in front of this one.
    #[must_use]
    pub fn before(self) -> Self {
        Self::new(self.file, self.start, self.start)
    }

    /// The empty span behind this one.
    #[must_use]
    pub fn after(self) -> Self {
        Self::new(self.file, self.end, self.end)
    }
}

/// Every file that was read, with its text.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    /// Takes in a file. The path is shown to people and opened by nobody.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push((path.into(), text.into()));
        FileId(self.files.len() - 1)
    }

    /// The path of `file`; nothing where it is none of these.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.files.get(file.0).map_or("", |(path, _)| path)
    }

    /// The text of `file`; nothing where it is none of these.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0).map_or("", |(_, text)| text)
    }

    /// What stands at `span`; nothing where that is no piece of the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start..span.end).unwrap_or_default()
    }

    /// Line and column of the beginning of `span`, both from 1; columns count characters.
    #[must_use]
    pub fn place(&self, span: Span) -> (usize, usize) {
        let text = self.text(span.file);
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// Where a text that was cut out of a file stands in it.
///
/// A block of YAML is indented in the file and not in its text, so each of its lines has its own place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    file: FileId,
    /// Offset in the text, offset of the same byte in the file; ascending.
    pieces: Vec<(usize, usize)>,
}

impl Origin {
    /// A text whose pieces begin at the given places: offset in the text, offset of the same byte in the file.
    #[must_use]
    pub fn new(file: FileId, mut pieces: Vec<(usize, usize)>) -> Self {
        pieces.sort_unstable();
        Self { file, pieces }
    }

    /// A text that stands in one piece in `file`, beginning at `start`.
    #[must_use]
    pub fn at(file: FileId, start: usize) -> Self {
        Self::new(file, vec![(0, start)])
    }

    /// The place in the file of bytes `start..end` of the text.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let first = self.byte(start);
        // The end belongs to the last byte inside: behind a line break the next line's place would be wrong.
        let last = if end > start { self.byte(end - 1).saturating_add(1) } else { first };
        Span::new(self.file, first, last)
    }

    fn byte(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|(text, _)| *text <= at);
        let (text, place) = next.checked_sub(1).and_then(|n| self.pieces.get(n)).copied().unwrap_or_default();
        place.saturating_add(at - text.min(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_indented_in_the_file_and_not_in_its_text() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "when: |\n  one\n  two\n");
        let origin = Origin::new(file, vec![(0, 10), (4, 16)]);
        assert_eq!(sources.slice(origin.span(4, 7)), "two");
        assert_eq!(sources.slice(origin.span(0, 3)), "one");
        assert_eq!(sources.slice(origin.span(0, 7)), "one\n  two");
        assert_eq!(sources.place(origin.span(5, 6)), (3, 4));
        // Up to and with the line break, not into the next line's indentation.
        assert_eq!(sources.slice(origin.span(0, 4)), "one\n");
    }

    #[test]
    fn what_lies_outside_is_empty() {
        let sources = Sources::default();
        assert_eq!(sources.slice(Span::new(FileId(7), 3, 9)), "");
        assert_eq!(sources.place(Span::new(FileId(7), 3, 9)), (1, 1));
        assert_eq!(Origin::default().span(3, 5), Span::new(FileId(0), 3, 5));
    }
}

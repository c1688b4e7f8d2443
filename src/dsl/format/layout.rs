//! From pieces to lines.

use super::doc::{Break, Doc, Token, spaced};

/// Columns of a line, where a break can help.
pub const LINE_COLUMNS_MAX: usize = 100;
/// How much further in what belongs to the line above stands.
const STEP: usize = 2;

/// Where a text will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Columns in front of its first line; they are not part of the text.
    pub indent: usize,
    /// Columns up to which a line may reach.
    pub columns: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { indent: 0, columns: LINE_COLUMNS_MAX }
    }
}

/// The lines of `doc`, without a line break at the end. `tail`: comments behind everything, each on its own line.
pub fn lines(doc: &Doc, tail: &[String], room: Room) -> String {
    let columns = room.columns.saturating_sub(room.indent);
    let mut writer = Writer { out: String::new(), column: 0, last: String::new(), next_line: None, columns };
    writer.write(doc, 0, 0);
    for comment in tail {
        writer.next_line = Some(0);
        writer.line(0);
        writer.put(comment);
    }
    writer.out
}

struct Writer {
    out: String,
    /// Characters on the last line.
    column: usize,
    /// The token that stands last on the line; empty at its beginning.
    last: String,
    /// What comes next begins a line, so far in.
    next_line: Option<usize>,
    columns: usize,
}

impl Writer {
    /// `indent`: where lines of this piece begin. `rest`: what must follow on its last line.
    fn write(&mut self, doc: &Doc, indent: usize, rest: usize) {
        match doc {
            Doc::Token(token) => self.token(token, indent + STEP),
            Doc::Row(docs) => self.row(docs, indent, rest),
            Doc::Group(_, docs) if self.fits(doc, rest) => self.row(docs, indent, rest),
            Doc::Group(Break::Parts | Break::KeptParts, docs) => {
                for (n, part) in docs.iter().enumerate() {
                    if n > 0 {
                        self.next_line = Some(indent);
                    }
                    self.write(part, indent, if n + 1 == docs.len() { rest } else { 0 });
                }
            }
            Doc::Group(Break::Steps, docs) => {
                for (n, step) in docs.iter().enumerate() {
                    if n > 0 {
                        self.next_line = Some(indent + STEP);
                    }
                    let inner = if n > 0 { indent + STEP } else { indent };
                    self.write(step, inner, if n + 1 == docs.len() { rest } else { 0 });
                }
            }
            Doc::Group(kind @ (Break::Brackets | Break::Filled), docs) => {
                let [open, inner @ .., close] = docs.as_slice() else { return };
                self.write(open, indent, 0);
                self.next_line = Some(indent + STEP);
                for piece in inner {
                    let crowded = self.column + 1 + piece.width() > self.columns;
                    if *kind == Break::Brackets || crowded {
                        self.next_line = Some(indent + STEP);
                    }
                    self.write(piece, indent + STEP, 0);
                }
                self.next_line = Some(indent);
                self.write(close, indent, rest);
            }
        }
    }

    fn row(&mut self, docs: &[Doc], indent: usize, rest: usize) {
        for (n, doc) in docs.iter().enumerate() {
            let behind = lead(docs.get(n + 1..).unwrap_or_default(), rest);
            self.write(doc, indent, behind);
        }
    }

    fn fits(&self, doc: &Doc, rest: usize) -> bool {
        if matches!(doc, Doc::Group(Break::KeptParts, _)) || doc.holds_comment() {
            return false;
        }
        let column = self.next_line.unwrap_or(self.column + usize::from(!self.last.is_empty()));
        column + doc.width() + rest <= self.columns
    }

    /// `further`: where a line begins that only a comment makes necessary.
    fn token(&mut self, token: &Token, further: usize) {
        for comment in &token.before {
            let indent = *self.next_line.get_or_insert(if self.out.is_empty() { 0 } else { further });
            self.line(indent);
            self.put(comment);
            self.next_line = Some(indent);
        }
        if let Some(indent) = self.next_line.take() {
            self.line(indent);
        }
        if !self.last.is_empty() && spaced(&self.last, &token.text) {
            self.put(" ");
        }
        self.put(&token.text);
        self.last.clone_from(&token.text);
        if let Some(comment) = &token.after {
            self.put(" ");
            self.put(comment);
            self.next_line = Some(further);
        }
    }

    /// Begins a line, unless nothing was written yet.
    fn line(&mut self, indent: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
            self.out.push_str(&" ".repeat(indent));
            self.column = indent;
        }
        self.last.clear();
        self.next_line = None;
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }
}

/// The columns of `docs` up to the first place where a line can be broken.
fn lead(docs: &[Doc], rest: usize) -> usize {
    let mut columns = 0;
    for doc in docs {
        match doc {
            Doc::Token(token) => columns += 1 + token.text.chars().count(),
            // What follows a bracket can go to the next line; so can what follows a first part.
            Doc::Group(..) => {
                return columns + 1 + doc.tokens().first().map_or(0, |token| token.text.chars().count());
            }
            Doc::Row(docs) => columns += lead(docs, 0),
        }
    }
    columns + rest
}

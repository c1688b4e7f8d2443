//! The strict reader: checks a text as a whole and writes the form of it that Liquid is given.
//!
//! Liquid itself cannot be trusted with what people write: it panics on long integers, its time is
//! quadratic in runs of white space, and its stack grows with each nested tag. So comments are cut out,
//! hyphens are carried out, tags are written anew from their tokens, and every depth and length is bounded.

use super::error::TemplateError;
use super::syntax::Tokens;
use super::text::Use;
use super::token::{self, BLANKS, Kind, Token};

/// A text as it is written.
pub const SOURCE_BYTES_MAX: usize = 16_384;
/// Blocks inside blocks; an `elsif` counts as one more.
pub const NESTING_MAX: usize = 32;
/// White space in a row. Liquid looks at each run again from each of its characters, and panics when that
/// is more than the bound on parsing which the rule language sets for the whole process.
pub const BLANKS_MAX: usize = 50;

const TAGS: [&str; 10] = ["if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase", "comment"];

/// A text that has been read.
pub(super) struct Scanned {
    /// What Liquid is given.
    pub liquid: String,
    /// The paths, in the order in which they stand there.
    pub uses: Vec<Use>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    If,
    Unless,
    Case,
}

impl Block {
    fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Unless => "unless",
            Self::Case => "case",
        }
    }
}

/// A block that is not closed yet.
struct Open {
    block: Block,
    offset: usize,
    /// How many levels Liquid needs for it.
    levels: usize,
    has_when: bool,
    has_else: bool,
}

struct Scanner<'s> {
    source: &'s str,
    scanned: Scanned,
    open: Vec<Open>,
    /// The length of the run of white space at the end of what has been written.
    blanks: usize,
}

/// Reads a text.
pub(super) fn scan(source: &str) -> Result<Scanned, TemplateError> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(TemplateError::at(
            source,
            SOURCE_BYTES_MAX,
            format!("a text is at most {SOURCE_BYTES_MAX} bytes long"),
        ));
    }
    let scanned = Scanned { liquid: String::with_capacity(source.len()), uses: Vec::new() };
    let mut scanner = Scanner { source, scanned, open: Vec::new(), blanks: 0 };
    scanner.run()?;
    match scanner.open.pop() {
        None => Ok(scanner.scanned),
        Some(open) => {
            let name = open.block.name();
            Err(TemplateError::at(source, open.offset, format!("`{name}` is not closed"))
                .help(format!("end it with `{{% end{name} %}}`")))
        }
    }
}

/// The next `{{` or `{%` at or behind `from`, and whether it is a tag.
fn opening(source: &str, from: usize) -> Option<(usize, bool)> {
    let bytes = source.as_bytes().get(from..)?;
    let at = bytes.windows(2).position(|pair| pair == b"{{" || pair == b"{%")?;
    Some((from + at, bytes.get(at + 1) == Some(&b'%')))
}

impl<'s> Scanner<'s> {
    fn run(&mut self) -> Result<(), TemplateError> {
        let mut at = 0;
        while let Some((start, is_tag)) = opening(self.source, at) {
            self.raw(at, start)?;
            let inside = start + 2;
            let trims = self.source.get(inside..).is_some_and(|rest| rest.starts_with('-') && !rest.starts_with("-}}"));
            if trims {
                let kept = self.scanned.liquid.trim_end_matches(BLANKS).len();
                self.scanned.liquid.truncate(kept);
                self.blanks = 0;
            }
            let inside = inside + usize::from(trims);
            if is_tag {
                self.check_name(inside)?;
            }
            let tag = token::read(self.source, inside, if is_tag { "%}" } else { "}}" })?;
            let (mut end, mut trims) = (tag.end, tag.trims);
            self.check_joint(start)?;
            if !is_tag && self.awaits_when() {
                return Err(self.before_when(start));
            }
            if !is_tag {
                Tokens::new(self.source, &tag.tokens, end, &mut self.scanned.uses).output()?;
                self.write("{{", &tag.tokens, "}}");
            } else if tag.tokens.first().is_some_and(|name| name.text == "comment") {
                (end, trims) = self.comment(start, &tag)?;
            } else {
                self.tag(start, &tag)?;
            }
            at = match self.source.get(end..).filter(|_| trims) {
                Some(rest) => self.source.len() - rest.trim_start_matches(BLANKS).len(),
                None => end,
            };
        }
        self.raw(at, self.source.len())
    }

    /// Text outside tags. Before the first `when` of a `case` it would be lost, so only white space may stand there.
    fn raw(&mut self, from: usize, to: usize) -> Result<(), TemplateError> {
        let text = self.source.get(from..to).unwrap_or_default();
        if self.awaits_when() {
            let lost = text.find(|c| !BLANKS.contains(&c));
            return lost.map_or(Ok(()), |at| Err(self.before_when(from + at)));
        }
        for (at, c) in text.char_indices() {
            self.blanks = if BLANKS.contains(&c) { self.blanks + 1 } else { 0 };
            if self.blanks > BLANKS_MAX {
                let message = format!("more than {BLANKS_MAX} spaces and line ends in a row");
                return Err(TemplateError::at(self.source, from + at, message));
            }
        }
        self.scanned.liquid.push_str(text);
        Ok(())
    }

    /// Where a hyphen took white space away, a `{` could come to stand before a tag and make another one.
    fn check_joint(&self, offset: usize) -> Result<(), TemplateError> {
        if self.scanned.liquid.ends_with('{') {
            return Err(TemplateError::at(self.source, offset, "a hyphen joins this with the `{` before it"));
        }
        Ok(())
    }

    fn write(&mut self, opening: &str, tokens: &[Token<'_>], closing: &str) {
        self.scanned.liquid.push_str(opening);
        for token in tokens {
            self.scanned.liquid.push(' ');
            self.scanned.liquid.push_str(token.text);
        }
        self.scanned.liquid.push(' ');
        self.scanned.liquid.push_str(closing);
        self.blanks = 0;
    }

    fn awaits_when(&self) -> bool {
        self.open.last().is_some_and(|open| open.block == Block::Case && !open.has_when)
    }

    fn before_when(&self, offset: usize) -> TemplateError {
        TemplateError::at(self.source, offset, "only `when` can follow `case`")
    }

    fn tag(&mut self, start: usize, tag: &token::Tag<'s>) -> Result<(), TemplateError> {
        let Some((name, rest)) = tag.tokens.split_first().filter(|(name, _)| name.kind == Kind::Word) else {
            return Err(TemplateError::at(self.source, start, "the name of a tag is expected behind `{%`"));
        };
        if self.awaits_when() && !["when", "endcase"].contains(&name.text) {
            return Err(self.before_when(start));
        }
        match name.text {
            "if" => self.begin(Block::If, start)?,
            "unless" => self.begin(Block::Unless, start)?,
            "case" => self.begin(Block::Case, start)?,
            "elsif" | "else" | "when" => self.branch(name)?,
            "endif" | "endunless" | "endcase" => self.finish(name)?,
            _ => return Err(self.unknown(name.offset, name.text)),
        }
        let mut tokens = Tokens::new(self.source, rest, tag.end, &mut self.scanned.uses);
        match name.text {
            "if" | "unless" | "elsif" => tokens.condition()?,
            "case" => tokens.subject()?,
            "when" => tokens.alternatives()?,
            _ => tokens.end()?,
        }
        self.write("{%", &tag.tokens, "%}");
        Ok(())
    }

    fn begin(&mut self, block: Block, offset: usize) -> Result<(), TemplateError> {
        self.open.push(Open { block, offset, levels: 1, has_when: false, has_else: false });
        self.check_nesting(offset)
    }

    fn check_nesting(&self, offset: usize) -> Result<(), TemplateError> {
        if self.open.iter().map(|open| open.levels).sum::<usize>() <= NESTING_MAX {
            return Ok(());
        }
        Err(TemplateError::at(
            self.source,
            offset,
            format!("more than {NESTING_MAX} blocks and `elsif` inside each other"),
        ))
    }

    fn branch(&mut self, name: &Token<'_>) -> Result<(), TemplateError> {
        let open = self.open.last_mut().filter(|open| !open.has_else);
        let fits = open.is_some_and(|open| match (name.text, open.block) {
            ("else", _) => {
                open.has_else = true;
                true
            }
            ("elsif", Block::If) => {
                open.levels += 1;
                true
            }
            ("when", Block::Case) => {
                open.has_when = true;
                true
            }
            _ => false,
        });
        if !fits {
            return Err(TemplateError::at(
                self.source,
                name.offset,
                format!("`{}` belongs to no open block", name.text),
            ));
        }
        self.check_nesting(name.offset)
    }

    fn finish(&mut self, name: &Token<'_>) -> Result<(), TemplateError> {
        let error = |message| TemplateError::at(self.source, name.offset, message);
        match self.open.pop() {
            None => Err(error(format!("`{}` closes nothing", name.text))),
            Some(open) if name.text.strip_prefix("end") == Some(open.block.name()) => Ok(()),
            Some(open) => Err(error(format!("`{}` cannot close `{}`", name.text, open.block.name()))),
        }
    }

    /// An unknown tag is told by its name, whatever its own syntax is.
    fn check_name(&self, inside: usize) -> Result<(), TemplateError> {
        let rest = self.source.get(inside..).unwrap_or_default().trim_start_matches(BLANKS);
        let name = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
        if name.is_empty() || TAGS.contains(&name) {
            Ok(())
        } else {
            Err(self.unknown(self.source.len() - rest.len(), name))
        }
    }

    fn unknown(&self, offset: usize, name: &str) -> TemplateError {
        let error = TemplateError::at(self.source, offset, format!("`{name}` is no tag of texts"));
        match name {
            "for" | "tablerow" | "cycle" => error.help("texts have no loops; `join` writes a list out"),
            _ => error.help("the tags are `if`, `unless`, `case` and `comment`"),
        }
    }

    /// Finds the end of a comment: where the text goes on, and whether a hyphen stands there. Comments nest.
    fn comment(&self, start: usize, tag: &token::Tag<'s>) -> Result<(usize, bool), TemplateError> {
        if let Some(extra) = tag.tokens.get(1) {
            return Err(TemplateError::at(self.source, extra.offset, "nothing may follow `comment`"));
        }
        let mut levels = 1_usize;
        let mut at = tag.end;
        while let Some((start, is_tag)) = opening(self.source, at) {
            at = start + 2;
            let inside = self.source.get(at..).filter(|_| is_tag).unwrap_or_default();
            let inside = inside.strip_prefix('-').unwrap_or(inside).trim_start_matches(BLANKS);
            let word = inside.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            let behind = inside.get(word.len()..).unwrap_or_default().trim_start_matches(BLANKS);
            let Some(rest) = behind.strip_prefix('-').unwrap_or(behind).strip_prefix("%}") else { continue };
            match word {
                "comment" => levels += 1,
                "endcomment" => levels -= 1,
                _ => {}
            }
            if levels == 0 {
                return Ok((self.source.len() - rest.len(), behind.starts_with('-')));
            }
        }
        Err(TemplateError::at(self.source, start, "`comment` is not closed").help("end it with `{% endcomment %}`"))
    }
}

//! A text of the language in pieces: which words follow each other, and where lines may be broken.

/// A piece that is never broken, with the comments that stand beside it.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    /// Where it stands in the text that was read, or the place that it is kept together with.
    pub at: usize,
    /// Comments on lines of their own, above it.
    pub before: Vec<String>,
    /// A comment at the end of its line.
    pub after: Option<String>,
}

/// Pieces in their order.
#[derive(Clone, Debug)]
pub enum Doc {
    Token(Token),
    /// One behind the other.
    Row(Vec<Doc>),
    /// On one line if there is room, else broken between the pieces.
    Group(Break, Vec<Doc>),
}

/// How a group is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Each on a line: what `and` or `or` joins.
    Parts,
    /// The same, even where there is room: so its author wrote it.
    KeptParts,
    /// Each on a line, those behind the first further in: the steps of a sequence.
    Steps,
    /// The first and the last are brackets; each piece between them on a line.
    Brackets,
    /// The first and the last are brackets; between them lines are filled.
    Filled,
}

impl Doc {
    /// A piece that stands at `at`.
    pub fn token(text: impl Into<String>, at: usize) -> Self {
        Self::Token(Token { text: text.into(), at, before: Vec::new(), after: None })
    }

    /// `word` in front of `behind`. A comment that stands between the two goes in front of both.
    pub fn led(word: &str, behind: Self) -> Self {
        let at = behind.tokens().first().map_or(0, |token| token.at);
        Self::Row(vec![Self::token(word, at), behind])
    }

    /// All tokens, in order.
    pub fn tokens(&self) -> Vec<&Token> {
        let (mut found, mut open) = (Vec::new(), vec![self]);
        while let Some(doc) = open.pop() {
            match doc {
                Self::Token(token) => found.push(token),
                Self::Row(docs) | Self::Group(_, docs) => open.extend(docs.iter().rev()),
            }
        }
        found
    }

    /// All tokens, in order, to be changed.
    pub fn tokens_mut(&mut self) -> Vec<&mut Token> {
        let (mut found, mut open) = (Vec::new(), vec![self]);
        while let Some(doc) = open.pop() {
            match doc {
                Self::Token(token) => found.push(token),
                Self::Row(docs) | Self::Group(_, docs) => open.extend(docs.iter_mut().rev()),
            }
        }
        found
    }

    /// Whether a comment stands between two of its tokens, so that it cannot be on one line.
    pub fn holds_comment(&self) -> bool {
        let tokens = self.tokens();
        let last = tokens.len().saturating_sub(1);
        tokens
            .iter()
            .enumerate()
            .any(|(n, token)| (n > 0 && !token.before.is_empty()) || (n < last && token.after.is_some()))
    }

    /// The characters that it takes up on one line, comments apart.
    pub fn width(&self) -> usize {
        let (mut width, mut last) = (0, "");
        for token in self.tokens() {
            width += usize::from(width > 0 && spaced(last, &token.text)) + token.text.chars().count();
            last = &token.text;
        }
        width
    }
}

/// Whether a space stands between two neighbours.
pub fn spaced(left: &str, right: &str) -> bool {
    !matches!(left, "(" | "[") && !matches!(right, ")" | "]" | ",")
}

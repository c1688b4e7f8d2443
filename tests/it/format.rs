//! The canonical form: it says what was said, and it is the form of itself.

mod files;
mod table;
mod trees;

use antiphon::dsl::format::{Kind, LINE_COLUMNS_MAX, Room, Tree, format_text};
use antiphon::dsl::syntax::WithoutSpans as _;
use proptest::prelude::*;

use crate::engine::chance::Chance;
use trees::{KINDS, Trees};

const TREES: u64 = 400;

/// Where texts stand in files: at the margin, and as far in as conditions are.
const ROOMS: [Room; 2] =
    [Room { indent: 0, columns: LINE_COLUMNS_MAX }, Room { indent: 12, columns: LINE_COLUMNS_MAX }];

/// `text` as it should be; it is right, and nothing else is said.
fn formatted(kind: Kind, text: &str, room: Room) -> String {
    match format_text(kind, text, room) {
        Ok(Some(formatted)) => formatted,
        Ok(None) => panic!("{kind:?} is not right:\n{text}"),
        Err(fault) => panic!("{kind:?} would say something else:\n{}\n---\n{}", fault.before, fault.after),
    }
}

/// Trees with the seed that each is made from.
fn trees() -> impl Iterator<Item = (u64, Kind, Tree)> {
    (0..TREES).map(|seed| {
        let kind = KINDS[usize::try_from(seed).expect("it is small") % KINDS.len()];
        (seed, kind, Trees::new(seed).tree(kind))
    })
}

#[test]
fn what_is_written_reads_as_what_was_meant() {
    for (seed, kind, tree) in trees() {
        let text = tree.text(Room::default());
        let read = Tree::read(kind, &text);
        assert_eq!(read.map(Tree::without_spans), Some(tree), "seed {seed}:\n{text}");
    }
}

#[test]
fn the_form_is_its_own_form() {
    for (seed, kind, tree) in trees() {
        for room in ROOMS {
            let once = formatted(kind, &tree.text(room), room);
            assert_eq!(formatted(kind, &once, room), once, "seed {seed}");
            let read = Tree::read(kind, &once).map(Tree::without_spans);
            assert_eq!(read, Some(tree.clone().without_redundant()), "seed {seed}:\n{once}");
        }
    }
}

/// The words of a text: what stands between them may be any white space, and comments.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start, mut quote, mut escaped) = (Vec::new(), 0, None, false);
    let mut end_word = |start: &mut usize, at: usize| {
        words.extend(text.get(*start..at).filter(|word| !word.trim().is_empty()));
        *start = at;
    };
    for (at, c) in text.char_indices() {
        if let Some(end) = quote {
            let closes = c == end && !escaped;
            escaped = c == '\\' && !escaped && end != '`';
            if closes {
                quote = None;
            }
            continue;
        }
        match c {
            '"' | '/' | '`' => {
                // `person.` in front of a path, and flags behind a pattern, belong to it; these begin something.
                end_word(&mut start, at);
                quote = Some(c);
            }
            c if c.is_whitespace() => {
                end_word(&mut start, at);
                start = at + c.len_utf8();
            }
            '(' | ')' | '[' | ']' | ',' => {
                end_word(&mut start, at);
                end_word(&mut start, at + 1);
            }
            _ => {}
        }
    }
    end_word(&mut start, text.len());
    words
}

/// The words of `text` with white space and comments between them as chance has it.
fn sprinkled(text: &str, chance: &mut Chance, comments: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut comment = |out: &mut String, chance: &mut Chance| {
        let text = match chance.below(4) {
            0 => format!("# {}", "long ".repeat(30).trim_end()),
            1 => "#".to_owned(),
            2 => "# \"open ( [ / ` ä 👍".to_owned(),
            _ => format!("#{}", chance.below(1_000)),
        };
        out.push_str(&text);
        out.push_str(pick(chance, &["\n", "\n\n", "  \n", "\r\n"]));
        comments.push(text);
    };
    for word in words(text) {
        while chance.percent(12) {
            out.push_str(pick(chance, &["", " ", "\n", "\n  "]));
            comment(&mut out, chance);
        }
        out.push_str(pick(chance, &[" ", " ", "  ", "\t", "\n", "\n\n   ", "\r\n"]));
        out.push_str(word);
    }
    while chance.percent(30) {
        out.push(' ');
        comment(&mut out, chance);
    }
    out
}

fn pick<'a>(chance: &mut Chance, of: &[&'a str]) -> &'a str {
    chance.one::<&str>(of)
}

/// What stands behind `#` in a text without quotes, patterns and backticks.
fn comments_of(text: &str) -> Vec<String> {
    let found = |line: &str| line.find('#').map(|at| line[at..].trim_end().to_owned());
    let mut comments: Vec<String> = text.lines().filter_map(found).collect();
    comments.sort();
    comments
}

#[test]
fn comments_survive_wherever_they_stand() {
    let mut sprinkled_over = 0;
    for (seed, kind, tree) in trees() {
        let plain = tree.text(Room::default());
        // A sign in quotes makes it hard to tell what is a comment, for this test and not for the formatter.
        if plain.contains('#') {
            continue;
        }
        sprinkled_over += 1;
        let mut chance = Chance::new(seed);
        let mut comments = Vec::new();
        let text = sprinkled(&plain, &mut chance, &mut comments);
        comments.sort();
        for room in ROOMS {
            let once = formatted(kind, &text, room);
            assert_eq!(comments_of(&once), comments, "seed {seed}:\n{text}\n---\n{once}");
            assert_eq!(formatted(kind, &once, room), once, "seed {seed}:\n{text}\n---\n{once}");
            let read = Tree::read(kind, &once).map(Tree::without_spans);
            assert_eq!(read, Some(tree.clone().without_redundant()), "seed {seed}:\n{once}");
        }
    }
    assert!(sprinkled_over > TREES / 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever is written: what has a form gets it, and nobody falls over the rest.
    #[test]
    fn any_text_gets_an_answer(text in "(replied|YES|not|\\(|\\)|and|or|#x\n|\"|/|`|then|within|2 days|ever|\\[|\\]|,| |\n){0,24}") {
        for kind in KINDS {
            prop_assert!(format_text(kind, &text, Room::default()).is_ok());
        }
    }
}

#[test]
fn no_line_is_longer_than_it_must_be() {
    let mut broken = 0;
    for (seed, _, tree) in trees() {
        let text = tree.text(Room::default());
        for line in text.lines().filter(|line| line.chars().count() > LINE_COLUMNS_MAX) {
            // Only what is one test may be so long: nothing in it can stand on a line of its own.
            let test = line.trim_start().split_once(' ').filter(|(word, _)| ["and", "or", "then"].contains(word));
            let test = test.map_or(line, |(_, test)| test);
            let joined = [" and ", " or ", " then "].iter().any(|join| test.contains(join));
            assert!(!joined || line.contains('"'), "seed {seed}: {line}\n{text}");
        }
        broken += usize::from(text.contains('\n'));
    }
    assert!(broken > 40, "{broken}");
}

//! Keywords against the lists of the schema: what they say beside what they are meant to say, and how they look.

use std::collections::BTreeMap;

use icu_properties::props::{BidiControl, GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_segmentation::UnicodeSegmentation as _;

use super::names::Names;
use crate::diagnostic::diagnostic::Edit;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::envelope::schema::Declared;
use crate::model::norm::{Normal, normalise};

/// The lists whose words the server itself obeys.
const OBEYED: [&str; 2] = ["stop", "start"];

/// The entries of all lists, after norm/1.
#[derive(Debug, Default)]
pub struct Keywords {
    /// By entry: the lists that have it, and which of their entries it is.
    entries: BTreeMap<Normal, Vec<(String, usize)>>,
    /// Whether the words of `stop` and `start` are obeyed.
    obeyed: bool,
}

impl Keywords {
    /// The entries of the lists that are declared, or built in.
    pub fn new(declared: &Declared) -> Self {
        let mut entries: BTreeMap<Normal, Vec<(String, usize)>> = BTreeMap::new();
        for (list, words) in &declared.schema.lists {
            for (n, word) in words.iter().enumerate() {
                let word = normalise(word);
                if !word.is_empty() {
                    entries.entry(word).or_default().push((list.clone(), n));
                }
            }
        }
        Self { entries, obeyed: declared.schema.opt_out_keywords }
    }

    /// A list that has `word`, and which of its entries it is.
    pub fn list_with(&self, word: &str) -> Option<(&str, usize)> {
        self.of(word).next()
    }

    fn of(&self, word: &str) -> impl Iterator<Item = (&str, usize)> {
        self.entries.get(&normalise(word)).into_iter().flatten().map(|(list, n)| (list.as_str(), *n))
    }

    /// The list `stop` or `start`, if the server obeys `word`.
    fn obeyed(&self, word: &str) -> Option<(&str, usize)> {
        self.of(word).find(|(list, _)| self.obeyed && OBEYED.contains(list))
    }
}

/// The complaints about one keyword of a rule, which stands at `span`.
pub fn keyword(word: &str, span: Span, names: &Names, out: &mut Vec<Diagnostic>) {
    out.extend(look(word, span));
    if let Some((list, n)) = names.keywords.obeyed(word) {
        let complaint = obeyed(word, span, list).note(format!("if that is meant, `any of {list}` says so"));
        out.push(point_to(complaint, names, list, n));
    }
}

/// W0701: `word`, which stands at `span`, is meant as a whole message, and `how` finds it inside of others.
/// `whole` is the edit that asks for the whole message.
pub fn in_others(how: &str, word: &str, span: Span, whole: (Span, &str), names: &Names) -> Option<Diagnostic> {
    let (list, n) = names.keywords.list_with(word)?;
    let message = format!("a message that says something else can be found with `{how}`");
    let example = if how == "containing" { format!("`not {word}`") } else { format!("`{word} 👎`") };
    let complaint = Diagnostic::new(Code::W0701, span, message).label(format!("{example} is found")).fix(
        "only the whole message",
        whole.0,
        whole.1,
    );
    Some(point_to(complaint, names, list, n))
}

/// W0708: which of the keywords of one list are equal to earlier ones after norm/1. Behind each its place.
pub fn equal_entries(words: &[(&str, Span)], out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<Normal, (&str, Span)> = BTreeMap::new();
    for (n, (word, span)) in words.iter().enumerate() {
        let normal = normalise(word);
        // What has no token is complained of elsewhere.
        if normal.is_empty() {
            continue;
        }
        let Some((first, at)) = seen.get(&normal) else {
            seen.insert(normal, (*word, *span));
            continue;
        };
        let message = if first == word {
            format!("`{word}` stands in this list twice")
        } else {
            format!("`{word}` matches the same messages as `{first}`")
        };
        let before = n.checked_sub(1).and_then(|n| words.get(n)).map_or(*span, |(_, before)| *before);
        let cut = Edit { span: Span::new(span.file, before.end, span.end), replacement: String::new() };
        out.push(Diagnostic::new(Code::W0708, *span, message).also(*at, "this one").fix_all("take it out", vec![cut]));
    }
}

/// The complaints about the lists of the schema by themselves.
pub fn lists(names: &Names, out: &mut Vec<Diagnostic>) {
    for (list, places) in &names.declared.entries_at {
        let words = names.declared.schema.lists.get(list).map(Vec::as_slice).unwrap_or_default();
        let words: Vec<(&str, Span)> =
            words.iter().map(String::as_str).zip(places.iter().map(|at| names.schema_span(at))).collect();
        equal_entries(&words, out);
        for (word, span) in words {
            out.extend(look(word, span));
            let other = names.keywords.of(word).find(|(other, _)| {
                // Of `stop` and `start` themselves, the second is complained of for what it has of the first.
                names.keywords.obeyed && OBEYED.contains(other) && other != list && (list != "start")
            });
            if let Some((other, n)) = other {
                out.push(point_to(obeyed(word, span, other), names, other, n));
            }
        }
    }
}

fn obeyed(word: &str, span: Span, list: &str) -> Diagnostic {
    let (message, note) = if list == "stop" {
        (format!("a message that says `{word}` also unsubscribes"), "nothing is sent to the unsubscribed")
    } else {
        (
            format!("a message that says `{word}` also lifts what a word of list `stop` did"),
            "then we write to them again",
        )
    };
    Diagnostic::new(Code::W0714, span, message).label(format!("a word of list `{list}`")).note(note)
}

/// Points to entry `n` of `list`, unless the list is built in.
fn point_to(complaint: Diagnostic, names: &Names, list: &str, n: usize) -> Diagnostic {
    match names.entry_span(list, n) {
        Some(at) => complaint.also(at, format!("in list `{list}`")),
        None => complaint,
    }
}

/// W0709: a keyword that does not look like what it is.
fn look(word: &str, span: Span) -> Option<Diagnostic> {
    if word.is_ascii() {
        return None;
    }
    let bidi = CodePointSetData::new::<BidiControl>();
    if let Some(c) = word.chars().find(|c| bidi.contains(*c)) {
        let complaint =
            Diagnostic::new(Code::W0709, span, "this keyword holds a character that turns the writing around")
                .label(format!("U+{:04X}, which cannot be seen", u32::from(c)));
        let without: String = word.chars().filter(|c| !bidi.contains(*c)).collect();
        return Some(complaint.fix("write it without", span, quoted(&without)));
    }
    let (token, a, b) = word.unicode_words().find_map(mixed)?;
    Some(
        Diagnostic::new(Code::W0709, span, format!("`{token}` is written with letters of two scripts"))
            .label(format!("`{}` is {}, `{}` is {}", a.0, a.1, b.0, b.1))
            .note("they can look alike; who types the word on one keyboard is then not understood"),
    )
}

type Letter = (char, &'static str);

/// Two letters of one word whose scripts are not written together.
fn mixed(token: &str) -> Option<(&str, Letter, Letter)> {
    let mut first: Option<(char, Script)> = None;
    for c in token.chars() {
        let Some(script) = script(c) else { continue };
        match first {
            None => first = Some((c, script)),
            Some((other, known)) if known != script && !together(known, script) => {
                return Some((token, (other, named(known)), (c, named(script))));
            }
            Some(_) => {}
        }
    }
    None
}

/// The script of a letter; none for what all scripts share.
fn script(c: char) -> Option<Script> {
    let letters = CodePointMapData::<GeneralCategory>::new();
    let script = CodePointMapData::<Script>::new().get(c);
    let is_letter = GeneralCategoryGroup::Letter.contains(letters.get(c));
    (is_letter && ![Script::Common, Script::Inherited, Script::Unknown].contains(&script)).then_some(script)
}

/// Whether these scripts make up one way of writing: Japanese, Korean, and Chinese with its sounds.
fn together(a: Script, b: Script) -> bool {
    let japanese = [Script::Han, Script::Hiragana, Script::Katakana];
    let of = |scripts: &[Script]| scripts.contains(&a) && scripts.contains(&b);
    of(&japanese) || of(&[Script::Han, Script::Hangul]) || of(&[Script::Han, Script::Bopomofo])
}

fn named(script: Script) -> &'static str {
    match script {
        Script::Latin => "Latin",
        Script::Cyrillic => "Cyrillic",
        Script::Greek => "Greek",
        Script::Armenian => "Armenian",
        Script::Cherokee => "Cherokee",
        Script::Hebrew => "Hebrew",
        Script::Arabic => "Arabic",
        Script::Han => "Chinese",
        Script::Hangul => "Korean",
        Script::Hiragana | Script::Katakana => "Japanese",
        _ => "of another script",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

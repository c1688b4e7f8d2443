//! Telephone numbers in E.164: how they are read, and under which other spellings the same line is known.
//! The only home of `phonenumber`. Whose number it is, is decided elsewhere.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Metadata, PhoneNumber, Type, country};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A number that is written longer than this is not read.
pub const WRITTEN_BYTES_MAX: usize = 250;

/// A number in E.164: a plus and 3 to 20 digits. Personal data: `Debug` shows the last three digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// Why something that stands where a number should is none. The text stays what it is; no identity is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUsable {
    /// It does not read as a number at all.
    Unreadable,
    /// It reads as a number, but no number of its country is that long.
    Impossible,
}

/// The country whose numbers are written without a country code. Two capital letters, as in ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(country::Id);

impl Phone {
    /// The number, with its plus.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number that is in E.164 already, as [`Phone::as_str`] gave it.
    #[must_use]
    pub fn from_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let fits = (3..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The number in a `wa_id`: its digits are the number, whatever the plan of the country says.
    /// Mexico's old mobile prefix is left out.
    #[must_use]
    pub fn from_whatsapp(wa_id: &str) -> Option<Self> {
        let digits = wa_id.strip_prefix('+').unwrap_or(wa_id);
        Self::from_e164(&format!("+{digits}")).map(Self::without_mexican_prefix)
    }

    /// The number that somebody wrote into an attribute: as good as it can be told, a number without
    /// a country code being one of `region`. A number need only be possible: it has one of the
    /// lengths of its country's full numbers.
    ///
    /// # Errors
    /// [`NotUsable`], when it is no number or not a possible one.
    pub fn from_attribute(written: &Json, region: Region) -> Result<Self, NotUsable> {
        let text = match written {
            Json::String(text) => cleaned(text),
            Json::Number(number) => decimal_digits(number),
            _ => None,
        };
        let text = text.ok_or(NotUsable::Unreadable)?;
        if text.starts_with('+') { international(&text) } else { national(&text, region) }
    }

    /// The other spellings under which the same line may be known, best first, without this one.
    /// They only find somebody who exists; no number is ever rewritten to one of them.
    #[must_use]
    pub fn variants(&self) -> Vec<Self> {
        let digits = self.0.trim_start_matches('+');
        let other = digits.split_at_checked(2).and_then(|(code, number)| match code {
            "55" => brazil(number).map(|number| format!("+55{number}")),
            "52" => match (number.strip_prefix('1'), number.len()) {
                (Some(number), 11) => Some(format!("+52{number}")),
                (_, 10) => Some(format!("+521{number}")),
                _ => None,
            },
            // A number without the 9 is somebody's landline, so this goes one way.
            "54" => number.strip_prefix('9').filter(|number| number.len() == 10).map(|number| format!("+54{number}")),
            "22" => west_africa(number).map(|number| format!("+22{number}")),
            _ => None,
        });
        other.map(Self).into_iter().collect()
    }

    /// `+521` and ten digits is how Mexico's mobile numbers were once dialled from abroad.
    fn without_mexican_prefix(self) -> Self {
        match self.0.strip_prefix("+521") {
            Some(number) if number.len() == 10 => Self(format!("+52{number}")),
            _ => self,
        }
    }
}

/// Brazil's mobile numbers were given a leading 9; landlines (2 to 5) never had one.
fn brazil(number: &str) -> Option<String> {
    let is_mobile = |line: &str| line.len() == 8 && line.starts_with(['6', '7', '8', '9']);
    let (area, line) = number.split_at_checked(2)?;
    match line.strip_prefix('9') {
        Some(short) if is_mobile(short) => Some(format!("{area}{short}")),
        _ if is_mobile(line) => Some(format!("{area}9{line}")),
        _ => None,
    }
}

/// Benin put 01 before all its numbers; Ivory Coast put one of three prefixes, so the way back is not known.
fn west_africa(number: &str) -> Option<String> {
    let (country, line) = number.split_at_checked(1)?;
    match (country, line.len()) {
        ("9", 10) => line.strip_prefix("01").map(|line| format!("9{line}")),
        ("9", 8) => Some(format!("901{line}")),
        ("5", 10) => ["01", "05", "07"].iter().find_map(|p| line.strip_prefix(p)).map(|line| format!("5{line}")),
        _ => None,
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(…{})", self.0.get(self.0.len().saturating_sub(3)..).unwrap_or_default())
    }
}

impl TryFrom<String> for Phone {
    type Error = NotUsable;

    fn try_from(text: String) -> Result<Self, NotUsable> {
        Self::from_e164(&text).ok_or(NotUsable::Unreadable)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl fmt::Display for NotUsable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "not a telephone number",
            Self::Impossible => "no number of that country is that long",
        })
    }
}

impl std::error::Error for NotUsable {}

impl Region {
    /// The country with these two letters, if it has telephone numbers.
    #[must_use]
    pub fn read(letters: &str) -> Option<Self> {
        let id = letters.parse::<country::Id>().ok()?;
        DATABASE.by_id(id.as_ref()).map(|_| Self(id))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(country::US)
    }
}

/// A JSON number as the digits it stands for; one with a sign or a fraction is no telephone number.
fn decimal_digits(number: &serde_json::Number) -> Option<String> {
    let whole = number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n));
    number.as_u64().map(|n| n.to_string()).or_else(|| whole.map(|n| format!("{n:.0}")))
}

/// The written number in ASCII, from its plus or first digit on, without what other programs put around it.
fn cleaned(text: &str) -> Option<String> {
    if text.len() > WRITTEN_BYTES_MAX {
        return None;
    }
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let text: String = ComposingNormalizerBorrowed::new_nfkc()
        .normalize(text)
        .chars()
        .filter(|&c| !ignorable.contains(c))
        .map(ascii_digit)
        .collect();
    let text = text.trim();
    let text = ["whatsapp:", "tel:"].iter().fold(text, |text, prefix| match text.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => text,
    });
    // The parameters of a `tel:` address: an extension is dropped.
    let text = text.split_once(";ext=").map_or(text, |(number, _)| number);
    let text = ["@s.whatsapp.net", "@c.us"].iter().fold(text, |text, suffix| text.strip_suffix(suffix).unwrap_or(text));
    let start = text.find(|c: char| c == '+' || c.is_ascii_digit())?;
    let text = text.get(start..)?;
    Some(text.strip_prefix("00").map_or_else(|| text.to_owned(), |rest| format!("+{rest}")))
}

/// The ASCII digit for a decimal digit of any script. Unicode keeps each script's ten side by side, from zero on.
fn ascii_digit(c: char) -> char {
    if c.is_ascii() || CodePointMapData::<GeneralCategory>::new().get(c) != GeneralCategory::DecimalNumber {
        return c;
    }
    let digits = CodePointMapData::<GeneralCategory>::new();
    let code = u32::from(c);
    let run = digits.iter_ranges_for_value(GeneralCategory::DecimalNumber).find(|run| run.contains(&code));
    run.and_then(|run| char::from_digit((code - run.start()) % 10, 10)).unwrap_or(c)
}

/// Reads a number that starts with a plus.
fn international(text: &str) -> Result<Phone, NotUsable> {
    // Without a region: given one, the crate would strip that region's trunk prefix from a foreign number.
    let parsed = phonenumber::parse(None, text).map_err(|_| NotUsable::Unreadable)?;
    let written = digits_as_written(text, &parsed).and_then(|digits| by_country_code(&digits));
    written.or_else(|| as_parsed(&parsed)).ok_or(NotUsable::Impossible)
}

/// Reads a number of `region`; or, if it cannot be one, a bare country code and number.
fn national(text: &str, region: Region) -> Result<Phone, NotUsable> {
    let parsed = phonenumber::parse(Some(region.0), text).map_err(|_| NotUsable::Unreadable)?;
    let plan = DATABASE.by_id(region.as_str()).ok_or(NotUsable::Unreadable)?;
    let Some(digits) = digits_as_written(text, &parsed) else {
        return as_parsed(&parsed).ok_or(NotUsable::Impossible);
    };
    let abroad = plan.international_prefix().and_then(|prefix| {
        prefix.find(&digits).filter(|found| found.start() == 0).and_then(|found| digits.get(found.end()..))
    });
    let with_code = digits.strip_prefix(&plan.country_code().to_string());
    let is_bare = text.len() == digits.len();
    let is_local = kinds(plan).any(|kind| holds_length(kind.possible_local_length(), &digits));
    in_plan(plan, &digits)
        .or_else(|| abroad.and_then(by_country_code))
        .or_else(|| with_code.and_then(|rest| in_plan(plan, rest)))
        .or_else(|| as_parsed(&parsed))
        .or_else(|| possible(plan.country_code(), &digits))
        .or_else(|| (is_bare && !is_local).then(|| by_country_code(&digits)).flatten())
        .ok_or(NotUsable::Impossible)
}

/// The digits of the number itself, without plus and extension; none if it is spelt with letters.
fn digits_as_written(text: &str, parsed: &PhoneNumber) -> Option<String> {
    let is_separator = |c: char| " -.()/[]~\u{2212}".contains(c) || ('\u{2010}'..='\u{2015}').contains(&c);
    let text = text.trim_start_matches('+');
    let end = text.find(|c: char| !c.is_ascii_digit() && !is_separator(c));
    if end.is_some() && parsed.extension().is_none() {
        return None;
    }
    let number = end.map_or(text, |end| text.get(..end).unwrap_or_default());
    Some(number.chars().filter(char::is_ascii_digit).collect())
}

/// The number that starts with a country code, if it is possible.
fn by_country_code(digits: &str) -> Option<Phone> {
    let mexican = Phone(format!("+{digits}")).without_mexican_prefix();
    let digits = mexican.0.trim_start_matches('+');
    (1..=3).find_map(|length| {
        let (code, number) = digits.split_at_checked(length)?;
        let code = code.parse().ok().filter(|_| !code.starts_with('0'))?;
        in_plan(main_plan(code)?, number).or_else(|| possible(code, number))
    })
}

/// A number that fits the country's plan as it is written, or without its trunk prefix.
///
/// The crate strips that prefix by itself, but also from numbers that begin with the same digits
/// (`+7 812 …`), and sometimes twice; so what fits as it is written is never given to it.
fn in_plan(plan: &Metadata, digits: &str) -> Option<Phone> {
    let trunk = plan.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
    let is_assigned = |number: &&str| kinds(plan).any(|kind| kind.is_match(number));
    let is_regular = |number: &&str| {
        let found = plan.descriptors().general().national_number().find(number).map(|found| found.range());
        found == Some(0..number.len())
    };
    let written = || [Some(digits), trunk].into_iter().flatten();
    let assigned = written().filter(is_assigned).find_map(|number| possible(plan.country_code(), number));
    assigned.or_else(|| written().filter(is_regular).find_map(|number| possible(plan.country_code(), number)))
}

/// What the crate made of the text, if it is a possible number.
fn as_parsed(parsed: &PhoneNumber) -> Option<Phone> {
    possible(parsed.code().value(), &parsed.national().to_string())
}

/// The gate. The crate leaves the lengths of a country as a whole empty, so the kinds of its numbers
/// are asked; and of countries that share a code the main one speaks for all, as libphonenumber has it.
fn possible(code: u16, number: &str) -> Option<Phone> {
    let is_possible = kinds(main_plan(code)?).any(|kind| holds_length(kind.possible_length(), number));
    is_possible.then(|| Phone::from_whatsapp(&format!("{code}{number}"))).flatten()
}

fn holds_length(lengths: &[u16], number: &str) -> bool {
    lengths.iter().any(|length| usize::from(*length) == number.len())
}

/// The plan behind a country code; the crate lists the main country's first.
fn main_plan(code: u16) -> Option<&'static Metadata> {
    DATABASE.by_code(&code)?.into_iter().next()
}

/// The kinds of numbers that the country has, short numbers aside.
fn kinds(plan: &Metadata) -> impl Iterator<Item = &Descriptor> {
    const KINDS: [Type; 10] = [
        Type::FixedLine,
        Type::Mobile,
        Type::TollFree,
        Type::PremiumRate,
        Type::SharedCost,
        Type::PersonalNumber,
        Type::Voip,
        Type::Pager,
        Type::Uan,
        Type::Voicemail,
    ];
    KINDS.iter().filter_map(|kind| plan.descriptors().get(*kind))
}

//! The registry of codes. A code that was released is never used for anything else. Each has a page in `pages/`.

use std::fmt;

use super::page::Page;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is loaded.
    Error,
    /// It loads, and is likely not what was meant.
    Warning,
    /// It loads and means what it says; there may be something better.
    Advice,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        })
    }
}

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        /// A kind of complaint, by the code that is printed with it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $code),* }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// As it is printed: `E0103`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }

            /// What it is about, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$code => $title),* }
            }

            /// What stands in its file below `pages/`.
            fn page_text(self) -> &'static str {
                match self { $(Self::$code => include_str!(concat!("pages/", stringify!($code), ".txt"))),* }
            }
        }
    };
}

codes! {
    // Reading.
    E0100 "cannot be read here"
    E0101 "string or pattern not closed"
    E0102 "wrong quotes"
    E0103 "text without quotes"
    E0104 "name without quotes"
    E0105 "`in the last` misspelt"
    E0106 "clause behind the window"
    E0107 "clause out of order"
    E0108 "a sign in the place of `is`"
    E0109 "a sign or capitals in the place of `and`, `or`, `not`"
    E0110 "`and` and `or` side by side"
    E0111 "number and unit in one word"
    E0112 "`month` or `year` without `calendar`"
    E0113 "number in words"
    E0114 "over a limit"
    E0115 "count without `at least`, `at most` or `exactly`"
    E0116 "bad escape or pattern"
    E0117 "character that cannot be seen"
    E0118 "word of the language in capitals"
    E0119 "unit without a number"
    E0120 "`is not missing`, `is not present`"
    E0121 "name without what it names"
    E0122 "`or missing` without parentheses"
    E0123 "full stop at the end"
    E0190 "not supported by this version"
    // Phrases.
    E0201 "window behind something that is no event"
    E0202 "window, count, `has` or `never` in a trigger"
    E0203 "no window"
    E0204 "absence without a deadline"
    E0205 "`never` with a window"
    E0206 "count that cannot be"
    E0207 "count of a sequence"
    E0208 "`not` as first step"
    E0209 "`within` on a middle `not` step"
    E0214 "nothing earlier to refer to"
    E0215 "`known` or `for` without `at least`"
    E0216 "outside of a journey"
    E0217 "`within` behind the first event of a sequence"
    E0218 "wrong kind of trigger"
    E0219 "`within … of` away from the first event"
    E0220 "window longer than retention"
    E0221 "length of time out of bounds"
    E0222 "second window"
    E0223 "change of a date without a window"
    E0224 "`not … for at least` without parentheses"
    E0225 "two negatives"
    E0226 "`of the message it answers` behind an event that answers nothing"
    // Names.
    E0301 "unknown name"
    E0302 "defined twice"
    E0303 "taken out of the rules and still used"
    E0304 "reserved name"
    E0305 "a value of the event read as one of the person, or the other way round"
    E0306 "not a comparison in `where`"
    E0312 "negative test on a value that can be missing"
    E0320 "types differ"
    E0321 "keyword without a token"
    E0322 "outside of what is listed"
    E0323 "date with elapsed units"
    // The graph of segments.
    E0410 "circle of segments"
    E0411 "`in campaign` in what starts it"
    // Cost.
    E0510 "sum over many events"
    E0520 "schedule over everybody"
    E0530 "time of day or weekday in a segment"
    // Campaigns.
    E0601 "not exactly one trigger"
    E0602 "step id twice or in wrong form"
    E0603 "outcome or arm missing, or never reached"
    E0604 "wait without a timeout"
    E0605 "step unknown or never reached"
    E0610 "free text outside the service window"
    E0620 "missing value without a default"
    E0621 "unknown path or filter"
    // Warnings.
    W0701 "word of a list, looked for inside of messages"
    W0702 "`not` takes in those without a value"
    W0703 "keyword that an earlier outcome takes"
    W0704 "always true or always false"
    W0705 "absence that is true of people just met"
    W0706 "the same condition twice"
    W0707 "pattern that is a plain keyword"
    W0708 "entry equal to another"
    W0709 "keyword that does not look like what it is"
    W0710 "rule without a test"
    W0711 "longer than the attribution window"
    W0712 "campaign that starts itself"
    W0713 "schedule that starts nothing"
    W0714 "keyword that also unsubscribes, or lifts that"
    // Advice.
    A0801 "window that ends now"
    A0802 "built-in stop and start lists in force"
    A0803 "no schema, names unchecked"
    // Files.
    E0901 "text that can be read as something else"
    E0902 "broken YAML or condition block"
    E0903 "unknown, missing or double key"
    E0904 "anchor, alias, tag or merge key"
    E0905 "encoding, size or depth"
    E0906 "version of the language"
    E0907 "kind of file unclear"
    E0908 "schema twice"
    E0911 "cron expression that cannot be read, or never comes round"
    E0912 "unknown time zone"
    // Tests.
    E1001 "expectation not met"
    E1002 "unknown person, rule or message in a test"
    E1003 "before the start of a test, or out of order"
    E1004 "no test selected"
}

impl Code {
    /// The code that is printed as `text`, in capitals or not.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }

    /// What it is about at length, with examples.
    #[must_use]
    pub fn page(self) -> Page {
        Page::read(self.page_text())
    }

    /// By its first letter.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self.as_str().as_bytes().first() {
            Some(b'W') => Severity::Warning,
            Some(b'A') => Severity::Advice,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

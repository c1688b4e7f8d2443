//! How times are told to one reader: their zone, and the words and order of their language.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;

/// Whom a text is written for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    pub zone: Tz,
    /// `de`, `pt_BR`, `en-US`. One without words here gets dates in digits and English names of days.
    pub language: String,
}

impl Default for Locale {
    fn default() -> Self {
        Self { zone: Tz::UTC, language: "en".to_owned() }
    }
}

/// The words of a language, Monday and January first, and what stands around the month in a date.
struct Words {
    language: &'static str,
    days: [&'static str; 7],
    months: [&'static str; 12],
    before_month: &'static str,
    before_year: &'static str,
}

#[rustfmt::skip]
const WORDS: [Words; 7] = [
    Words {
        language: "en",
        days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
        before_month: " ", before_year: " ",
    },
    Words {
        language: "de",
        days: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
        before_month: ". ", before_year: " ",
    },
    Words {
        language: "es",
        days: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
        before_month: " de ", before_year: " de ",
    },
    Words {
        language: "fr",
        days: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
        before_month: " ", before_year: " ",
    },
    Words {
        language: "it",
        days: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
        months: ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"],
        before_month: " ", before_year: " ",
    },
    Words {
        language: "nl",
        days: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
        months: ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
        before_month: " ", before_year: " ",
    },
    Words {
        language: "pt",
        days: ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
        months: ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
        before_month: " de ", before_year: " de ",
    },
];

impl Locale {
    fn words(&self) -> Option<&'static Words> {
        let language = self.language.split(['_', '-']).next().unwrap_or_default();
        const { &WORDS }.iter().find(|words| words.language.eq_ignore_ascii_case(language))
    }

    fn is_american(&self) -> bool {
        ["en_US", "en-US"].iter().any(|american| self.language.eq_ignore_ascii_case(american))
    }

    /// `1 April 2026`, `1. April 2026`, `1 de abril de 2026`; for Americans `April 1, 2026`.
    pub(super) fn date(&self, date: NaiveDate) -> String {
        let (day, month, year) = (date.day(), self.month(date.month0()), date.year());
        match self.words() {
            Some(_) if self.is_american() => format!("{month} {day}, {year}"),
            Some(words) => format!("{day}{}{month}{}{year}", words.before_month, words.before_year),
            None => date.format("%Y-%m-%d").to_string(),
        }
    }

    /// `09:00`; for Americans `9:00 AM`.
    pub(super) fn time(&self, time: NaiveTime) -> String {
        if !self.is_american() {
            return format!("{:02}:{:02}", time.hour(), time.minute());
        }
        let (is_afternoon, hour) = time.hour12();
        format!("{hour}:{:02} {}", time.minute(), if is_afternoon { "PM" } else { "AM" })
    }

    pub(super) fn weekday(&self, day: Weekday) -> &'static str {
        let days = self.words().map_or(&ENGLISH.days, |words| &words.days);
        days.get(day.num_days_from_monday() as usize).copied().unwrap_or_default()
    }

    /// The name of a month, counted from 0.
    pub(super) fn month(&self, month: u32) -> &'static str {
        let months = self.words().map_or(&ENGLISH.months, |words| &words.months);
        months.get(month as usize).copied().unwrap_or_default()
    }
}

const ENGLISH: &Words = &WORDS[0];

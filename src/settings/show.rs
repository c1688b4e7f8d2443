//! The settings in force, one line each: value or mask, and where it came from.

use std::collections::BTreeMap;

use super::names::{Kind, NAMES};
use super::read::Settings;
use super::value::{Origin, Values, Written};

/// A line for every setting, in the order of the table. No secret is in it.
#[must_use]
pub fn show(settings: &Settings) -> String {
    let width = NAMES.iter().map(|row| row.name.len()).max().unwrap_or(0) + "ANTIPHON_".len();
    let mut lines = String::new();
    for row in NAMES {
        let (value, origin) = match settings.shown.get(row.name) {
            Some((text, origin)) => (text.clone(), origin.to_string()),
            None if row.kind == Kind::Key => ("…".to_owned(), "made at the first start".to_owned()),
            None => (String::new(), "not set".to_owned()),
        };
        let name = format!("ANTIPHON_{}", row.name);
        lines.push_str(&format!("{name:width$}  {value:40}  # {origin}\n"));
    }
    lines
}

/// What is kept of the values to be shown: nothing that is secret.
pub fn shown(values: &Values) -> BTreeMap<&'static str, (String, Origin)> {
    let mut shown = BTreeMap::new();
    for row in NAMES {
        if let Some(Written { text, origin }) = values.get(row.name) {
            let text = match row.kind {
                _ if row.name == "DATABASE_URL" => without_password(text),
                Kind::Plain => text.clone(),
                Kind::Secret | Kind::Key => mask(text),
            };
            shown.insert(row.name, (text, origin.clone()));
        }
    }
    shown
}

/// How many there are is no secret, and worth seeing while one is rotated.
fn mask(text: &str) -> String {
    match text.split(',').count() {
        1 => "…".to_owned(),
        n => format!("… ({n} of them)"),
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // What may hold a secret besides the user's part are the parameters.
    let (rest, parameters) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:…@{host}{parameters}")
        }
        None => format!("{scheme}://{rest}{parameters}"),
    }
}

impl Settings {
    /// Where the value of `name` came from; none if nothing sets it.
    #[must_use]
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.shown.get(name).map(|(_, origin)| origin)
    }
}

//! The table of settings: one row each. Adding a setting is adding a row and a field.

use crate::diagnostic::suggest::nearest;

/// One setting, by the name it has in the environment without `ANTIPHON_`; in the file it is the same
/// name in lower case, and each `_` may open a level: `whatsapp_app_secret` or `whatsapp: {app_secret: …}`.
pub struct Name {
    pub name: &'static str,
    pub kind: Kind,
    pub default: Option<&'static str>,
}

/// How a setting's value is handled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// May come from a file (`NAME_FILE`), is shown masked, and must not be blank.
    Secret,
    /// As `Secret`; made at the first start where it is missing and the database is a file.
    Key,
}

const fn plain(name: &'static str, default: Option<&'static str>) -> Name {
    Name { name, kind: Kind::Plain, default }
}

const fn secret(name: &'static str) -> Name {
    Name { name, kind: Kind::Secret, default: None }
}

const fn key(name: &'static str) -> Name {
    Name { name, kind: Kind::Key, default: None }
}

/// Every setting, in the order in which they are shown.
pub const NAMES: &[Name] = &[
    plain("LISTEN", Some("127.0.0.1:8080")),
    Name { name: "DATABASE_URL", kind: Kind::Secret, default: Some("sqlite://antiphon.db") },
    plain("RULES", Some("./rules")),
    plain("PUBLIC_URL", None),
    key("SITE_ID"),
    key("API_KEY"),
    key("APP_KEY"),
    secret("WHATSAPP_APP_SECRET"),
    secret("WHATSAPP_VERIFY_TOKEN"),
    plain("WHATSAPP_PHONE_NUMBER_ID", None),
    secret("WHATSAPP_ACCESS_TOKEN"),
    plain("WHATSAPP_API_URL", Some("https://graph.facebook.com/v25.0")),
    key("WEBHOOK_SECRET"),
    plain("WEBHOOK_ALLOW", None),
    plain("ENV_ALLOW", None),
    plain("LOG", Some("info")),
    plain("LOG_FORMAT", Some("text")),
    plain("URL", Some("http://127.0.0.1:8080")),
];

/// Announced names that this version does not read: an operator who sets one is told so.
pub const LATER: &[&str] = &[
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM",
    "TWILIO_API_URL",
    "TLS_CERT",
    "TLS_KEY",
    "TLS_LISTEN",
    "RETENTION_DAYS",
    "WHATSAPP_SENDERS",
    "WHATSAPP_HISTORY",
    "WHATSAPP_STANDBY",
    "WHATSAPP_UNSURE",
    "ALLOW_WEAK_DURABILITY",
    "DRAIN_DELAY",
    "TRUSTED_PROXIES",
    "PAGE_ENABLED",
];

/// The row of a name, and whether the name asks for a file with the value.
pub fn find(name: &str) -> Option<(&'static Name, bool)> {
    let row = |wanted: &str| NAMES.iter().find(|row| row.name == wanted);
    if let Some(row) = row(name) {
        return Some((row, false));
    }
    let row = row(name.strip_suffix("_FILE")?)?;
    (row.kind != Kind::Plain).then_some((row, true))
}

/// What to say of a name that is not in the table.
pub fn unknown(name: &str) -> String {
    let base = name.strip_suffix("_FILE").unwrap_or(name);
    if LATER.contains(&base) {
        return "this version does not know it yet: take it out".to_owned();
    }
    if NAMES.iter().any(|row| row.name == base) {
        return format!("only secrets come from files: set `ANTIPHON_{base}`");
    }
    match nearest(name, NAMES.iter().map(|row| row.name)) {
        Some(near) => format!("there is no such setting; did you mean `ANTIPHON_{near}`?"),
        None => "there is no such setting; `antiphon serve --print-settings` lists those there are".to_owned(),
    }
}

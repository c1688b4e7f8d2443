//! From values to settings: what each value must look like, and what belongs together.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::keys;
use super::secret::{Secret, Secrets};
use super::show::shown;
use super::value::{Origin, Values, gather};

/// What settings are read from. Nothing else is looked at.
#[derive(Debug)]
pub struct Given {
    /// The environment's variables; those without our prefix matter only to `env.NAME` in rules.
    pub environment: BTreeMap<String, String>,
    /// The file that `--config` names.
    pub config: Option<PathBuf>,
    /// The working folder: relative paths start here.
    pub folder: PathBuf,
}

/// Everything an operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// None: no plain HTTP.
    pub listen: Option<SocketAddr>,
    /// May hold a password.
    pub database_url: Secret,
    pub rules: PathBuf,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    pub site_id: Secrets,
    pub api_key: Secrets,
    pub app_key: Secrets,
    /// None: the provider is off.
    pub whatsapp: Option<WhatsApp>,
    pub webhook_secret: Secrets,
    /// Addresses or hosts that rule authors' URLs may reach although they are not public.
    pub webhook_allow: Vec<String>,
    /// What rules may read as `env.NAME`; a name that is allowed and not set is not among them.
    pub rule_environment: BTreeMap<String, Secret>,
    /// Filter directives.
    pub log: String,
    pub log_format: LogFormat,
    /// Where the verbs that are clients find the server.
    pub url: String,
    /// What is shown of each value, without any secret, and where the value came from.
    pub(super) shown: BTreeMap<&'static str, (String, Origin)>,
}

/// One Meta app.
#[derive(Clone, Debug)]
pub struct WhatsApp {
    pub app_secret: Secrets,
    /// Empty: the handshake is off.
    pub verify_token: Secrets,
    /// None: receive only.
    pub sender: Option<Sender>,
}

/// The number that messages are sent from.
#[derive(Clone, Debug)]
pub struct Sender {
    pub phone_number_id: String,
    pub access_token: Secret,
    /// Without a slash at its end.
    pub api_url: String,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Everything that is wrong with the settings, each a sentence that begins with the place.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaints(pub Vec<String>);

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Complaints {}

/// Reads settings. Keys that nobody gave are missing in the result; see [`keys::complete`].
///
/// # Errors
/// All complaints at once.
pub fn read(given: &Given) -> Result<Settings, Complaints> {
    let mut complaints = Vec::new();
    let values = gather(given, &mut complaints);
    let mut reader = Reader { values: &values, complaints: &mut complaints };
    let listen = reader.listen();
    let settings = Settings {
        listen,
        database_url: Secret::new(reader.database_url()),
        rules: PathBuf::from(reader.text("RULES").unwrap_or_default()),
        public_url: reader.url("PUBLIC_URL"),
        site_id: reader.secrets("SITE_ID"),
        api_key: reader.secrets("API_KEY"),
        app_key: reader.secrets("APP_KEY"),
        whatsapp: reader.whatsapp(),
        webhook_secret: reader.secrets("WEBHOOK_SECRET"),
        webhook_allow: reader.list("WEBHOOK_ALLOW"),
        rule_environment: reader
            .list("ENV_ALLOW")
            .into_iter()
            .filter_map(|name| given.environment.get(&name).map(|text| (name.clone(), Secret::new(text))))
            .collect(),
        log: reader.text("LOG").unwrap_or_default(),
        log_format: reader.log_format(),
        url: reader.url("URL").unwrap_or_default(),
        shown: shown(&values),
    };
    if complaints.is_empty() { Ok(settings) } else { Err(Complaints(complaints)) }
}

impl Settings {
    /// The names of keys that nobody gave and no earlier start made.
    #[must_use]
    pub fn missing_keys(&self) -> Vec<&'static str> {
        keys::names().into_iter().filter(|name| self.key(name).is_empty()).collect()
    }

    fn key(&self, name: &str) -> &Secrets {
        match name {
            "SITE_ID" => &self.site_id,
            "API_KEY" => &self.api_key,
            "APP_KEY" => &self.app_key,
            _ => &self.webhook_secret,
        }
    }

    pub(super) fn set_key(&mut self, name: &str, secrets: Secrets) {
        match name {
            "SITE_ID" => self.site_id = secrets,
            "API_KEY" => self.api_key = secrets,
            "APP_KEY" => self.app_key = secrets,
            _ => self.webhook_secret = secrets,
        }
    }
}

struct Reader<'a> {
    values: &'a Values,
    complaints: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|written| written.text.trim().to_owned())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }

    fn complain(&mut self, name: &str, what: impl fmt::Display) {
        let place = match self.values.get(name).map(|written| &written.origin) {
            Some(Origin::File(path)) => format!("{}: `{}`", path.display(), name.to_ascii_lowercase()),
            Some(Origin::KeysFile(path)) => format!("{}: ANTIPHON_{name}", path.display()),
            _ => format!("ANTIPHON_{name}"),
        };
        self.complaints.push(format!("{place}: {what}"));
    }

    fn secrets(&mut self, name: &str) -> Secrets {
        let Some(text) = self.text(name) else { return Secrets::default() };
        Secrets::read(&text).unwrap_or_else(|| {
            self.complain(name, "an entry of the list is blank; take it out");
            Secrets::default()
        })
    }

    fn listen(&mut self) -> Option<SocketAddr> {
        let text = self.text("LISTEN")?;
        if text == "off" {
            return None;
        }
        text.parse()
            .map_err(|_| self.complain("LISTEN", "write an address and a port, `127.0.0.1:8080`, or `off`"))
            .ok()
    }

    fn database_url(&mut self) -> String {
        let text = self.text("DATABASE_URL").unwrap_or_default();
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            self.complain("DATABASE_URL", "write `sqlite://FILE` or `postgres://…`");
        }
        text
    }

    /// A base URL, without the slash at its end.
    fn url(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if !text.starts_with("http://") && !text.starts_with("https://") {
            self.complain(name, "write a URL that begins with `http://` or `https://`");
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    fn log_format(&mut self) -> LogFormat {
        match self.text("LOG_FORMAT").as_deref() {
            Some("json") => LogFormat::Json,
            Some("text") | None => LogFormat::Text,
            Some(_) => {
                self.complain("LOG_FORMAT", "write `text` or `json`");
                LogFormat::Text
            }
        }
    }

    fn whatsapp(&mut self) -> Option<WhatsApp> {
        let app_secret = self.secrets("WHATSAPP_APP_SECRET");
        let verify_token = self.secrets("WHATSAPP_VERIFY_TOKEN");
        let sender = self.sender();
        if app_secret.is_empty() {
            for name in ["WHATSAPP_VERIFY_TOKEN", "WHATSAPP_PHONE_NUMBER_ID"] {
                if self.values.contains_key(name) {
                    self.complain(
                        name,
                        "it needs `ANTIPHON_WHATSAPP_APP_SECRET` beside it: without it WhatsApp is off",
                    );
                }
            }
            return None;
        }
        Some(WhatsApp { app_secret, verify_token, sender })
    }

    fn sender(&mut self) -> Option<Sender> {
        let number = self.text("WHATSAPP_PHONE_NUMBER_ID");
        let token = self.secrets("WHATSAPP_ACCESS_TOKEN");
        let api_url = self.url("WHATSAPP_API_URL").unwrap_or_default();
        match (number, token.first()) {
            (Some(phone_number_id), Some(token)) => {
                Some(Sender { phone_number_id, access_token: token.clone(), api_url })
            }
            (None, None) => None,
            (Some(_), None) => {
                self.complain("WHATSAPP_PHONE_NUMBER_ID", "sending needs `ANTIPHON_WHATSAPP_ACCESS_TOKEN` beside it");
                None
            }
            (None, Some(_)) => {
                self.complain("WHATSAPP_ACCESS_TOKEN", "sending needs `ANTIPHON_WHATSAPP_PHONE_NUMBER_ID` beside it");
                None
            }
        }
    }
}

//! Settings: which source goes first, what stops the start, and that no secret is ever shown.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a case that cannot go on ends here")]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use antiphon::settings::{Given, Origin, Settings, keys, read, show};
use snapbox::{assert_data_eq, str};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A working folder for one case.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("antiphon-settings-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn with(self, file: &str, text: &str) -> Self {
        std::fs::write(self.0.join(file), text).unwrap();
        self
    }

    fn given(&self, environment: &[(&str, &str)]) -> Given {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Given { environment: environment.collect(), config: None, folder: self.0.clone() }
    }

    fn read(&self, environment: &[(&str, &str)]) -> Settings {
        read(&self.given(environment)).unwrap_or_else(|complaints| panic!("{complaints}"))
    }

    fn complaints(&self, environment: &[(&str, &str)]) -> String {
        read(&self.given(environment)).expect_err("it must be refused").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_environment_goes_before_the_file_and_the_file_before_the_default() {
    let folder = Folder::new().with("antiphon.yaml", "listen: 127.0.0.1:1\npublic_url: https://file.example/\n");
    let settings = folder.read(&[("ANTIPHON_LISTEN", "127.0.0.1:2")]);
    assert_eq!(settings.listen.unwrap().port(), 2);
    assert_eq!(settings.public_url.as_deref(), Some("https://file.example"));
    assert_eq!(settings.database_url.reveal(), "sqlite://antiphon.db");
    assert_eq!(settings.origin("LISTEN"), Some(&Origin::Environment("ANTIPHON_LISTEN".to_owned())));
    assert_eq!(settings.origin("PUBLIC_URL"), Some(&Origin::File("antiphon.yaml".into())));
    assert_eq!(settings.origin("RULES"), Some(&Origin::Default));
    assert_eq!(settings.origin("SITE_ID"), None);
    assert_eq!(folder.read(&[("ANTIPHON_LISTEN", "off")]).listen, None);
}

#[test]
fn names_in_the_file_may_open_levels_and_lists_may_be_lists() {
    let file = "whatsapp:\n  app_secret: [one, two]\n  verify_token: t\nwebhook_allow: [10.0.0.0/8, hooks.internal]\n";
    let settings = Folder::new().with("antiphon.yaml", file).read(&[]);
    let whatsapp = settings.whatsapp.unwrap();
    assert!(whatsapp.app_secret.accept(b"one") && whatsapp.app_secret.accept(b"two"));
    assert!(whatsapp.sender.is_none());
    assert_eq!(settings.webhook_allow, ["10.0.0.0/8", "hooks.internal"]);
}

#[test]
fn a_secret_may_come_from_a_file() {
    let folder = Folder::new().with("secret", "harbour-light-71\n");
    let settings = folder.read(&[("ANTIPHON_WHATSAPP_APP_SECRET_FILE", "secret")]);
    assert!(settings.whatsapp.unwrap().app_secret.accept(b"harbour-light-71"));
    let both = [("ANTIPHON_WHATSAPP_APP_SECRET_FILE", "secret"), ("ANTIPHON_WHATSAPP_APP_SECRET", "x")];
    assert!(folder.complaints(&both).contains("given twice"));
}

#[test]
fn whatever_is_not_understood_stops_the_start_with_a_way_out() {
    let folder = Folder::new().with("antiphon.yaml", "whatsapp: {app_sekret: x}\nretention_days: 3\n");
    assert_data_eq!(
        folder.complaints(&[
            ("ANTIPHON_LISTN", "x"),
            ("ANTIPHON_TWILIO_AUTH_TOKEN", "x"),
            ("ANTIPHON_RULES_FILE", "x"),
            ("ANTIPHON_ZZZZZZZZ", "x"),
            ("ANTIPHON_API_KEY", " "),
            ("ANTIPHON_APP_KEY", "a,,b"),
            ("ANTIPHON_WHATSAPP_APP_SECRET_FILE", "missing"),
            ("ANTIPHON_LOG_FORMAT", "xml"),
            ("ANTIPHON_DATABASE_URL", "mysql://x"),
            ("ANTIPHON_PUBLIC_URL", "example.org"),
            ("ANTIPHON_WHATSAPP_PHONE_NUMBER_ID", "77"),
            ("HOME", "/nobody"),
        ]),
        str![[r#"
ANTIPHON_API_KEY: it is blank; give it a value or take it out
ANTIPHON_LISTN: there is no such setting; did you mean `ANTIPHON_LISTEN`?
ANTIPHON_RULES_FILE: only secrets come from files: set `ANTIPHON_RULES`
ANTIPHON_TWILIO_AUTH_TOKEN: this version does not know it yet: take it out
ANTIPHON_WHATSAPP_APP_SECRET_FILE: cannot be read: No such file or directory (os error 2)
ANTIPHON_ZZZZZZZZ: there is no such setting; `antiphon serve --print-settings` lists those there are
antiphon.yaml: `retention_days`: this version does not know it yet: take it out
antiphon.yaml: `whatsapp_app_sekret`: there is no such setting; did you mean `ANTIPHON_WHATSAPP_APP_SECRET`?
ANTIPHON_DATABASE_URL: write `sqlite://FILE` or `postgres://…`
ANTIPHON_PUBLIC_URL: write a URL that begins with `http://` or `https://`
ANTIPHON_APP_KEY: an entry of the list is blank; take it out
ANTIPHON_WHATSAPP_PHONE_NUMBER_ID: sending needs `ANTIPHON_WHATSAPP_ACCESS_TOKEN` beside it
ANTIPHON_WHATSAPP_PHONE_NUMBER_ID: it needs `ANTIPHON_WHATSAPP_APP_SECRET` beside it: without it WhatsApp is off
ANTIPHON_LOG_FORMAT: write `text` or `json`
"#]]
    );
}

#[test]
fn a_settings_file_that_is_none_is_refused() {
    for (text, what) in [
        ("[a]", "must be a mapping"),
        ("listen: {a: {b: c}}", "no such setting"),
        ("listen: !x y", "must be a text"),
        ("listen: a\nLISTEN: b", "set twice"),
        ("{", ""),
    ] {
        let complaints = Folder::new().with("antiphon.yaml", text).complaints(&[]);
        assert!(complaints.starts_with("antiphon.yaml") && complaints.contains(what), "{text}: {complaints}");
    }
    let mut given = Folder::new().given(&[]);
    given.config = Some("elsewhere.yaml".into());
    assert!(read(&given).expect_err("it was named").to_string().contains("elsewhere.yaml: cannot be read"));
}

#[test]
fn keys_are_made_once_and_nobody_else_may_read_them() {
    let folder = Folder::new();
    let given = folder.given(&[("ANTIPHON_APP_KEY", "mine"), ("ANTIPHON_DATABASE_URL", "sqlite://data/x.db?mode=rwc")]);
    std::fs::create_dir(folder.0.join("data")).unwrap();
    let mut first = read(&given).unwrap();
    assert_eq!(first.missing_keys(), ["SITE_ID", "API_KEY", "WEBHOOK_SECRET"]);
    assert_eq!(keys::complete(&mut first, &folder.0), Ok(Some("data/antiphon.keys".into())));
    assert!(first.missing_keys().is_empty());
    let path = folder.0.join("data/antiphon.keys");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    for line in text.lines() {
        let (name, value) = line.split_once('=').unwrap();
        assert!(name.starts_with("ANTIPHON_") && name != "ANTIPHON_APP_KEY", "{name}");
        assert!(value.len() >= 43 && !value.contains([' ', '$', '\'', '"', ',']), "a shell can read it");
    }

    let mut second = read(&given).unwrap();
    assert_eq!(keys::complete(&mut second, &folder.0), Ok(None));
    assert_eq!((&second.site_id, &second.api_key), (&first.site_id, &first.api_key));
    assert!(second.app_key.accept(b"mine"));
    // What is given goes before what was made.
    let given = folder.given(&[("ANTIPHON_SITE_ID", "given"), ("ANTIPHON_DATABASE_URL", "sqlite://data/x.db")]);
    assert!(read(&given).unwrap().site_id.accept(b"given"));
}

#[test]
fn on_a_database_server_keys_must_be_given() {
    let folder = Folder::new();
    let mut settings = folder.read(&[("ANTIPHON_DATABASE_URL", "postgres://db/antiphon"), ("ANTIPHON_SITE_ID", "s")]);
    assert_data_eq!(
        keys::complete(&mut settings, &folder.0).expect_err("nowhere to keep them"),
        str![[r#"
on PostgreSQL the keys must be given, the same to every node; missing:
  ANTIPHON_API_KEY=$(openssl rand -hex 32)
  ANTIPHON_APP_KEY=$(openssl rand -hex 32)
  ANTIPHON_WEBHOOK_SECRET=whsec_$(openssl rand -base64 32)
"#]]
    );
}

#[test]
fn the_settings_in_force_are_shown_with_their_origin_and_without_a_secret() {
    let folder = Folder::new().with("antiphon.yaml", "rules: /etc/rules\nwhatsapp: {verify_token: planted-0}\n");
    let secrets = [
        ("ANTIPHON_SITE_ID", "planted-1"),
        ("ANTIPHON_API_KEY", "planted-2,planted-3"),
        ("ANTIPHON_APP_KEY", "planted-4"),
        ("ANTIPHON_WHATSAPP_APP_SECRET", "planted-5"),
        ("ANTIPHON_WHATSAPP_ACCESS_TOKEN", "planted-6"),
        ("ANTIPHON_WHATSAPP_PHONE_NUMBER_ID", "77"),
        ("ANTIPHON_WEBHOOK_SECRET", "planted-7"),
        ("ANTIPHON_DATABASE_URL", "postgres://me:planted-8@db:5432/antiphon?sslkey=planted-9"),
        ("ANTIPHON_ENV_ALLOW", "DESK_TOKEN"),
        ("DESK_TOKEN", "planted-10"),
    ];
    let settings = folder.read(&secrets);
    assert_data_eq!(
        show(&settings),
        str![[r#"
ANTIPHON_LISTEN                    127.0.0.1:8080                            # default
ANTIPHON_DATABASE_URL              postgres://me:…@db:5432/antiphon?…        # ANTIPHON_DATABASE_URL
ANTIPHON_RULES                     /etc/rules                                # antiphon.yaml
ANTIPHON_PUBLIC_URL                                                          # not set
ANTIPHON_SITE_ID                   …                                         # ANTIPHON_SITE_ID
ANTIPHON_API_KEY                   … (2 of them)                             # ANTIPHON_API_KEY
ANTIPHON_APP_KEY                   …                                         # ANTIPHON_APP_KEY
ANTIPHON_WHATSAPP_APP_SECRET       …                                         # ANTIPHON_WHATSAPP_APP_SECRET
ANTIPHON_WHATSAPP_VERIFY_TOKEN     …                                         # antiphon.yaml
ANTIPHON_WHATSAPP_PHONE_NUMBER_ID  77                                        # ANTIPHON_WHATSAPP_PHONE_NUMBER_ID
ANTIPHON_WHATSAPP_ACCESS_TOKEN     …                                         # ANTIPHON_WHATSAPP_ACCESS_TOKEN
ANTIPHON_WHATSAPP_API_URL          https://graph.facebook.com/v25.0          # default
ANTIPHON_WEBHOOK_SECRET            …                                         # ANTIPHON_WEBHOOK_SECRET
ANTIPHON_WEBHOOK_ALLOW                                                       # not set
ANTIPHON_ENV_ALLOW                 DESK_TOKEN                                # ANTIPHON_ENV_ALLOW
ANTIPHON_LOG                       info                                      # default
ANTIPHON_LOG_FORMAT                text                                      # default
ANTIPHON_URL                       http://127.0.0.1:8080                     # default

"#]]
    );
    let dumped = format!("{settings:?}");
    assert!(!dumped.contains("planted"), "{dumped}");
    assert_eq!(settings.rule_environment["DESK_TOKEN"].reveal(), "planted-10");
}

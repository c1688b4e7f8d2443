//! The product at work, with nothing to set up: a real server with a throw-away database, stand-ins for
//! the world, and a story told through the server's front door.

mod facts;
mod stand_ins;
mod story;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::facts::Facts;
use self::stand_ins::StandIn;
use self::story::{API_KEY, APP_KEY, APP_SECRET, OUR_NUMBER_ID, SITE_ID, Story};
use crate::chance;
use crate::cli::serve::{self, Running};
use crate::clock::Clock;
use crate::settings::{Given, read};

const RULES: [(&str, &str); 3] = [
    ("schema.yaml", include_str!("rules/schema.yaml")),
    ("segments.yaml", include_str!("rules/segments.yaml")),
    ("campaigns.yaml", include_str!("rules/campaigns.yaml")),
];

/// Starts the server, tells the story, and serves on until Ctrl-C unless `exit` is set.
///
/// # Errors
/// The first fact that does not hold.
pub async fn run(exit: bool) -> Result<(), String> {
    let folder = Folder::new()?;
    let graph = StandIn::graph().await.map_err(|error| error.to_string())?;
    let desk = StandIn::desk().await.map_err(|error| error.to_string())?;
    let server = start(&folder, &graph, &desk).await?;
    let url = format!("http://{}", server.address().ok_or("the demo's server listens nowhere")?);
    anstream::println!("Antiphon is at {url}, with a database of its own and stand-ins for WhatsApp and a help desk.");
    anstream::println!("Everything below goes through its front door, and every line is read back from it.");
    let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
    let facts = Facts::follow(&http, &url, APP_KEY).await?;
    let clock = Clock::system();
    let told = Story { http, url: url.clone(), facts, graph, desk, clock }.tell().await;
    if told.is_ok() {
        epilogue(&url, exit);
        if !exit {
            // Without a signal handler there is nothing to wait for: the demo ends.
            let _ = tokio::signal::ctrl_c().await;
        }
    }
    server.stop().await?;
    told
}

async fn start(folder: &Folder, graph: &StandIn, desk: &StandIn) -> Result<Running, String> {
    let rules = folder.0.join("rules");
    for (name, text) in RULES {
        std::fs::write(rules.join(name), text).map_err(|error| format!("{}: {error}", rules.display()))?;
    }
    let database = format!("sqlite://{}", folder.0.join("demo.db").display());
    let environment = [
        ("ANTIPHON_LISTEN", "127.0.0.1:0".to_owned()),
        ("ANTIPHON_DATABASE_URL", database),
        ("ANTIPHON_RULES", rules.display().to_string()),
        ("ANTIPHON_SITE_ID", SITE_ID.to_owned()),
        ("ANTIPHON_API_KEY", API_KEY.to_owned()),
        ("ANTIPHON_APP_KEY", APP_KEY.to_owned()),
        ("ANTIPHON_WEBHOOK_SECRET", "whsec_ZGVtby13ZWJob29rLXNlY3JldC0wMDAwMDA=".to_owned()),
        ("ANTIPHON_WEBHOOK_ALLOW", "127.0.0.0/8".to_owned()),
        ("ANTIPHON_WHATSAPP_APP_SECRET", APP_SECRET.to_owned()),
        ("ANTIPHON_WHATSAPP_VERIFY_TOKEN", "demo".to_owned()),
        ("ANTIPHON_WHATSAPP_PHONE_NUMBER_ID", OUR_NUMBER_ID.to_owned()),
        ("ANTIPHON_WHATSAPP_ACCESS_TOKEN", "demo".to_owned()),
        ("ANTIPHON_WHATSAPP_API_URL", format!("http://{}", graph.address)),
        ("ANTIPHON_ENV_ALLOW", "DESK_URL".to_owned()),
        ("DESK_URL", format!("http://{}/desk", desk.address)),
    ];
    let environment: BTreeMap<String, String> =
        environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let given = Given { environment, config: None, folder: folder.0.clone() };
    let settings = read(&given).map_err(|complaints| complaints.to_string())?;
    serve::start(&settings).await
}

fn epilogue(url: &str, exit: bool) {
    anstream::println!(
        "\nThat was the main job: a reply comes in, a segment changes, a campaign starts, time does the rest."
    );
    if exit {
        return;
    }
    anstream::println!("\nThe server keeps running until Ctrl-C. Look around:");
    anstream::println!("   curl -s -H 'Authorization: Bearer {APP_KEY}' {url}/antiphon/activity?limit=5");
    anstream::println!("   curl -s -H 'Authorization: Bearer {APP_KEY}' {url}/v1/customers/ana/segments");
    anstream::println!(
        "   curl -s -u {SITE_ID}:{API_KEY} -X PUT {url}/api/v1/customers/dee -d '{{\"first_name\":\"Dee\"}}'"
    );
    anstream::println!("\nThen start your own: antiphon init my-rules");
}

/// A folder that goes when the demo ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let name = format!("antiphon-demo-{}", u64::from_be_bytes(chance::bytes()));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(folder.join("rules")).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing in it is worth an error at the end of a story.
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}

//! `serve`: the whole, built once. The order of the building is the order of the data; taking it down goes
//! the other way.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::exit::{Exit, failed};
use super::progress;
use super::run::{block_on, given, settings};
use crate::chance;
use crate::clock::Clock;
use crate::engine::{Catalogue, Engine, Versions};
use crate::intake::{Intake, NewerRules, Rules, Signals, Writer};
use crate::model::id::{InstallationKey, RulesVersion};
use crate::model::rule::RuleSet;
use crate::model::time::Second;
use crate::model::value::Properties;
use crate::outbox::{self, Outbox};
use crate::providers::PROVIDERS;
use crate::providers::webhook;
use crate::providers::whatsapp::write::Account;
use crate::rollout::audit::{Auditor, Audits};
use crate::rollout::folder::FolderError;
use crate::rollout::plan::Plans;
use crate::rollout::{Folder, FolderTrouble, Published, Publisher};
use crate::schedule::occurrences::Occurrences;
use crate::settings::{Settings, keys, show};
use crate::store::{Options, Store, installation};
use crate::web::{Deadlines, Parts, Readiness, Site, Unready};
use crate::{rollout, schedule, telemetry, web};

/// What is under way when the server stops gets this long.
const GRACE: Duration = Duration::from_secs(1);

/// Starts the server: takes webhooks and calls in, keeps segments true, sends.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  antiphon serve\n  ANTIPHON_LISTEN=0.0.0.0:8080 antiphon serve --config /etc/antiphon.yaml"
)]
pub struct Arguments {
    /// The settings file; the environment goes before it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show the settings in force and where each comes from, secrets masked, and end.
    #[arg(long)]
    print_settings: bool,
}

pub fn run(arguments: Arguments) -> Exit {
    let given = given(arguments.config);
    let mut settings = match settings(&given) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    if arguments.print_settings {
        anstream::print!("{}", show(&settings));
        return Exit::Fine;
    }
    if let Err(why) = telemetry::start(&settings.log, settings.log_format) {
        return failed(why);
    }
    match keys::complete(&mut settings, &given.folder) {
        Ok(Some(path)) => anstream::println!("keys were made and are kept in {}", path.display()),
        Ok(None) => {}
        Err(why) => return failed(why),
    }
    block_on(&mut tokio::runtime::Builder::new_multi_thread(), async {
        match serve(&settings).await {
            Ok(()) => Exit::Fine,
            Err(why) => failed(why),
        }
    })
}

async fn serve(settings: &Settings) -> Result<(), String> {
    let mut running = start(settings).await?;
    announce(settings, running.address());
    tokio::select! {
        () = stopped() => running.stop().await,
        _ = &mut running.writing => Err("the writer has ended; nothing can be stored any more".to_owned()),
    }
}

/// The whole, at work.
pub struct Running {
    store: Arc<Store>,
    intake: Intake,
    writing: JoinHandle<()>,
    /// Wakes, occurrences of schedules, catching up, the rules folder, audits.
    others: JoinSet<()>,
    plans: Plans,
    sending: Outbox,
    web: Option<(SocketAddr, JoinHandle<()>)>,
    stop: watch::Sender<bool>,
}

/// Builds the whole from the settings and lets it run.
///
/// # Errors
/// What has to be put right first, in words.
pub async fn start(settings: &Settings) -> Result<Running, String> {
    let clock = Clock::system();
    // First of all: where nobody can come in, nothing must go out.
    let listener = match settings.listen {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?),
        None => None,
    };
    let store = Store::open(settings.database_url.reveal(), Options::default()).await;
    let store = Arc::new(store.map_err(|error| error.to_string())?);
    let key = installation_key(&store, &clock).await?;
    let env: Properties =
        settings.rule_environment.iter().map(|(name, value)| (name.clone(), value.reveal().into())).collect();
    let rules = Rules::new(no_rules(&env)?);
    let publisher = Publisher::new(Arc::clone(&store), clock.clone(), rules.clone(), env);
    let folder = Folder { path: settings.rules.clone(), publisher: publisher.clone() };
    let published = folder.publish().await;
    super::rules::tell(&folder.path, &published);
    publisher.refresh().await.map_err(|error| error.to_string())?;

    let signals = Signals::default();
    let writer = Writer::new(Arc::clone(&store), clock.clone(), key, rules.clone(), signals.clone());
    let writer = writer.with_newer_rules(newer_rules(publisher.clone()));
    let (intake, writing) = Intake::start(writer, signals.clone());
    let mut others = JoinSet::new();
    others.spawn(schedule::run(intake.clone(), clock.clone(), store.is_shared()));
    others.spawn(schedule::occurrences::run(Occurrences {
        store: Arc::clone(&store),
        intake: intake.clone(),
        rules: rules.clone(),
        clock: clock.clone(),
    }));
    let readiness = Readiness::default();
    readiness.set(Unready::Rules, lacks_rules(&rules, &published));
    others.spawn(progress::show(rules.subscribe()));
    others.spawn(keep_up(folder, intake.clone(), readiness.clone()));
    let audits = Audits::default();
    let auditor = Auditor {
        store: Arc::clone(&store),
        clock: clock.clone(),
        rules: rules.clone(),
        intake: intake.clone(),
        audits: audits.clone(),
    };
    others.spawn(rollout::audit::rechecks(auditor.clone()));
    others.spawn(auditor.run());
    let sending = Outbox::start(Arc::clone(&store), intake.clone(), clock.clone(), outbox_settings(settings)?);
    let sending = sending.map_err(|error| error.to_string())?;

    let plans = Plans::new(publisher.clone());
    let (stop, stopping) = watch::channel(false);
    let parts = Parts {
        submit: door(intake.clone()),
        store: Arc::clone(&store),
        publisher: publisher.clone(),
        plans: plans.clone(),
        clock,
        readiness,
        commits: signals.commits.subscribe(),
        audits,
        metrics: signals.metrics.clone(),
        deadlines: Deadlines::default(),
    };
    let site = Arc::new(Site::new(settings, parts));
    let web = listener.map(|listener| listen(listener, site, stopping)).transpose()?;
    Ok(Running { store, intake, writing, others, plans, sending, web, stop })
}

/// The way of the web server to the intake.
fn door(intake: Intake) -> web::Submit {
    Box::new(move |body| {
        let intake = intake.clone();
        Box::pin(async move { intake.submit(body).await })
    })
}

/// The way of the intake to rules that are newer than those in force.
fn newer_rules(publisher: Publisher) -> NewerRules {
    Box::new(move || {
        let publisher = publisher.clone();
        Box::pin(async move {
            if let Err(error) = publisher.refresh().await {
                tracing::error!(%error, "newer rules could not be loaded");
            }
        })
    })
}

/// Keeps the rules what the folder says, and says what comes of it.
async fn keep_up(folder: Folder, intake: Intake, readiness: Readiness) {
    let path = folder.path.clone();
    let rules = folder.publisher.rules.clone();
    let tell = move |outcome: &Result<Published, FolderTrouble>| {
        super::rules::tell(&path, outcome);
        readiness.set(Unready::Rules, lacks_rules(&rules, outcome));
    };
    rollout::follow(folder, intake, tell).await;
}

/// Whether there should be rules in force and there are none: replies that come in would start nothing, for good.
fn lacks_rules(rules: &Rules, outcome: &Result<Published, FolderTrouble>) -> bool {
    let refused = match outcome {
        Ok(Published::Refused(_)) | Err(FolderTrouble::Publish(_)) => true,
        Err(FolderTrouble::Folder(error)) => !matches!(error, FolderError::Missing | FolderError::Empty),
        Ok(_) => false,
    };
    refused && rules.now().active.version() == RulesVersion::default()
}

fn listen(
    listener: TcpListener,
    site: Arc<Site>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(SocketAddr, JoinHandle<()>), String> {
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let stop = async move {
        // The sender goes with the server: then it is over as well.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    Ok((address, tokio::spawn(web::serve(listener, site, stop))))
}

impl Running {
    /// Where it listens, if it does.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.web.as_ref().map(|(address, _)| *address)
    }

    /// Takes it down, the other way round than it was built: nothing new comes in, what is under way is
    /// finished, the database is closed.
    ///
    /// # Errors
    /// The database could not be closed; nothing is lost by it.
    pub async fn stop(mut self) -> Result<(), String> {
        self.sending.drain();
        self.stop.send_replace(true);
        if let Some((_, web)) = self.web {
            // Its deadlines bound this.
            let _ = web.await;
        }
        self.plans.stop().await;
        drop(self.plans);
        self.others.shutdown().await;
        self.sending.stop(GRACE).await;
        drop(self.intake);
        let _ = self.writing.await;
        match Arc::into_inner(self.store) {
            Some(store) => store.close().await.map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}

async fn installation_key(store: &Store, clock: &Clock) -> Result<InstallationKey, String> {
    let ensure = async {
        let tx = store.write().await?;
        let installation = installation::ensure(&tx, &InstallationKey(chance::bytes()), clock.second()).await?;
        tx.commit().await?;
        Ok(installation.key)
    };
    ensure.await.map_err(|error: crate::store::StoreError| format!("the database cannot be used: {error}"))
}

/// Before the first rule set: everything is stored, nothing follows from it.
fn no_rules(env: &Properties) -> Result<Versions, String> {
    let catalogue = Catalogue { env: env.clone(), ..Catalogue::default() };
    let engine = Engine::compile(Arc::new(RuleSet::default()), RulesVersion::default(), &catalogue);
    let engine = engine.map_err(|_| "the empty rule set does not load".to_owned())?;
    Ok(Versions::new(Arc::new(engine), Second(0)))
}

fn outbox_settings(settings: &Settings) -> Result<outbox::Settings, String> {
    let sender = settings.whatsapp.as_ref().and_then(|whatsapp| whatsapp.sender.as_ref());
    let secrets = settings.webhook_secret.iter().map(|secret| webhook::Secret::read(secret.reveal()));
    Ok(outbox::Settings {
        account: sender.map(|sender| Account {
            api_url: sender.api_url.clone(),
            phone_number_id: sender.phone_number_id.clone(),
            access_token: sender.access_token.reveal().to_owned(),
        }),
        webhook_secrets: secrets
            .collect::<Result<_, _>>()
            .map_err(|_| "ANTIPHON_WEBHOOK_SECRET: write `whsec_` and base64 behind it".to_owned())?,
        allow: outbox::Allow::read(&settings.webhook_allow.join(","))
            .map_err(|error| format!("ANTIPHON_WEBHOOK_ALLOW: {error}"))?,
        timing: outbox::Timing::default(),
    })
}

/// Where the server is, and what is on and off. Never a key.
fn announce(settings: &Settings, address: Option<SocketAddr>) {
    let Some(address) = address else {
        return anstream::println!("listening nowhere: ANTIPHON_LISTEN is `off`");
    };
    anstream::println!("listening on http://{address}");
    let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let on = |name: &&str| settings.origin(name.trim_start_matches("ANTIPHON_")).is_some();
    for provider in PROVIDERS {
        let Some(path) = provider.webhook_path else { continue };
        match provider.needs_to_receive.iter().find(|name| !on(name)) {
            Some(missing) => anstream::println!("{}: off; {missing} turns it on", provider.name),
            None => anstream::println!("{}: on; callback URL {url}{path}", provider.name),
        }
        if let Some(missing) = provider.needs_to_send.iter().find(|name| !on(name)) {
            anstream::println!("{}: sends nothing; {missing} turns that on", provider.name);
        }
    }
    if let Some(path) = keys::path(settings.database_url.reveal()).filter(|path| Path::exists(path)) {
        anstream::println!("keys: {}", path.display());
    }
}

/// Ready when somebody asks the process to end. Asked twice, it ends at once.
async fn stopped() {
    let (Ok(mut term), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(1);
    });
}

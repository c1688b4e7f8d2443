//! Databases for one case: made empty, gone afterwards.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use antiphon::store::{Options, Store};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Runs `case` on both databases and holds what it returns equal.
pub fn on_both<T: PartialEq + Debug>(name: &str, case: impl AsyncFn(&Store) -> T) {
    block_on(async {
        let file = TempFile::new(name);
        let store = open(&file.url()).await;
        let on_sqlite = case(&store).await;
        store.close().await.unwrap();

        let Some(schema) = TempSchema::new(name).await else { return };
        let store = open(&schema.url).await;
        let on_postgres = case(&store).await;
        store.close().await.unwrap();
        schema.remove().await;
        assert_eq!(on_sqlite, on_postgres, "{name}: SQLite (left) and PostgreSQL (right) differ");
    });
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub async fn open(url: &str) -> Store {
    Store::open(url, Options::default()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// A path for a SQLite file in a folder of its own.
pub struct TempFile(PathBuf);

impl TempFile {
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("antiphon-{name}-{}", unique()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> PathBuf {
        self.0.join("antiphon.db")
    }

    pub fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A schema of its own on the PostgreSQL server.
pub struct TempSchema {
    server: String,
    name: String,
    pub url: String,
}

impl TempSchema {
    /// None, and a line that says so, where no server is given.
    pub async fn new(name: &str) -> Option<Self> {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("SKIP {name} on PostgreSQL: TEST_POSTGRES_URL is not set");
            return None;
        };
        let schema = format!("{name}_{}", unique()).replace('-', "_");
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{mark}options[search_path]={schema}");
        let made = Self { server, name: schema, url };
        made.execute(format!("CREATE SCHEMA {}", made.name)).await;
        Some(made)
    }

    pub async fn execute(&self, sql: String) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }

    pub async fn remove(self) {
        self.execute(format!("DROP SCHEMA {} CASCADE", self.name)).await;
    }
}

fn unique() -> String {
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

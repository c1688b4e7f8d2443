//! Opening: twice, beside another process, and what the file looks like.

use std::os::unix::fs::PermissionsExt;

use antiphon::store::{OpenError, Options, Store, people};
use sqlx::{Connection, Executor, SqliteConnection};

use super::harness::{TempFile, TempSchema, block_on, on_both, open};
use super::sample::{RULES, made};

#[test]
fn a_database_is_opened_again_with_what_is_in_it() {
    block_on(async {
        let file = TempFile::new("open-again");
        let schema = TempSchema::new("open-again").await;
        for url in [Some(file.url()), schema.as_ref().map(|schema| schema.url.clone())].into_iter().flatten() {
            let store = open(&url).await;
            made(&store, &["ana"]).await;
            store.close().await.unwrap();
            let store = open(&url).await;
            assert_eq!(people::count(&store.read(), RULES).await.unwrap(), (1, 0));
            store.close().await.unwrap();
        }
        if let Some(schema) = schema {
            schema.remove().await;
        }
    });
}

#[test]
fn a_sqlite_file_has_one_owner_and_is_private() {
    block_on(async {
        let file = TempFile::new("open-lock");
        let store = open(&file.url()).await;
        made(&store, &["ana"]).await;
        let second = Store::open(&file.url(), Options::default()).await.unwrap_err();
        assert!(matches!(second, OpenError::InUse(_)), "{second}");
        assert!(second.to_string().contains("another process"), "{second}");
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let path = format!("{}{suffix}", file.path().display());
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{path}");
        }
        store.close().await.unwrap();
        let wal = format!("{}-wal", file.path().display());
        assert!(std::fs::metadata(wal).map_or(true, |wal| wal.len() == 0), "closing folds the log into the file");
        open(&file.url()).await.close().await.unwrap();
    });
}

#[test]
fn what_is_not_a_database_is_refused() {
    block_on(async {
        let file = TempFile::new("open-wrong");
        std::fs::write(file.path(), [7; 4096]).unwrap();
        for url in [file.url(), "sqlite:///no/such/folder/a.db".to_owned(), "mysql://root:secret@h/d".to_owned()] {
            let error = Store::open(&url, Options::default()).await.unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    });
}

/// Several nodes on one empty database at once: one makes the tables.
#[test]
fn several_nodes_may_start_at_once() {
    block_on(async {
        let Some(schema) = TempSchema::new("open-nodes").await else { return };
        let url = schema.url.clone();
        let (a, b, c) = tokio::join!(open(&url), open(&url), open(&url));
        assert!(a.is_shared());
        for store in [a, b, c] {
            store.close().await.unwrap();
        }
        schema.remove().await;
    });
}

#[test]
fn durability_is_not_weak_where_it_was_not_asked_for() {
    on_both("open-weak", async |store| store.is_weak());
}

/// A restored copy or an older binary: what a newer release has done to the schema is not touched.
#[test]
fn a_newer_schema_is_refused() {
    block_on(async {
        let file = TempFile::new("open-newer");
        open(&file.url()).await.close().await.unwrap();
        let mut raw = SqliteConnection::connect(&file.url()).await.unwrap();
        raw.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)").await.unwrap();
        raw.close().await.unwrap();
        let error = Store::open(&file.url(), Options::default()).await.unwrap_err();
        assert!(matches!(&error, OpenError::NewerSchema(step) if step == "m9999_later"), "{error}");
    });
}

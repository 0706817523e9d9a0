//! The conformance suite, on a projection: real files, each handler with a connection of its own.

use std::path::PathBuf;

use eventstream_core::{Apply, BoxError, Event, HandlerError, Identity, Parcel, ParkedEvents};
use eventstream_persisted::{SqliteProjection, SqliteTx};
use eventstream_streamtest::{HandlerEnv, HandlerHarness, Parcels, handler_suite};
use rusqlite::Connection;
use tempfile::TempDir;

/// The type of the events that the projection fails with.
const FAILING: &str = "sqlite.failing";

/// Notes the event, and then fails if it is to.
struct Note;

impl Apply<SqliteTx> for Note {
    async fn apply(&mut self, tx: SqliteTx, event: Event) -> Result<(), HandlerError> {
        let (key, offset) = (event.parcel.source_application().key, event.offset.to_string());
        tx.execute("INSERT INTO noted (application, offset) VALUES (?1, ?2)", [key, &offset])?;
        if event.parcel.event_type() == FAILING {
            return Err("the event is one that fails".into());
        }
        Ok(())
    }
}

struct Harness;

struct Env {
    directory: TempDir,
}

impl Env {
    fn database(&self) -> PathBuf {
        self.directory.path().join("database")
    }
}

impl HandlerHarness for Harness {
    type Env = Env;

    async fn start(&self) -> Result<Env, BoxError> {
        Ok(Env { directory: tempfile::tempdir()? })
    }
}

impl HandlerEnv for Env {
    type Handler = SqliteProjection<Note>;

    async fn handler(&self) -> Result<Self::Handler, BoxError> {
        let builder = SqliteProjection::builder(self.database(), "suite", Note);
        let create = "CREATE TABLE IF NOT EXISTS noted (application TEXT, offset TEXT)";
        Ok(builder.setup(move |sql| sql.execute_batch(create)).open().await?)
    }

    async fn effects(&self, source: &Identity) -> Result<Vec<u64>, BoxError> {
        let sql = Connection::open(self.database())?;
        let mut statement =
            sql.prepare("SELECT offset FROM noted WHERE application = ?1 ORDER BY rowid")?;
        let rows = statement.query_map([&source.key], |row| row.get::<_, String>(0))?;
        rows.map(|offset| Ok(offset?.parse()?)).collect()
    }

    fn failing_parcel(&self, _offset: u64, parcels: &mut Parcels) -> Option<Parcel> {
        Some(parcels.make(FAILING))
    }

    async fn park(&self, source: &Identity, event: &Event) -> Result<bool, BoxError> {
        let parked = self.handler().await?.parked();
        parked.failed(source, event, "it was parked by a test").await?;
        // As if that had been before the offset went past it.
        let sql = Connection::open(self.database())?;
        sql.execute("UPDATE eventstream_parked SET state = 'parked'", [])?;
        Ok(parked.replay(source, event.offset).await?)
    }
}

handler_suite!(mod projection: Harness);

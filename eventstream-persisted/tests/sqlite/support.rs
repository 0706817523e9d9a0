use std::path::{Path, PathBuf};

use eventstream_core::{
    Apply, Envelope, Event, EventStore, Expect, HandlerError, Identity, Incarnation, Parcel,
};
use eventstream_persisted::{EmbeddedStore, SqliteProjection, SqliteProjectionBuilder, SqliteTx};
use rusqlite::Connection;

/// The consumer that most tests have.
pub(crate) const CONSUMER: &str = "record";

pub(crate) fn application() -> Identity {
    Identity::new("app", "app-key")
}

pub(crate) fn parcel(id: u64) -> Parcel {
    parcel_of(&application(), id)
}

pub(crate) fn parcel_of(application: &Identity, id: u64) -> Parcel {
    let envelope = Envelope::new(format!("m-{id}"), application.clone(), "type", "text/plain");
    // So that one with the same id is the same.
    let created_at = "2026-01-02T03:04:05Z".parse().unwrap();
    let data = format!("payload {id}").into();
    Parcel::seal(Envelope { data, created_at, ..envelope }).unwrap()
}

pub(crate) fn event(offset: u64) -> Event {
    Event::new(offset, parcel(offset))
}

pub(crate) fn events(offsets: impl IntoIterator<Item = u64>) -> Vec<Event> {
    offsets.into_iter().map(event).collect()
}

pub(crate) fn incarnation(n: u8) -> Incarnation {
    Incarnation::from_random([n; 16])
}

/// A directory for a test, which is removed with it.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("database")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// A connection of our own, to look at what is there.
    pub(crate) fn sql(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }

    /// A store with so many events.
    pub(crate) async fn store_of(&self, count: u64) -> EmbeddedStore {
        let builder = EmbeddedStore::builder(self.store()).create_for(application());
        let store = builder.open().await.unwrap();
        append(&store, 0..count).await;
        store
    }

    /// A projection that notes what it is given.
    pub(crate) async fn recording(&self) -> SqliteProjection<Record> {
        recording(&self.database()).open().await.unwrap()
    }

    /// One that does something else.
    pub(crate) async fn applying<A: Apply<SqliteTx> + 'static>(
        &self,
        apply: A,
    ) -> SqliteProjection<A> {
        let builder = SqliteProjection::builder(self.database(), CONSUMER, apply);
        builder.setup(create_effects).open().await.unwrap()
    }

    /// The effects, in the order in which they were made.
    pub(crate) fn effects(&self) -> Vec<(i64, String)> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT offset, message_id FROM effects ORDER BY rowid").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The offsets of the effects.
    pub(crate) fn offsets(&self) -> Vec<i64> {
        self.effects().into_iter().map(|(offset, _)| offset).collect()
    }

    /// The consumer's offset, as it stands in the table.
    pub(crate) fn stored_offset(&self) -> Option<i64> {
        let sql = self.sql();
        let mut statement = sql
            .prepare("SELECT next_offset FROM eventstream_consumers WHERE consumer = ?1")
            .unwrap();
        let mut rows = statement.query([CONSUMER]).unwrap();
        rows.next().unwrap().map(|row| row.get(0).unwrap())
    }

    /// Each event has one effect, in order, and the offset says so: returns how many.
    pub(crate) fn check_effects(&self) -> u64 {
        let effects = self.effects();
        for ((offset, id), expected) in effects.iter().zip(0..) {
            assert_eq!((*offset, id), (expected, &format!("m-{expected}")));
        }
        assert_eq!(self.stored_offset().unwrap_or(0), i64::try_from(effects.len()).unwrap());
        effects.len() as u64
    }
}

pub(crate) async fn append(store: &EmbeddedStore, ids: std::ops::Range<u64>) {
    let mut first = ids.start;
    while first < ids.end {
        let next = ids.end.min(first + 2000);
        let parcels = (first..next).map(parcel).collect();
        store.append(parcels, Expect::Offset(first)).await.unwrap();
        first = next;
    }
}

/// Notes offset and message id, in a table that takes anything twice.
#[derive(Clone, Debug)]
pub(crate) struct Record;

impl Apply<SqliteTx> for Record {
    async fn apply(&mut self, tx: SqliteTx, event: Event) -> Result<(), HandlerError> {
        record(&tx, &event)
    }
}

pub(crate) fn record(tx: &SqliteTx, event: &Event) -> Result<(), HandlerError> {
    let params = (event.offset.cast_signed(), event.parcel.message_id());
    tx.execute("INSERT INTO effects (offset, message_id) VALUES (?1, ?2)", params)?;
    Ok(())
}

pub(crate) fn create_effects(sql: &Connection) -> rusqlite::Result<()> {
    sql.execute_batch("CREATE TABLE IF NOT EXISTS effects (offset INTEGER, message_id TEXT)")
}

pub(crate) fn recording(database: &Path) -> SqliteProjectionBuilder<Record> {
    SqliteProjection::builder(database, CONSUMER, Record).setup(create_effects)
}

/// The whole chain of an error's causes, as a user would see it.
pub(crate) fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// What is to be tried again, as a user would see it.
#[track_caller]
pub(crate) fn retry(result: Result<impl std::fmt::Debug, HandlerError>) -> String {
    match result {
        Err(HandlerError::Retry(error)) => text(error.as_ref()),
        other => panic!("{other:?}"),
    }
}

/// What is refused, as a user would see it.
#[track_caller]
pub(crate) fn reject(result: Result<impl std::fmt::Debug, HandlerError>) -> String {
    match result {
        Err(HandlerError::Reject(error)) => text(error.as_ref()),
        other => panic!("{other:?}"),
    }
}

// As its like.
#[allow(clippy::needless_pass_by_value)]
#[track_caller]
pub(crate) fn conflict(result: Result<impl std::fmt::Debug, HandlerError>) {
    assert!(matches!(result, Err(HandlerError::Conflict)), "{result:?}");
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

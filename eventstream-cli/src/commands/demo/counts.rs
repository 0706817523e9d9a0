use std::{collections::BTreeMap, path::Path};

use eventstream_core::{Apply, Event, HandlerError};
use eventstream_persisted::{
    SqliteTx,
    rusqlite::{Connection, OpenFlags, Result},
};

/// What the demo's events are counted in.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS events_by_type (
        type TEXT PRIMARY KEY,
        events INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS events_by_repository (
        repository TEXT PRIMARY KEY,
        events INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

pub(super) fn create_tables(sql: &Connection) -> Result<()> {
    sql.execute_batch(TABLES)
}

/// The effect of an event: it is counted, in the transaction that its offset is stored in.
#[derive(Debug)]
pub(super) struct Count;

impl Apply<SqliteTx> for Count {
    async fn apply(&mut self, tx: SqliteTx, event: Event) -> Result<(), HandlerError> {
        tx.execute(
            "INSERT INTO events_by_type (type, events) VALUES (?1, 1)
             ON CONFLICT (type) DO UPDATE SET events = events + 1",
            [event.parcel.event_type()],
        )?;
        tx.execute(
            "INSERT INTO events_by_repository (repository, events) VALUES (?1, 1)
             ON CONFLICT (repository) DO UPDATE SET events = events + 1",
            [event.parcel.source_instance_id()],
        )?;
        Ok(())
    }
}

/// What was counted.
pub(super) struct Counts {
    pub(super) by_type: BTreeMap<String, u64>,
    pub(super) by_repository: BTreeMap<String, u64>,
}

impl Counts {
    /// Reads them, as they stand at one moment.
    pub(super) fn read(database: &Path) -> Result<Self> {
        let mut sql = open(database)?;
        let moment = sql.transaction()?;
        Ok(Self {
            by_type: counted(&moment, "SELECT type, events FROM events_by_type")?,
            by_repository: counted(&moment, "SELECT repository, events FROM events_by_repository")?,
        })
    }
}

/// Whether there is nothing at all in a database.
pub(super) fn is_empty(database: &Path) -> Result<bool> {
    open(database)?.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn open(database: &Path) -> Result<Connection> {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

fn counted(sql: &Connection, query: &str) -> Result<BTreeMap<String, u64>> {
    let mut statement = sql.prepare(query)?;
    let rows = statement.query_map([], |row| {
        let events: i64 = row.get(1)?;
        // Whoever has put a negative number there is told that the counts are wrong.
        Ok((row.get(0)?, events.try_into().unwrap_or(0)))
    })?;
    rows.collect()
}

use rusqlite::Connection;

use super::{SqliteError, database::Database, fault::Fault};

/// The version of the tables below. A later one changes them when it opens the database.
const VERSION: i64 = 1;

/// Offsets are stored as [`Offset`](super::stored::Offset) says, times in microseconds since 1970.
///
/// The index on `event_offset < 0` puts the offsets from 2^63 on last.
const TABLES: &str = "
    CREATE TABLE eventstream_schema (version INTEGER NOT NULL) STRICT;

    CREATE TABLE eventstream_consumers (
        consumer TEXT NOT NULL,
        application_key TEXT NOT NULL,
        application_name TEXT NOT NULL,
        kind TEXT NOT NULL,
        next_offset INTEGER NOT NULL,
        incarnation TEXT,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (consumer, application_key)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE eventstream_parked (
        consumer TEXT NOT NULL,
        application_key TEXT NOT NULL,
        event_offset INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('noted', 'parked', 'replaying')),
        attempts INTEGER NOT NULL,
        first_failed_at INTEGER NOT NULL,
        last_failed_at INTEGER NOT NULL,
        error TEXT NOT NULL,
        event BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX eventstream_parked_by_offset
        ON eventstream_parked (consumer, application_key, (event_offset < 0), event_offset);
    CREATE INDEX eventstream_parked_by_state
        ON eventstream_parked (consumer, application_key, state, (event_offset < 0), event_offset);
";

const NAMES: [&str; 3] = ["eventstream_schema", "eventstream_consumers", "eventstream_parked"];

/// What a database has of our tables.
enum Found {
    /// All that we know.
    Ours,
    /// Nothing.
    Nothing,
}

/// Creates our tables, if they are not there: in a transaction that writes.
pub(super) fn create(sql: &Connection, database: &Database) -> Result<(), Fault> {
    if let Found::Nothing = look(sql, database)? {
        sql.execute_batch(TABLES)?;
        sql.execute("INSERT INTO eventstream_schema (version) VALUES (?1)", [VERSION])?;
    }
    Ok(())
}

/// Checks that our tables are there.
pub(super) fn require(sql: &Connection, database: &Database) -> Result<(), Fault> {
    match look(sql, database)? {
        Found::Ours => Ok(()),
        Found::Nothing => Err(SqliteError::NoConsumers { path: database.path.clone() }.into()),
    }
}

fn look(sql: &Connection, database: &Database) -> Result<Found, Fault> {
    let mut there =
        sql.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?;
    let mut missing = Vec::new();
    for name in NAMES {
        if !there.exists([name])? {
            missing.push(name);
        }
    }
    if missing.len() == NAMES.len() {
        return Ok(Found::Nothing);
    }
    if !missing.contains(&NAMES[0]) {
        let version: Option<i64> =
            sql.query_row("SELECT max(version) FROM eventstream_schema", [], |row| row.get(0))?;
        match version {
            // Of a later version we know no tables, so that it comes first.
            Some(found) if found > VERSION => {
                let path = database.path.clone();
                return Err(SqliteError::NewerSchema { path, found, supported: VERSION }.into());
            }
            Some(VERSION) => {}
            _ => return Err(Fault::Damaged("they have no schema version".into())),
        }
    }
    if missing.is_empty() {
        Ok(Found::Ours)
    } else {
        Err(Fault::Damaged(format!("there is no table {}", missing.join(" and no "))))
    }
}

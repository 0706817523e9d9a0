//! The tables of a store, and how it is recognised.

use std::hash::{BuildHasher, Hasher, RandomState};

use eventstream_core::Identity;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use siphasher::sip::SipHasher13;

use super::{
    connection::Database,
    error::{EmbeddedStoreError, Failure},
};

type Result<T, E = EmbeddedStoreError> = std::result::Result<T, E>;

/// The file in the store's directory.
pub(super) const FILE: &str = "events.sqlite3";

/// `evst`: SQLite keeps it in the file's header, and `file` and other tools show it.
const APPLICATION_ID: u32 = 0x6576_7374;
const FORMAT: i64 = 1;

/// Offsets are stored relative to the store's first one, so that they fit SQLite's signed integers
/// wherever a store begins.
///
/// - `store`: one row: whose events these are, the offset of the first event, and the key that
///   names of types, sources and message ids are hashed with.
/// - `head`: one row: the oldest offset that is there, and the next one.
///   (These two rows carry a CRC-32C of their values.)
/// - `type`: the names of the event types that were ever appended.
/// - `chunk`: the events, and a summary of which are in it: see `chunk/mod.rs`.
/// - `message`: finds an event by the hash of its message id.
const TABLES: &str = "
    CREATE TABLE store (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        application_name TEXT NOT NULL,
        application_key TEXT NOT NULL,
        first_offset TEXT NOT NULL,
        hash_key BLOB NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        oldest INTEGER NOT NULL,
        next INTEGER NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE type (
        name TEXT PRIMARY KEY
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chunk (
        first INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        summary BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE message (
        hash INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (hash, position)
    ) STRICT, WITHOUT ROWID;
";

/// What is fixed when a store is created.
#[derive(Clone, Debug)]
pub(super) struct Charter {
    pub(super) application: Identity,
    /// The offset of the store's first event.
    pub(super) first_offset: u64,
    /// What names of types, sources and message ids are hashed with.
    pub(super) hash_key: [u8; 16],
}

impl Charter {
    pub(super) fn new(application: Identity, first_offset: u64) -> Self {
        let mut hash_key = [0; 16];
        for half in hash_key.chunks_mut(8) {
            // The standard library's only source of randomness from the system.
            half.copy_from_slice(&RandomState::new().hash_one(0).to_le_bytes());
        }
        Self { application, first_offset, hash_key }
    }

    fn checksum(&self) -> u32 {
        let Identity { name, key } = &self.application;
        let first_offset = self.first_offset.to_string();
        [name.as_bytes(), key.as_bytes(), first_offset.as_bytes(), &self.hash_key].into_iter().fold(
            0,
            |checksum, part| {
                // With its length, so that the parts can't run into each other.
                let len = (part.len() as u64).to_le_bytes();
                crc32c::crc32c_append(crc32c::crc32c_append(checksum, &len), part)
            },
        )
    }

    /// The offset of a position.
    pub(super) fn absolute(&self, position: i64) -> u64 {
        self.first_offset.saturating_add_signed(position)
    }

    /// The position of an offset: how the store counts.
    pub(super) fn relative(&self, offset: u64) -> i64 {
        i64::try_from(offset.saturating_sub(self.first_offset)).unwrap_or(i64::MAX)
    }

    /// The hash that finds an event by its message id.
    pub(super) fn hash_message_id(&self, message_id: &str) -> i64 {
        self.hash(&[message_id]).cast_signed()
    }

    /// The hash that finds events by their type.
    pub(super) fn hash_type(&self, name: &str) -> u64 {
        self.hash(&[name])
    }

    /// The hash that finds events by their source.
    pub(super) fn hash_source(&self, handler_key: &str, instance_id: &str) -> u64 {
        self.hash(&[handler_key, instance_id])
    }

    fn hash(&self, parts: &[&str]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        for part in parts {
            hasher.write(part.as_bytes());
            // No text has this byte, so that the parts can't run into each other.
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}

/// The oldest position that is there, and the next one: relative, as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) oldest: i64,
    pub(super) next: i64,
}

impl Head {
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let (head, checksum) = connection
            .prepare_cached("SELECT oldest, next, checksum FROM head")?
            .query_row([], |row| {
                let head = Self { oldest: row.get(0)?, next: row.get(1)? };
                Ok((head, row.get::<_, u32>(2)?))
            })?;
        if checksum != head.checksum() {
            return Err(EmbeddedStoreError::DamagedHead.into());
        }
        Ok(head)
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("INSERT OR REPLACE INTO head VALUES (1, ?1, ?2, ?3)")?
            .execute(params![self.oldest, self.next, self.checksum()])
            .map(drop)
    }

    fn checksum(self) -> u32 {
        let checksum = crc32c::crc32c(&self.oldest.to_le_bytes());
        crc32c::crc32c_append(checksum, &self.next.to_le_bytes())
    }

    /// Checks that the events end where the head says: otherwise events would be hidden, and their
    /// offsets given again.
    pub(super) fn check(self, connection: &Connection, charter: &Charter) -> Result<(), Failure> {
        let end: Option<i64> = connection
            .prepare_cached("SELECT first + count FROM chunk ORDER BY first DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let end = end.unwrap_or(self.oldest);
        if end == self.next {
            return Ok(());
        }
        let (first, last) = (end.min(self.next), end.max(self.next) - 1);
        Err(EmbeddedStoreError::Damaged {
            first: charter.absolute(first),
            last: charter.absolute(last),
            problem: "the store's head and its events don't agree about where they end",
        }
        .into())
    }
}

/// Writes the tables of a new store.
pub(super) fn write(connection: &mut Connection, charter: &Charter) -> rusqlite::Result<()> {
    // Space of truncated events can be given back in small steps.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO store VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        params![
            charter.application.name,
            charter.application.key,
            charter.first_offset.to_string(),
            charter.hash_key,
            charter.checksum(),
        ],
    )?;
    Head { oldest: 0, next: 0 }.write(&transaction)?;
    transaction.commit()?;
    // Last: what was written before is in the file by now, and not in a log beside it.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
        let mode: String = row.get(0)?;
        if mode == "wal" { Ok(()) } else { Err(rusqlite::Error::ExecuteReturnedResults) }
    })
}

/// Opens a database file if it is a store.
pub(super) fn open(database: &Database) -> Result<(Connection, Charter)> {
    let not_a_store =
        |problem| EmbeddedStoreError::NotAStore { path: database.file().to_owned(), problem };
    let sqlite = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => not_a_store("it is no SQLite database"),
        _ => database.error(&error),
    };
    let connection = database.open().map_err(sqlite)?;
    let pragma = |name| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(sqlite)
    };
    if pragma("application_id")? != i64::from(APPLICATION_ID) {
        return Err(not_a_store("it is an empty database, or another program's"));
    }
    let found = pragma("user_version")?;
    if found != FORMAT {
        let path = database.file().to_owned();
        return Err(EmbeddedStoreError::OtherFormat { path, found, supported: FORMAT });
    }
    let (application, first_offset, hash_key, checksum) = connection
        .query_row(
            "SELECT application_name, application_key, first_offset, hash_key, checksum FROM store",
            [],
            |row| {
                let application = Identity::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
                Ok((application, row.get::<_, String>(2)?, row.get(3)?, row.get::<_, u32>(4)?))
            },
        )
        .map_err(sqlite)?;
    let first_offset = first_offset.parse().map_err(|_| EmbeddedStoreError::DamagedHead)?;
    let charter = Charter { application, first_offset, hash_key };
    if charter.checksum() != checksum {
        return Err(EmbeddedStoreError::DamagedHead);
    }
    Ok((connection, charter))
}

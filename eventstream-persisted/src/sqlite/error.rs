use std::{path::PathBuf, time::Duration};

use eventstream_core::{BoxError, Error, HandlerError, Identity, Incarnation};

use super::SqliteConsumerKind;

/// What can be wrong with a SQLite database in which consumers keep their place: the source of the
/// [`Error::Backend`] and the [`HandlerError`] that its users get.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// There is no file at the path.
    #[error("there is no database at {}: check the path", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path can't be that of a database.
    #[error("the database can't be at {}: {problem}", path.display())]
    BadPath {
        /// Where it was to be.
        path: PathBuf,
        /// What speaks against it.
        problem: &'static str,
    },
    /// There is something else at the path.
    #[error("{} is no SQLite database: check the path", path.display())]
    NotADatabase {
        /// What was opened.
        path: PathBuf,
    },
    /// It is a database, in which no consumer was ever opened.
    #[error(
        "{} is a SQLite database, but no consumer keeps its offset in it: check the path",
        path.display()
    )]
    NoConsumers {
        /// What was opened.
        path: PathBuf,
    },
    /// A later version has changed the tables.
    #[error(
        "the `eventstream_` tables of {} have schema version {found}, and this program knows \
         versions up to {supported}: use a newer program",
        path.display()
    )]
    NewerSchema {
        /// What was opened.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The latest version that is known.
        supported: i64,
    },
    /// What stands in the tables was not written by this library.
    #[error(
        "the `eventstream_` tables of {} are damaged: {problem}; restore the database from a backup",
        path.display()
    )]
    Damaged {
        /// What was opened.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
    /// The file can be read, but not written to.
    #[error(
        "{} can't be written to: check the permissions of the file and its directory, and whether \
         the disk is mounted read-only",
        path.display()
    )]
    NotWritable {
        /// What was opened.
        path: PathBuf,
    },
    /// Another connection has kept its write lock for too long.
    #[error(
        "the database is locked: another program or connection has been writing to {} for more \
         than {waited:?}",
        path.display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// How long was waited for the lock.
        waited: Duration,
    },
    /// The file system does not allow what a write-ahead log needs.
    #[error(
        "{} can't have a write-ahead log: its journal mode stays {mode:?}; keep it on a local disk",
        path.display()
    )]
    NoWriteAheadLog {
        /// The database.
        path: PathBuf,
        /// The journal mode that it has.
        mode: String,
    },
    /// A consumer needs a name.
    #[error("the consumer has no name: give it one that stays the same")]
    NoConsumerName,
    /// The consumer's offset belongs to another stream than the one that is there now.
    #[error(
        "consumer {consumer:?} has its offset from incarnation {known} of the stream of \
         {application}, but the stream is {found} now: it was restored or created anew, and the \
         offset means nothing there. Reset the consumer to an offset of the new stream, after \
         making sure that its effects fit"
    )]
    OtherIncarnation {
        /// The consumer.
        consumer: String,
        /// Whose stream it is.
        application: Identity,
        /// What the stream was when the offset was stored.
        known: Incarnation,
        /// What the stream is.
        found: Incarnation,
    },
    /// The consumer's offset was stored by a handler of the other kind.
    #[error(
        "consumer {consumer:?} is a {found} of the stream of {application} in this database, and is \
         opened as a {wanted}: give one of them another name, or remove the consumer"
    )]
    OtherKind {
        /// The consumer.
        consumer: String,
        /// Whose stream it is.
        application: Identity,
        /// What it is.
        found: SqliteConsumerKind,
        /// What it was opened as.
        wanted: SqliteConsumerKind,
    },
    /// A handler was told to skip before it was asked for its offset.
    #[error(
        "the projection can't skip events of a stream that it does not know: ask for its offset first"
    )]
    NoStream,
    /// An event that stands before those which are handled already, or has no offset after it.
    #[error("an event with offset {found} can't follow offset {next}, which is next")]
    OutOfOrder {
        /// The offset of the next event, or of a later one.
        next: u64,
        /// The event's offset.
        found: u64,
    },
    /// A [`SqliteTx`](crate::SqliteTx) was used after its transaction.
    #[error(
        "the transaction is over: a SqliteTx can't be used after the event that it was handed out for"
    )]
    TransactionOver,
    /// A transaction was ended by the code that it was handed to.
    #[error(
        "the transaction was ended before its time, and all of it is undone: leave COMMIT and \
         ROLLBACK to the projection, and use savepoints"
    )]
    TransactionEnded,
    /// [`SqliteTx::with`](crate::SqliteTx::with) was called inside of itself.
    #[error("SqliteTx::with can't be called inside of SqliteTx::with: use the connection at hand")]
    Nested,
    /// The user's code has panicked. What it did in the transaction is undone.
    #[error("{what} has panicked, and what it did in the database is undone: {message}")]
    Panicked {
        /// Whose code.
        what: &'static str,
        /// What it said.
        message: String,
    },
    /// The user's tables could not be set up.
    #[error("the tables of consumer {consumer:?} could not be set up")]
    SetUp {
        /// The consumer.
        consumer: String,
        /// What went wrong.
        source: rusqlite::Error,
    },
    /// The runtime was shut down before the work was begun.
    #[error("the runtime is shutting down: nothing was done in the database")]
    ShutDown,
    /// SQLite has said that something is wrong.
    #[error("{action} in {} failed", path.display())]
    Sqlite {
        /// What was being done.
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl SqliteError {
    /// Whether the cause may go away by itself.
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Sqlite { .. } | Self::ShutDown)
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let retryable = self.is_retryable();
        Error::backend(operation, retryable, self)
    }

    /// Of an event nothing is said by it: what is wrong with the database may well go away. Only
    /// where the consumer itself is not what it should be, it stays so until somebody does
    /// something.
    pub(super) fn into_handler_error(self) -> HandlerError {
        let source: BoxError = self.into();
        match source.downcast_ref() {
            Some(Self::OtherIncarnation { .. } | Self::OtherKind { .. }) => {
                HandlerError::Reject(source)
            }
            _ => HandlerError::Retry(source),
        }
    }
}

/// A result of our own steps.
pub(super) type Result<T, E = SqliteError> = std::result::Result<T, E>;

use std::{sync::Arc, time::Duration};

use eventstream_core::{Identity, Incarnation};

use crate::Finding;

/// What can be wrong with a PostgreSQL database: the source of the
/// [`Error::Backend`](eventstream_core::Error::Backend) and the
/// [`HandlerError`](eventstream_core::HandlerError) that its users get.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The URL can't be used.
    #[error("the URL of the database can't be used: {problem}")]
    BadUrl {
        /// What is wrong with it.
        problem: String,
    },
    /// The name can't be that of a schema.
    #[error("{schema:?} can't be the name of a schema: {problem}")]
    BadSchemaName {
        /// The name.
        schema: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The server can't be reached.
    #[error("can't connect to {server}: check that it is running and can be reached")]
    Unreachable {
        /// Where it was looked for.
        server: String,
        /// What the driver says.
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
    /// The server does not let the user in.
    #[error("{server} does not let the user in: check the user's name, the password and sslmode")]
    LoginRefused {
        /// The server.
        server: String,
        /// What it says.
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
    /// There is no such database.
    #[error("there is no such database at {server}: create it first")]
    NoDatabase {
        /// Where it was looked for.
        server: String,
        /// What the server says.
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
    /// The user may not do what has to be done.
    #[error(
        "the user may not {action} in {server}: it needs the right to use the schema and its \
         tables, and to create them the first time"
    )]
    Denied {
        /// What was to be done.
        action: &'static str,
        /// The database.
        server: String,
        /// What the server says.
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
    /// The database can't keep what a store promises.
    #[error("{server} can't be used for a store: {finding}")]
    Unfit {
        /// The database.
        server: String,
        /// What stands in the way.
        finding: Finding,
    },
    /// The database keeps text in an encoding that not all text has a place in.
    #[error("{server} has encoding {encoding}: create a database with encoding UTF8")]
    Encoding {
        /// The database.
        server: String,
        /// Its encoding.
        encoding: String,
    },
    /// Our tables are not there.
    #[error(
        "there are no events in schema {schema:?} of {server}: check its name, or create a store"
    )]
    NotFound {
        /// The database.
        server: String,
        /// Where the tables were looked for.
        schema: String,
    },
    /// A later version has changed the tables.
    #[error(
        "the tables in schema {schema:?} of {server} have version {found}, and this program knows \
         versions up to {supported}: use a newer program"
    )]
    NewerSchema {
        /// The database.
        server: String,
        /// The schema.
        schema: String,
        /// The version of its tables.
        found: i32,
        /// The latest version that is known.
        supported: i32,
    },
    /// The database does not keep the application's events.
    #[error("schema {schema:?} of {server} keeps no events of {wanted}, but of {found}")]
    NoApplication {
        /// The database.
        server: String,
        /// The schema.
        schema: String,
        /// Whose events were asked for.
        wanted: String,
        /// Whose are there.
        found: String,
    },
    /// The events are no longer those of the store that was opened.
    #[error(
        "the store of {application} was removed, restored or created anew while it was open: open it \
         again"
    )]
    Replaced {
        /// The application.
        application: Identity,
    },
    /// Events can't be read, because what is stored of them has changed.
    #[error(
        "the events at offsets {first} to {last} of {application} are damaged: {problem}; restore \
         the database from a backup"
    )]
    Damaged {
        /// Whose they are.
        application: Identity,
        /// The first offset that can't be read.
        first: u64,
        /// The last offset that can't be read.
        last: u64,
        /// What was found.
        problem: String,
    },
    /// What stands in the tables was not written by this library.
    #[error("the tables in {server} are damaged: {problem}; restore the database from a backup")]
    DamagedTables {
        /// The database.
        server: String,
        /// What was found.
        problem: String,
    },
    /// Somebody else has kept a lock for too long.
    #[error(
        "another transaction has held the lock for more than {waited:?}: end it, if it is one that \
         was forgotten (see pg_stat_activity)"
    )]
    Locked {
        /// How long was waited.
        waited: Duration,
    },
    /// The server did not answer in time.
    #[error("{server} has not answered within {waited:?}")]
    TimedOut {
        /// The server.
        server: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The database can be read, but not written to.
    #[error("{server} can be read only: connect to the server that takes writes")]
    ReadOnly {
        /// The database.
        server: String,
        /// What it says.
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
    /// The connection was lost while events were being stored.
    #[error(
        "whether the events were stored is not known, because the connection to the server was lost: \
         append the same ones again, which stores them once"
    )]
    OutcomeUnknown {
        /// What went wrong.
        #[source]
        source: Box<PostgresError>,
    },
    /// The task that appends has ended.
    #[error(
        "the store has stopped, with the runtime that it was opened on: open it again, and append \
         the same events again, which stores them once"
    )]
    Stopped,
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
    /// A [`PostgresTx`](crate::PostgresTx) was used after its transaction.
    #[error(
        "the transaction is over: a PostgresTx can't be used after the event that it was handed out \
         for"
    )]
    TransactionOver,
    /// A transaction was, or would be, ended by the code that it was handed to; or a statement in it
    /// has failed, and that was passed over.
    #[error(
        "the transaction may not be ended before its time, nor go on after a statement that has \
         failed: leave COMMIT and ROLLBACK to the projection, and use savepoints"
    )]
    TransactionEnded,
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
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
    /// The server, or the way to it, has failed.
    #[error("could not {action} in {server}")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// The database.
        server: String,
        /// What the driver says.
        #[source]
        source: Arc<tokio_postgres::Error>,
    },
}

/// A result of our own steps.
pub(super) type Result<T, E = PostgresError> = std::result::Result<T, E>;

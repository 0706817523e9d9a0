use std::{fmt, path::PathBuf, sync::Arc};

use eventstream_core::{Apply, Event, EventTypes, Handler, HandlerError, Identity, Incarnation};

use super::{
    SqliteParked, SqliteProjectionBuilder, SqliteTx,
    database::Database,
    error::SqliteError,
    fault::Fault,
    link::Link,
    projection_worker::Worker,
    session::{Session, blocking},
    table::Stream,
};

/// A [`Handler`] whose effects are in a SQLite database, in one transaction with its offset: each
/// event has its effect exactly once.
///
/// What is done with an event is an [`Apply`] of a [`SqliteTx`]: a closure, a type of one's own, or a
/// [`Router`](eventstream_core::Router) of functions that ask for the transaction as
/// [`Context<SqliteTx>`](eventstream_core::Context).
///
/// # Contract
///
/// - The transaction of an event moves the offset, if it is still where the consumer believes it to
///   be, and makes the effect: both are there, or neither. A [batch] is one transaction.
/// - So two replicas of a projection, in one process or in several, can run on one database: of those
///   that handle the same event, one is told that there is a conflict, and asks for its offset anew.
/// - Offsets are kept by the consumer's name and the application's key. A database holds any number
///   of consumers, of any number of applications, beside the tables of the user; ours begin with
///   `eventstream_`.
/// - The stream's [incarnation](eventstream_core::EventStream::incarnation) is kept with the offset.
///   A stream that was restored or created anew is refused, with an error that says what to do.
/// - What blocks runs off the runtime, what applies the events included.
/// - A panic in what applies an event is an error of that event: nothing of it stays in the
///   database.
///
/// [batch]: eventstream_core::Consumer::batch
///
/// # Durability
///
/// The database has a write-ahead log, and is not synced with each commit (`synchronous = NORMAL`).
/// That is safe: a process that is killed loses nothing, and a power cut can only take back the last
/// commits as a whole, effect and offset together: the events come again. Only who tells others of an
/// effect once it is there needs [`synced`](SqliteProjectionBuilder::synced).
///
/// # Examples
///
/// ```
/// use eventstream_core::{
///     Consumer, Envelope, Event, EventStore, EventTypes, Expect, HandlerError, Identity, Parcel,
/// };
/// use eventstream_persisted::{EmbeddedStore, SqliteProjection, SqliteTx};
/// use tokio_util::sync::CancellationToken;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let (store_path, database) = (directory.path().join("store"), directory.path().join("db"));
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let store = EmbeddedStore::builder(store_path).create_for(shop.clone()).open().await?;
/// let paid = Envelope { data: "30".into(), ..Envelope::new("m-1", shop, "order.paid", "text/plain") };
/// store.append(vec![Parcel::seal(paid)?], Expect::Any).await?;
///
/// let done = CancellationToken::new();
/// let cancel = done.clone();
/// let revenue = SqliteProjection::builder(&database, "revenue", move |tx: SqliteTx, event: Event| {
///     let cancel = cancel.clone();
///     async move {
///         let amount: i64 = std::str::from_utf8(&event.parcel.data())?.parse()?;
///         tx.execute("INSERT INTO payments (amount) VALUES (?1)", [amount])?;
///         cancel.cancel();
///         Ok::<(), HandlerError>(())
///     }
/// })
/// .setup(|sql| sql.execute_batch("CREATE TABLE IF NOT EXISTS payments (amount INTEGER)"))
/// .open()
/// .await?;
///
/// let stream = store.stream(EventTypes::any());
/// Consumer::new(stream, "order.paid".into(), revenue).run(done).await?;
///
/// let sql = rusqlite::Connection::open(&database)?;
/// let sum: i64 = sql.query_row("SELECT sum(amount) FROM payments", [], |row| row.get(0))?;
/// assert_eq!(sum, 30);
/// # Ok(())
/// # }
/// ```
pub struct SqliteProjection<A> {
    worker: Arc<Worker<A>>,
    event_types: EventTypes,
    /// The stream that it was asked about last.
    stream: Option<Arc<Stream>>,
}

impl<A: Apply<SqliteTx> + 'static> SqliteProjection<A> {
    /// Begins to open a projection: in the database at `path`, which is created if it is not there,
    /// for the consumer of this name, whose events `apply` is given.
    ///
    /// The name identifies the consumer in the database, and should never change: another name
    /// begins with the first event.
    pub fn builder(
        path: impl Into<PathBuf>,
        consumer: impl Into<String>,
        apply: A,
    ) -> SqliteProjectionBuilder<A> {
        SqliteProjectionBuilder::new(path.into(), consumer.into(), apply)
    }

    pub(super) fn new(worker: Worker<A>, event_types: EventTypes) -> Self {
        Self { worker: Arc::new(worker), event_types, stream: None }
    }

    /// The types of events that it has something to do with: what its consumer should ask for.
    #[must_use]
    pub fn event_types(&self) -> EventTypes {
        self.event_types.clone()
    }

    /// The name of the consumer.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.worker.places.consumer
    }

    /// A store for the events of this consumer that can't be handled, in the same database. It has
    /// a connection of its own.
    #[must_use]
    pub fn parked(&self) -> SqliteParked {
        SqliteParked::new(Session::new(self.database().clone()), self.consumer().to_owned())
    }

    fn database(&self) -> &Database {
        &self.worker.session.database
    }

    /// The stream of an application: what is known of it, if it is the one that we were asked about.
    fn stream(&mut self, source: &Identity) -> Arc<Stream> {
        match &self.stream {
            Some(stream) if stream.source.key == source.key => stream.clone(),
            _ => {
                let stream = Arc::new(Stream { source: source.clone(), incarnation: None });
                self.stream.insert(stream).clone()
            }
        }
    }

    /// The stream that an event is from.
    fn stream_of(&mut self, event: &Event) -> Arc<Stream> {
        match &self.stream {
            Some(stream) if event.parcel.is_from(&stream.source) => stream.clone(),
            _ => self.stream(&event.parcel.source_application().to_identity()),
        }
    }

    /// Does something with the consumer's places, off the runtime.
    async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Worker<A>, &Link) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, HandlerError> {
        let worker = self.worker.clone();
        let done = self.worker.session.run(action, move |link| work(&worker, link)).await;
        done.map_err(SqliteError::into_handler_error)
    }
}

/// Each call is one transaction, in which the offset is compared and set. It runs to its end even if
/// the future is dropped: the effect and the offset are then there, or neither.
///
/// Errors are [`HandlerError::Retry`] with a [`SqliteError`](crate::SqliteError), but what the
/// user's code says stays what it is. That another connection has locked the database for longer
/// than the [busy timeout](SqliteProjectionBuilder::busy_timeout) is one of them.
impl<A: Apply<SqliteTx> + 'static> Handler for SqliteProjection<A> {
    /// Keeps the incarnation, to be stored with the first offset.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Reject`] if the offset belongs to another incarnation: the consumer has to be
    /// [reset](crate::SqliteConsumers::reset).
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        let stream = Arc::new(Stream { source: source.clone(), incarnation });
        let begun = stream.clone();
        self.run("beginning with a stream", move |worker, link| worker.places.begin(link, &begun))
            .await?;
        self.stream = Some(stream);
        Ok(())
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        let stream = self.stream(source);
        self.run("reading the offset", move |worker, link| {
            let place = worker.places.load(link.sql(), &stream.source)?;
            Ok(place.map_or(0, |place| place.offset))
        })
        .await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let (stream, worker) = (self.stream_of(first), self.worker.clone());
        blocking(move || worker.handle(&stream, offset, events)).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        let stream = self.stream.clone().ok_or(SqliteError::NoStream)?;
        let moved = self
            .run("advancing the offset", move |worker, link| {
                link.write(|sql| {
                    Ok(worker.places.advance(sql, &stream, offset, next.max(offset))?)
                })
            })
            .await?;
        if moved { Ok(next.max(offset)) } else { Err(HandlerError::Conflict) }
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        let stream = self.stream(source);
        self.run("reading the offset", move |worker, link| {
            Ok(worker.places.load(link.sql(), &stream.source)?.is_some())
        })
        .await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        let stream = self.stream(source);
        let begun = self
            .run("storing the start position", move |worker, link| {
                link.write(|sql| Ok(worker.places.begin_at(sql, &stream, offset)?))
            })
            .await?;
        if begun { Ok(()) } else { Err(HandlerError::Conflict) }
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        let (stream, worker) = (self.stream(source), self.worker.clone());
        blocking(move || worker.handle_parked(&stream, event)).await
    }
}

impl<A> fmt::Debug for SqliteProjection<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteProjection")
            .field("path", &self.worker.session.database.path)
            .field("consumer", &self.worker.places.consumer)
            .field("event_types", &self.event_types)
            .finish_non_exhaustive()
    }
}

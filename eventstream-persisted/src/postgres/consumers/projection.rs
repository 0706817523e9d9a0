use std::{fmt, sync::Arc};

use eventstream_core::{Apply, Event, EventTypes, Handler, HandlerError, Identity, Incarnation};

use super::{
    PostgresParked, PostgresProjectionBuilder, PostgresTx,
    claim::{Claim, begin, check, commit},
    panicked::caught,
    places::{Places, Stream},
};
use crate::postgres::{
    connection::{Connector, Link, Pool},
    error::{PostgresError, Result},
};

/// A [`Handler`] whose effects are in a PostgreSQL database, in one transaction with its offset: each
/// event has its effect exactly once.
///
/// What is done with an event is an [`Apply`] of a [`PostgresTx`]: a closure, a type of one's own, or
/// a [`Router`](eventstream_core::Router) of functions that ask for the transaction as
/// [`Context<PostgresTx>`](eventstream_core::Context).
///
/// # Contract
///
/// - The transaction of an event moves the offset, if it is still where the consumer believes it to
///   be, and makes the effect: both are there, or neither. A [batch] is one transaction.
/// - So two replicas of a projection, in one process or in several, can run on one database: of those
///   that handle the same event, one waits for the other, is told that there is a conflict, and asks
///   for its offset anew.
/// - Offsets are kept by the consumer's name and the application's key, in a
///   [schema](PostgresProjectionBuilder::schema) of ours, which may be that of a store.
/// - The stream's [incarnation](eventstream_core::EventStream::incarnation) is kept with the offset.
///   A stream that was restored or created anew is refused, with an error that says what to do.
/// - A panic in what applies an event is an error of that event: nothing of it stays in the
///   database.
/// - It has one connection, whose statements are kept prepared: a pooler before the server has to be
///   in session mode.
///
/// [batch]: eventstream_core::Consumer::batch
///
/// # Examples
///
/// ```
/// use eventstream_core::{Consumer, Event, EventTypes, HandlerError};
/// use eventstream_persisted::{PostgresProjection, PostgresStore, PostgresTx};
/// use tokio_util::sync::CancellationToken;
///
/// async fn project(
///     url: &str,
///     store: &PostgresStore,
///     cancel: CancellationToken,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let revenue =
///         PostgresProjection::builder(url, "revenue", |tx: PostgresTx, event: Event| async move {
///             let amount: i64 = std::str::from_utf8(&event.parcel.data())?.parse()?;
///             tx.execute("INSERT INTO payments (amount) VALUES ($1)", &[&amount]).await?;
///             Ok::<(), HandlerError>(())
///         })
///         .setup("CREATE TABLE IF NOT EXISTS payments (amount bigint)")
///         .open()
///         .await?;
///     let stream = store.stream(EventTypes::any());
///     Consumer::new(stream, "order.paid".into(), revenue).run(cancel).await?;
///     Ok(())
/// }
/// ```
pub struct PostgresProjection<A> {
    connector: Connector,
    places: Places,
    apply: A,
    event_types: EventTypes,
    /// The connection. One on which something has failed is given up.
    link: Option<Link>,
    /// The stream that it was asked about last.
    stream: Option<Arc<Stream>>,
}

impl<A: Apply<PostgresTx> + 'static> PostgresProjection<A> {
    /// Begins to open a projection: in the database of a URL, for the consumer of this name, whose
    /// events `apply` is given. [`PostgresStore`](crate::PostgresStore#the-url) says what the URL has.
    ///
    /// The name identifies the consumer in the database, and should never change: another name
    /// begins with the first event.
    pub fn builder(
        url: impl Into<String>,
        consumer: impl Into<String>,
        apply: A,
    ) -> PostgresProjectionBuilder<A> {
        PostgresProjectionBuilder::new(url.into(), consumer.into(), apply)
    }

    pub(super) fn new(connector: Connector, link: Link, places: Places, apply: A) -> Self {
        let event_types = apply.event_types();
        Self { connector, places, apply, event_types, link: Some(link), stream: None }
    }

    /// The types of events that it has something to do with: what its consumer should ask for.
    #[must_use]
    pub fn event_types(&self) -> EventTypes {
        self.event_types.clone()
    }

    /// The name of the consumer.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.places.consumer
    }

    /// A store for the events of this consumer that can't be handled, in the same database. It has
    /// a connection of its own.
    #[must_use]
    pub fn parked(&self) -> PostgresParked {
        let pool = Pool::new(self.connector.clone(), 1);
        PostgresParked::new(pool, self.places.schema.clone(), self.places.consumer.clone())
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

    /// The connection, which is made anew if it was lost.
    async fn link(&mut self) -> Result<&Link> {
        if !self.link.as_ref().is_some_and(Link::is_usable) {
            self.link = Some(self.connector.connect().await?);
        }
        // It was put there just now.
        self.link.as_ref().ok_or(PostgresError::TransactionOver)
    }

    /// The consumer's place, asked for once more if the connection turns out to be lost.
    async fn place(&mut self, source: &Identity) -> Result<Option<super::places::Place>> {
        let places = self.places.clone();
        match places.load(self.link().await?, source).await {
            Err(error) if error.is_lost() => {
                self.link = None;
                places.load(self.link().await?, source).await
            }
            done => done,
        }
    }

    /// Does something in a transaction: all of it, or nothing. `claim` moves what has to be moved, and
    /// returns the transaction's number; `None` if another one was faster.
    async fn transact(
        &mut self,
        stream: &Stream,
        claim: Claim,
        events: Vec<Event>,
    ) -> std::result::Result<(), HandlerError> {
        self.link().await.map_err(PostgresError::into_handler_error)?;
        let link = self.link.take().ok_or(PostgresError::TransactionOver)?;
        let claimed = begin(&link, &self.places, stream, claim, &events).await;
        let number = match claimed {
            Ok(Some(number)) => number,
            Ok(None) => {
                if link.end("end a transaction", "ROLLBACK").await.is_ok() {
                    self.link = Some(link);
                }
                return Err(HandlerError::Conflict);
            }
            // The connection goes with what is open on it.
            Err(error) => return Err(error.into_handler_error()),
        };
        check(stream, claim, &events)?;
        let tx = PostgresTx::new(link);
        let apply = &mut self.apply;
        let worked = caught("what applies the event", async {
            for event in events {
                apply.apply(tx.clone(), event).await?;
            }
            Ok::<_, HandlerError>(())
        });
        let worked = worked.await.unwrap_or_else(|panicked| Err(panicked.into()));
        // From here on no handle that somebody may have kept does anything.
        let link = tx.end().await.ok_or(PostgresError::TransactionOver)?;
        worked?;
        commit(&link, number).await.map_err(PostgresError::into_handler_error)?;
        self.link = Some(link);
        Ok(())
    }
}

/// Each call is one transaction, in which the offset is compared and set.
///
/// Errors are [`HandlerError::Retry`] with a [`PostgresError`](crate::PostgresError), but what the
/// user's code says stays what it is. If the connection is lost while a transaction is committed, the
/// consumer finds out by the offset, which it asks for anew.
impl<A: Apply<PostgresTx> + 'static> Handler for PostgresProjection<A> {
    /// Keeps the incarnation, to be stored with the first offset.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Reject`] if the offset belongs to another incarnation.
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> std::result::Result<(), HandlerError> {
        let stream = Arc::new(Stream { source: source.clone(), incarnation });
        let places = self.places.clone();
        let link = self.link().await.map_err(PostgresError::into_handler_error)?;
        let begun = places.begin(link, &stream).await;
        begun.map_err(PostgresError::into_handler_error)?;
        self.stream = Some(stream);
        Ok(())
    }

    async fn next_offset(&mut self, source: &Identity) -> std::result::Result<u64, HandlerError> {
        self.stream(source);
        let place = self.place(source).await.map_err(PostgresError::into_handler_error)?;
        Ok(place.map_or(0, |place| place.offset))
    }

    async fn handle_event(
        &mut self,
        offset: u64,
        event: Event,
    ) -> std::result::Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(
        &mut self,
        offset: u64,
        events: Vec<Event>,
    ) -> std::result::Result<(), HandlerError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(());
        };
        let next = last.offset.saturating_add(1);
        let stream = self.stream_of(first);
        self.transact(&stream, Claim::Advance { offset, next }, events).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> std::result::Result<u64, HandlerError> {
        let stream = self.stream.clone().ok_or(PostgresError::NoStream)?;
        let (places, next) = (self.places.clone(), next.max(offset));
        let link = self.link().await.map_err(PostgresError::into_handler_error)?;
        let moved = places.advance(link, &stream, offset, next).await;
        match moved.map_err(PostgresError::into_handler_error)? {
            Some(_) => Ok(next),
            None => Err(HandlerError::Conflict),
        }
    }

    async fn has_begun(&mut self, source: &Identity) -> std::result::Result<bool, HandlerError> {
        self.stream(source);
        let place = self.place(source).await.map_err(PostgresError::into_handler_error)?;
        Ok(place.is_some())
    }

    async fn begin_at(
        &mut self,
        source: &Identity,
        offset: u64,
    ) -> std::result::Result<(), HandlerError> {
        let (stream, places) = (self.stream(source), self.places.clone());
        let link = self.link().await.map_err(PostgresError::into_handler_error)?;
        let begun = places.begin_at(link, &stream, offset).await;
        if begun.map_err(PostgresError::into_handler_error)? {
            Ok(())
        } else {
            Err(HandlerError::Conflict)
        }
    }

    async fn handle_parked(
        &mut self,
        source: &Identity,
        event: Event,
    ) -> std::result::Result<(), HandlerError> {
        let (stream, offset) = (self.stream(source), event.offset);
        self.transact(&stream, Claim::Parked { offset }, vec![event]).await
    }
}

impl<A> fmt::Debug for PostgresProjection<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresProjection")
            .field("server", &self.connector.server)
            .field("consumer", &self.places.consumer)
            .field("event_types", &self.event_types)
            .finish_non_exhaustive()
    }
}

use std::sync::Arc;

use eventstream_core::{Event, Identity, ParkedEvent, ParkedEvents, Result};
use rusqlite::Connection;

use super::{SqliteError, fault::Fault, parked_table::Shelf, session::Session};

/// The events that a consumer could not handle, in a SQLite database.
///
/// Made by [`SqliteProjection::parked`](crate::SqliteProjection::parked),
/// [`SqliteCheckpoints::parked`](crate::SqliteCheckpoints::parked), and, to look at a database from
/// outside, [`SqliteConsumers::parked`](crate::SqliteConsumers::parked).
///
/// A parked event of a projection that is replayed is handled and forgotten in one transaction.
///
/// A clone is another handle to the same events. Of its own it has one connection, which is opened
/// when it is needed first; what it is asked for runs off the runtime, and to its end.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Envelope, Event, Identity, Parcel, ParkedEvents};
/// use eventstream_persisted::SqliteCheckpoints;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let database = directory.path().join("db");
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let parked = SqliteCheckpoints::builder(&database, "mails").open().await?.parked();
///
/// let placed = Envelope::new("m-1", shop.clone(), "order.placed", "text/plain");
/// let event = Event::new(7, Parcel::seal(placed)?);
/// assert_eq!(parked.failed(&shop, &event, "no such customer").await?, 1);
/// parked.park(&shop, 7).await?;
///
/// for parked in parked.list(&shop, 0, 100).await? {
///     println!("{}: {}", parked.event.offset, parked.error);
/// }
/// assert!(parked.replay(&shop, 7).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteParked {
    session: Arc<Session>,
    consumer: String,
}

impl SqliteParked {
    pub(super) fn new(session: Arc<Session>, consumer: String) -> Self {
        Self { session, consumer }
    }

    /// The name of the consumer.
    #[must_use]
    pub fn consumer(&self) -> &str {
        &self.consumer
    }

    /// The offsets of all parked events, in order. The events themselves are not read, so that also
    /// one which is damaged is found.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if they can't be read.
    pub async fn offsets(&self, source: &Identity) -> Result<Vec<u64>> {
        self.read(source, |shelf, sql| shelf.parked_from(sql, 0)).await
    }

    /// Has parked events [replayed](ParkedEvents::replay): those of these that are parked, all in one
    /// transaction. Returns their offsets.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, that is done all the same, or nothing is.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be written: then nothing was.
    pub async fn replay_all(&self, source: &Identity, offsets: Vec<u64>) -> Result<Vec<u64>> {
        self.write(source, move |shelf, sql| done_with(offsets, |it| shelf.replay(sql, it))).await
    }

    /// Gives up parked events: those of these that are parked are forgotten, all in one transaction.
    /// Returns their offsets. Notes of events that are still being tried stay.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, that is done all the same, or nothing is.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be written: then nothing was.
    pub async fn drop_all(&self, source: &Identity, offsets: Vec<u64>) -> Result<Vec<u64>> {
        self.write(source, move |shelf, sql| done_with(offsets, |it| shelf.take(sql, it))).await
    }

    fn shelf(&self, source: &Identity) -> Shelf {
        Shelf { consumer: self.consumer.clone(), key: source.key.clone() }
    }

    async fn read<T: Send + 'static>(
        &self,
        source: &Identity,
        work: impl FnOnce(&Shelf, &Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let of = self.shelf(source);
        let done = self.session.run("reading parked events", move |link| work(&of, link.sql()));
        done.await.map_err(|error: SqliteError| error.into_error("reading parked events"))
    }

    async fn write<T: Send + 'static>(
        &self,
        source: &Identity,
        work: impl FnOnce(&Shelf, &Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let of = self.shelf(source);
        let done = self
            .session
            .run("changing parked events", move |link| link.write(|sql| work(&of, sql)));
        done.await.map_err(|error: SqliteError| error.into_error("changing parked events"))
    }
}

impl ParkedEvents for SqliteParked {
    async fn failed(&self, source: &Identity, event: &Event, error: &str) -> Result<u32> {
        let (event, error) = (event.clone(), error.to_owned());
        self.write(source, move |shelf, sql| shelf.failed(sql, &event, &error)).await
    }

    async fn park(&self, source: &Identity, offset: u64) -> Result<bool> {
        self.write(source, move |shelf, sql| shelf.park(sql, offset)).await
    }

    async fn resume(&self, source: &Identity, offset: u64) -> Result<Vec<u64>> {
        const ACTION: &str = "reading parked events";
        let of = self.shelf(source);
        let done = self.session.run(ACTION, move |link| {
            // Each start of a consumer asks, and most have nothing to forget: they write nothing.
            if of.has_notes_below(link.sql(), offset)? {
                link.write(|sql| Ok(of.forget_notes_below(sql, offset)?))?;
            }
            of.parked_from(link.sql(), offset)
        });
        done.await.map_err(|error| error.into_error(ACTION))
    }

    async fn list(&self, source: &Identity, offset: u64, max: usize) -> Result<Vec<ParkedEvent>> {
        self.read(source, move |shelf, sql| shelf.list(sql, offset, max)).await
    }

    async fn count(&self, source: &Identity) -> Result<u64> {
        self.read(source, Shelf::count).await
    }

    async fn replay(&self, source: &Identity, offset: u64) -> Result<bool> {
        self.write(source, move |shelf, sql| shelf.replay(sql, offset)).await
    }

    async fn next_replay(&self, source: &Identity) -> Result<Option<ParkedEvent>> {
        self.read(source, Shelf::next_replay).await
    }

    async fn remove(&self, source: &Identity, offset: u64) -> Result<bool> {
        self.write(source, move |shelf, sql| shelf.remove(sql, offset)).await
    }
}

/// Does something with each of the offsets; returns those for which it could be done.
fn done_with(
    offsets: Vec<u64>,
    mut act: impl FnMut(u64) -> Result<bool, Fault>,
) -> Result<Vec<u64>, Fault> {
    let mut done = Vec::new();
    for offset in offsets {
        if act(offset)? {
            done.push(offset);
        }
    }
    Ok(done)
}

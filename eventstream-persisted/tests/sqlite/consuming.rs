//! A process that consumes a stream into a database, and tells what it does.

use std::{
    io::Read,
    path::{Path, PathBuf},
    thread,
};

use eventstream_core::{
    Apply, Consumer, Event, EventTypes, Handler, HandlerError, Identity, Incarnation,
};
use eventstream_persisted::{EmbeddedStore, SqliteProjection, SqliteTx};
use tokio_util::sync::CancellationToken;

use crate::{
    child::{Running, Told},
    support::*,
};

/// What such a process is told to do.
#[derive(Clone, Debug)]
pub(crate) struct Consuming {
    pub(crate) store: PathBuf,
    pub(crate) database: PathBuf,
    /// The most events of a transaction.
    pub(crate) batch: usize,
    /// Where it is to stand still, in the middle of a transaction.
    pub(crate) hold: Option<u64>,
}

impl Consuming {
    pub(crate) fn of(place: &Place, batch: usize) -> Self {
        Self { store: place.store(), database: place.database(), batch, hold: None }
    }

    /// Starts it: the test that is named has to call [`run`](Self::run).
    pub(crate) fn start(&self, test: &str) -> Running {
        let utf8 = |path: &Path| path.to_str().unwrap().to_owned();
        let hold = self.hold.map_or_else(String::new, |offset| offset.to_string());
        let task = [&utf8(&self.store), &utf8(&self.database), &self.batch.to_string(), &hold];
        Running::start(test, &task.map(String::as_str))
    }

    /// In the process that was started: consumes until the standard input ends.
    pub(crate) fn run(task: &[String]) {
        let [store, database, batch, hold] = task else { panic!("{task:?}") };
        let consuming = Self {
            store: store.into(),
            database: database.into(),
            batch: batch.parse().unwrap(),
            hold: hold.parse().ok(),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.unwrap().block_on(consuming.consume());
    }

    async fn consume(self) {
        let done = CancellationToken::new();
        let cancel = done.clone();
        thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            cancel.cancel();
        });
        let store = EmbeddedStore::open(&self.store).await.unwrap();
        let apply = Telling { hold: self.hold };
        let projection = SqliteProjection::builder(&self.database, CONSUMER, apply)
            .setup(create_effects)
            .open()
            .await
            .unwrap();
        let stream = store.stream(EventTypes::any());
        let consumer = Consumer::new(stream, EventTypes::any(), Keeping(projection));
        consumer.batch(self.batch).run(done).await.unwrap();
    }
}

/// Notes the events, and tells so.
struct Telling {
    hold: Option<u64>,
}

impl Apply<SqliteTx> for Telling {
    async fn apply(&mut self, tx: SqliteTx, event: Event) -> Result<(), HandlerError> {
        record(&tx, &event)?;
        Told::Applied(event.offset).tell();
        if self.hold == Some(event.offset) {
            Told::Holding(event.offset).tell();
            loop {
                thread::park();
            }
        }
        Ok(())
    }
}

/// Tells what was committed.
struct Keeping<H>(H);

#[deny(clippy::missing_trait_methods)]
impl<H: Handler> Handler for Keeping<H> {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.0.begin(source, incarnation).await
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.0.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        let next = event.offset + 1;
        self.0.handle_event(offset, event).await?;
        Told::Kept(next).tell();
        Ok(())
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        let next = events.last().map(|event| event.offset + 1);
        self.0.handle_batch(offset, events).await?;
        if let Some(next) = next {
            Told::Kept(next).tell();
        }
        Ok(())
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.0.skip(offset, next).await
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.0.has_begun(source).await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.0.begin_at(source, offset).await
    }

    async fn handle_parked(&mut self, source: &Identity, event: Event) -> Result<(), HandlerError> {
        self.0.handle_parked(source, event).await
    }
}

//! A consumer in the test's own process, which keeps its offset, and what it parks, in a database.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use eventstream_core::{
    Checkpoint, Checkpoints, Consumer, ConsumerHandle, Event, EventTypes, Finish, HandlerError,
    Identity, Poison, Result,
};
use eventstream_persisted::{
    EmbeddedStore, SqliteCheckpoints, SqliteProjection, SqliteTx, rusqlite::Connection,
};
use serde_json::Value;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::harness::*;

/// The application of the events that `append` stores, if it is not told another one.
pub(crate) const APPLICATION_KEY: &str = "e72e6fba-8ed3-5cde-9ff6-36f062e1e51b";
/// The consumer that most tests have.
pub(crate) const CONSUMER: &str = "totals";
/// The ids of the events that it can't handle while it is broken.
const POISON: [&str; 2] = ["2", "5"];
/// Nothing takes so long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store, and a database.
pub(crate) struct Consumed {
    place: Place,
    pub(crate) db: PathBuf,
    /// Whether some events can't be handled.
    pub(crate) broken: Arc<AtomicBool>,
}

/// What is there before anybody consumes.
impl Deref for Consumed {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Consumed {
    /// A store of so many events, and no database.
    pub(crate) fn new(number: u64) -> Self {
        let place = Place::with(&events(0..number));
        let db = place.path().join("app.db");
        Self { place, db, broken: Arc::default() }
    }

    /// With events 2 and 5 parked, and the consumer stopped.
    pub(crate) async fn with_two_parked() -> Self {
        let consumed = Self::new(8);
        consumed.broken.store(true, Ordering::Relaxed);
        let working = consumed.start().await;
        working.handle.wait_for(7).await.unwrap();
        working.stop().await;
        consumed
    }

    /// Runs a consumer that notes the offsets of what it has handled.
    pub(crate) async fn start(&self) -> Working {
        let broken = self.broken.clone();
        let apply = move |tx: SqliteTx, event: Event| {
            let broken = broken.load(Ordering::Relaxed);
            async move {
                let id = event.parcel.message_id();
                if broken && POISON.contains(&id) {
                    return Err(HandlerError::from(format!("there is no customer {id}")));
                }
                tx.execute("INSERT INTO effects VALUES (?1)", [event.offset.cast_signed()])?;
                Ok(())
            }
        };
        let projection = SqliteProjection::builder(&self.db, CONSUMER, apply)
            .setup(|sql| sql.execute_batch("CREATE TABLE IF NOT EXISTS effects (offset INTEGER)"))
            .open()
            .await
            .unwrap();
        let store = EmbeddedStore::open(&self.store).await.unwrap();
        let parked = projection.parked();
        let consumer =
            Consumer::new(store.stream(EventTypes::any()), EventTypes::any(), projection)
                .poison(Poison::park_after(3, parked))
                .backoff(|_failures| Duration::ZERO)
                .heartbeat(Duration::from_millis(20));
        let stop = CancellationToken::new();
        let handle = consumer.handle();
        let running = tokio::spawn(consumer.run(stop.clone()));
        Working { handle, stop, running }
    }

    /// A consumer that only has an offset.
    pub(crate) async fn checkpoint(&self, consumer: &str, application: Identity, offset: u64) {
        let checkpoints = SqliteCheckpoints::builder(&self.db, consumer).open().await.unwrap();
        let checkpoint = Checkpoint { offset, incarnation: None };
        checkpoints.store(&application, None, checkpoint).await.unwrap();
    }

    pub(crate) fn sql(&self) -> Connection {
        Connection::open(&self.db).unwrap()
    }

    /// The offsets of the events that were handled, as they were.
    pub(crate) fn effects(&self) -> Vec<u64> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT offset FROM effects ORDER BY rowid").unwrap();
        let offsets = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        offsets.map(|offset| offset.unwrap().cast_unsigned()).collect()
    }

    /// Runs the program: the words of a command, then the database, then what else it is told.
    pub(crate) fn run(&self, command: &str, args: &[&str]) -> Done {
        run_on(&self.db, command, args)
    }

    /// What a command that does well says.
    pub(crate) fn says(&self, command: &str, args: &[&str]) -> String {
        let done = self.run(command, args);
        done.assert_ok();
        done.stdout
    }

    /// What it says to programs.
    pub(crate) fn says_json(&self, command: &str, args: &[&str]) -> Vec<Value> {
        let said = self.says(command, &[args, &["-o", "json"]].concat());
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The offsets of what is parked.
    pub(crate) fn parked(&self) -> Vec<u64> {
        let listed = self.says_json("parked list", &[]);
        listed.iter().map(|it| it["event"]["offset"].as_u64().unwrap()).collect()
    }
}

/// Runs the program on a database.
pub(crate) fn run_on(db: &Path, command: &str, args: &[&str]) -> Done {
    let mut program = program();
    program.args(command.split(' ')).arg("--db").arg(db).args(args);
    run(program, b"")
}

/// A consumer that is running.
pub(crate) struct Working {
    pub(crate) handle: ConsumerHandle,
    stop: CancellationToken,
    running: JoinHandle<Result<Finish>>,
}

impl Working {
    /// Waits until so many events are parked.
    pub(crate) async fn until_parked(&mut self, number: u64) {
        let wait = async {
            while self.handle.status().parked != number {
                self.handle.changed().await.unwrap();
            }
        };
        timeout(PATIENCE, wait).await.expect("other events are parked");
    }

    /// Waits until something is as it should be.
    pub(crate) async fn until(&mut self, is_so: impl Fn() -> bool) {
        let wait = async {
            // It has a heartbeat, which is told.
            while !is_so() {
                self.handle.changed().await.unwrap();
            }
        };
        timeout(PATIENCE, wait).await.expect("it should have come to that");
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        assert_eq!(self.running.await.unwrap().unwrap(), Finish::Cancelled);
    }
}

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use eventstream_core::{Consumer, EventTypes, Finish, Handler, Result};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{FakeHandler, FakeStream, install};

/// How long the consumers here wait after a failure.
const DELAY: Duration = Duration::from_secs(5);

/// A stream, a handler, and the failure counts that the backoff was asked with.
pub(crate) struct Rig {
    pub(crate) stream: FakeStream,
    pub(crate) handler: FakeHandler,
    counts: Arc<Mutex<Vec<u32>>>,
}

impl Rig {
    /// With a stream that has an event for each letter, which is its type.
    pub(crate) fn new(types: &str) -> Self {
        install();
        let stream = FakeStream::new();
        stream.append(types);
        Self { stream, handler: FakeHandler::new(), counts: Arc::default() }
    }

    /// A consumer of the events of type `a`.
    pub(crate) fn consumer(&self) -> Consumer<FakeStream, FakeHandler> {
        self.consumer_with(self.handler.clone())
    }

    pub(crate) fn consumer_with<H: Handler>(&self, handler: H) -> Consumer<FakeStream, H> {
        let counts = self.counts.clone();
        Consumer::new(self.stream.clone(), EventTypes::from("a"), handler).backoff(move |count| {
            counts.lock().expect("not poisoned").push(count);
            DELAY
        })
    }

    /// Runs a consumer of the events of type `a`.
    pub(crate) async fn start(&self) -> Running {
        Running::start(self.consumer()).await
    }

    /// The number of failures at each backoff.
    pub(crate) fn counts(&self) -> Vec<u32> {
        self.counts.lock().expect("not poisoned").clone()
    }
}

/// A consumer that runs in a task of its own.
pub(crate) struct Running {
    pub(crate) token: CancellationToken,
    pub(crate) started: Instant,
    task: JoinHandle<Result<Finish>>,
}

impl Running {
    /// Starts a consumer, and lets it go as far as it can without waiting.
    pub(crate) async fn start<H: Handler + 'static>(consumer: Consumer<FakeStream, H>) -> Self {
        let token = CancellationToken::new();
        let started = Instant::now();
        let task = tokio::spawn(consumer.run(token.clone()));
        settle().await;
        Self { token, started, task }
    }

    /// What it ended with. It has an hour.
    pub(crate) async fn ended(self) -> Result<Finish> {
        let ended = timeout(Duration::from_secs(3600), self.task).await;
        ended.expect("the consumer ends").expect("it does not panic")
    }

    /// Cancels it, and sees that it ends at once.
    pub(crate) async fn stop(self) {
        let now = Instant::now();
        self.token.cancel();
        let finish = self.ended().await.expect("cancelling is no error");
        assert_eq!(finish, Finish::Cancelled);
        assert_eq!(now.elapsed(), Duration::ZERO, "a cancellation is not waited for");
    }

    /// Lets it run until what was waited for has been over for a while.
    pub(crate) async fn run_for(&self, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
        assert!(!self.task.is_finished(), "the consumer still runs");
    }
}

/// Waits for a future, which has an hour.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(3600), future).await.expect("it ends")
}

/// Lets all tasks run until they wait. The clock is paused: it moves only when nothing else does.
pub(crate) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

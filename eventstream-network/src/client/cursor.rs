use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use eventstream_core::{CloseHandle, Cursor, Error, Event, Result};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Protocol,
    call_error::CallError,
    inbox::Inbox,
    live::GivenUp,
    open::{Known, OpenError, Opened, OpenedState, Opener},
};
use crate::poll_once::poll_once;

/// So many heartbeats may be missing.
const MISSED: u32 = 3;

/// Reads a [`NetworkStream`](super::NetworkStream).
///
/// - Its [`position`](Cursor::position) moves on over what does not match, by our own protocol; by the
///   protocols A and B it is that of the events that came.
/// - By our own protocol a server that says nothing for three heartbeats counts as lost, and so does
///   the connection to it: what is begun from then on is begun on another one.
/// - What is read of an event is a slice of what came over the network: who keeps one event keeps up
///   to 64 KiB.
pub struct NetworkCursor {
    opener: Arc<Opener>,
    state: State,
    inbox: Inbox,
    /// Where it was opened first.
    opened_at: u64,
    protocol: Protocol,
    connection: GivenUp,
    close: CloseHandle,
    heard_at: Instant,
    /// Failures in a row, if it resumes by itself.
    failures: u32,
    /// Where and when the stream was opened last.
    opened_last: (u64, Instant),
}

enum State {
    Open(OpenedState),
    /// It waits, and then opens the stream again.
    Resuming(Pin<Box<dyn Future<Output = Result<Opened, OpenError>> + Send>>),
    Failed(CallError),
}

impl NetworkCursor {
    pub(super) fn new(opener: Opener, first: Opened, position: u64) -> Self {
        let mut cursor = Self {
            opener: Arc::new(opener),
            state: State::Open(first.state),
            inbox: Inbox::new(position),
            opened_at: position,
            protocol: first.protocol,
            connection: first.connection,
            close: CloseHandle::new(),
            heard_at: Instant::now(),
            failures: 0,
            opened_last: (position, Instant::now()),
        };
        cursor.read_at_hand(1);
        cursor
    }

    /// The protocol that the events come by.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether there was nothing at the cursor's position when the server said something last. By the
    /// protocols A and B it never says so.
    #[must_use]
    pub fn is_at_tail(&self) -> bool {
        self.inbox.is_at_tail()
    }

    /// Like [`next_batch`](Cursor::next_batch), but it waits no longer than until there is nothing left
    /// below an offset: then it adds nothing and returns 0. So it ends also where no event matches.
    /// The events may come from beyond the offset.
    ///
    /// By the protocols A and B only events say how far the cursor is.
    ///
    /// # Cancel safety
    ///
    /// Dropping a pending future loses nothing.
    ///
    /// # Errors
    ///
    /// As `next_batch` has them.
    ///
    /// # Examples
    ///
    /// All that is there now:
    ///
    /// ```
    /// use eventstream_core::{EventStream, EventTypes};
    /// use eventstream_network::NetworkStream;
    /// # use eventstream_core::{Envelope, Identity, Parcel};
    /// # use eventstream_memory::MemoryStream;
    /// # use eventstream_network::NetworkServer;
    /// # use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    /// # let memory = MemoryStream::new(shop.clone());
    /// # let placed = Envelope::new("m-1", shop.clone(), "order.placed", "application/json");
    /// # memory.append_one(Parcel::seal(placed)?)?;
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let endpoint = format!("http://{}", listener.local_addr()?);
    /// # let server = NetworkServer::builder().host(memory).build()?;
    /// # tokio::spawn(server.serve(listener, std::future::pending()));
    /// let stream = NetworkStream::connect(&endpoint, shop).await?;
    /// let end = stream.end().await?.unwrap_or_default();
    /// let mut cursor = stream.open(0, "order.placed".into()).await?;
    /// let mut events = Vec::new();
    /// while cursor.next_batch_until(end, &mut events, 100).await? > 0 {}
    /// assert_eq!(events.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_batch_until(
        &mut self,
        end: u64,
        buf: &mut Vec<Event>,
        max: usize,
    ) -> Result<usize> {
        self.batch(Some(end), buf, max).await
    }

    /// None at the end, if there is one.
    async fn batch(&mut self, end: Option<u64>, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        loop {
            self.check()?;
            self.read_at_hand(max);
            if end.is_some_and(|end| self.inbox.position() >= end) {
                return Ok(0);
            }
            let added = self.inbox.hand_out(buf, max)?;
            if added > 0 {
                return Ok(added);
            }
            let close = self.close.clone();
            close.guard(self.receive()).await?;
        }
    }

    /// Takes off the connection what has come, as far as it may be read ahead.
    fn read_at_hand(&mut self, asked: usize) {
        let (events, bytes) =
            (self.opener.options.prefetch.max(asked), self.opener.channel.options.prefetch_bytes);
        if self.inbox.len() >= asked && self.inbox.len() > self.opener.options.prefetch / 2 {
            return;
        }
        while self.inbox.len() < events && self.inbox.bytes() < bytes as usize {
            // An error is said when nothing else is.
            if !matches!(poll_once(self.receive()), Some(Ok(()))) {
                return;
            }
        }
    }

    /// Waits for something new, and takes it in.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost.
    async fn receive(&mut self) -> Result<()> {
        let Err(error) = self.step().await else {
            return Ok(());
        };
        self.move_on_to_end(&error);
        if error.is_retryable() && self.opener.options.resume.is_some() {
            self.resume(&error);
            return Ok(());
        }
        let said = self.error(&error);
        if let Error::Truncated { requested, .. } = said {
            self.inbox.move_on(requested);
        }
        self.state = State::Failed(error);
        Err(said)
    }

    /// A server that goes away says where it was; all below has come, if nothing came in part.
    fn move_on_to_end(&mut self, error: &CallError) {
        if let State::Open(OpenedState::Taken(responses)) = &self.state
            && responses.splitter.is_empty()
            && let Some(position) = error.ended_at()
        {
            self.inbox.move_on(position);
        }
    }

    fn error(&self, error: &CallError) -> Error {
        error.clone().into_error(&self.opener.channel.endpoint, "read", self.inbox.next())
    }

    /// From one state to the next, or with more in the inbox.
    async fn step(&mut self) -> Result<(), CallError> {
        match &mut self.state {
            State::Failed(error) => Err(error.clone()),
            State::Resuming(opening) => {
                let opened = opening.as_mut().await;
                let opened = opened.map_err(|error| match error {
                    OpenError::Call(error) => error,
                    OpenError::Other(error) => CallError::protocol(error.to_string()),
                })?;
                self.protocol = opened.protocol;
                self.connection = opened.connection;
                self.state = State::Open(opened.state);
                self.heard_at = Instant::now();
                self.opened_last = (self.inbox.next(), self.heard_at);
                Ok(())
            }
            State::Open(OpenedState::Asked(asked)) => {
                let responses = asked.as_mut().await?;
                self.state = State::Open(OpenedState::Taken(Box::new(responses)));
                Ok(())
            }
            State::Open(OpenedState::Taken(responses)) => {
                let silent_at = match self.protocol {
                    Protocol::Ours => {
                        self.heard_at.checked_add(self.opener.options.heartbeat * MISSED)
                    }
                    Protocol::A | Protocol::B => None,
                };
                let received = tokio::select! {
                    biased;
                    received = responses.receive() => received,
                    () = silence(silent_at.unwrap_or(self.heard_at)), if silent_at.is_some() => {
                        let silence = self.opener.options.heartbeat * MISSED;
                        // Who opens the stream again waits no longer for the same connection.
                        self.connection.give_up();
                        return Err(CallError::Timeout(silence));
                    }
                };
                if !received? {
                    // It has no end, but that of the server.
                    return Err(CallError::lost("the server has ended the stream"));
                }
                self.heard_at = Instant::now();
                while let Some(message) = responses.message()? {
                    self.inbox.take_in(self.protocol, &message)?;
                }
                // That a server greets does not mean that it works.
                let (position, at) = self.opened_last;
                if self.inbox.next() > position || at.elapsed() >= self.opener.options.heartbeat {
                    self.failures = 0;
                }
                Ok(())
            }
        }
    }

    fn resume(&mut self, error: &CallError) {
        let Some(backoff) = &self.opener.options.resume else {
            return;
        };
        // By these protocols a quiet stream says nothing: that it was open for so long is a success.
        if self.protocol != Protocol::Ours
            && matches!(self.state, State::Open(_))
            && self.opened_last.1.elapsed() >= self.opener.options.heartbeat
        {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let delay: Duration = backoff.delay(self.failures);
        let position = self.inbox.next();
        let said = self.error(error);
        tracing::warn!(
            server = %self.opener.channel.endpoint,
            error = &said as &dyn std::error::Error,
            position,
            ?delay,
            "a cursor has lost its stream, and will resume"
        );
        let opener = self.opener.clone();
        let known =
            Known { incarnation: self.inbox.incarnation(), was_read: position > self.opened_at };
        self.state = State::Resuming(Box::pin(async move {
            sleep(delay).await;
            opener.open(position, Some(known)).await
        }));
    }

    /// A cursor that is closed costs the server nothing.
    fn check(&mut self) -> Result<()> {
        let checked = self.close.check();
        if checked.is_err() {
            self.state = State::Failed(CallError::lost("the cursor is closed"));
        }
        checked
    }
}

/// Waits until there should have been something. If nothing of the runtime has run meanwhile, what has
/// come is taken off the connection first.
async fn silence(until: Instant) {
    sleep_until(until).await;
    yield_now().await;
}

impl Cursor for NetworkCursor {
    async fn next(&mut self) -> Result<Event> {
        let mut event = Vec::with_capacity(1);
        loop {
            self.next_batch(&mut event, 1).await?;
            if let Some(event) = event.pop() {
                return Ok(event);
            }
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        self.batch(None, buf, max).await
    }

    fn position(&self) -> u64 {
        self.inbox.position()
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

impl fmt::Debug for NetworkCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkCursor")
            .field("server", &self.opener.channel.endpoint)
            .field("application_key", &self.opener.application_key)
            .field("protocol", &self.protocol)
            .field("position", &self.inbox.position())
            .finish_non_exhaustive()
    }
}

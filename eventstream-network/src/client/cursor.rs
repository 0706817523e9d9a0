use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use eventstream_core::{CloseHandle, Cursor, Error, Event, Result};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Protocol,
    call_error::CallError,
    inbox::Inbox,
    open::{OpenError, Opened, OpenedState, Opener},
};
use crate::poll_once::poll_once;

/// So many heartbeats may be missing.
const MISSED: u32 = 3;

/// Reads a [`NetworkStream`](super::NetworkStream).
///
/// - Its [`position`](Cursor::position) moves on over what does not match, by our own protocol; by the
///   protocols A and B it is that of the events that came.
/// - By our own protocol a server that says nothing for three heartbeats counts as lost.
/// - What is read of an event is a slice of what came over the network: who keeps one event keeps up
///   to 64 KiB.
pub struct NetworkCursor {
    opener: Arc<Opener>,
    state: State,
    inbox: Inbox,
    protocol: Protocol,
    close: CloseHandle,
    heard_at: Instant,
    /// Failures since something came, if it resumes by itself.
    failures: u32,
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
            protocol: first.protocol,
            close: CloseHandle::new(),
            heard_at: Instant::now(),
            failures: 0,
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

    /// Takes off the connection what has come, as far as it may be read ahead.
    fn read_at_hand(&mut self, asked: usize) {
        let (events, bytes) =
            (self.opener.options.prefetch.max(asked), self.opener.channel.options.prefetch_bytes);
        if self.inbox.len() >= asked && self.inbox.len() > self.opener.options.prefetch / 2 {
            return;
        }
        while self.inbox.len() < events && self.inbox.bytes() < bytes as usize {
            // An error is said when there is nothing else to say.
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
        match self.step().await {
            Ok(()) => Ok(()),
            Err(error) if error.is_retryable() && self.opener.options.resume.is_some() => {
                self.resume(&error);
                Ok(())
            }
            Err(error) => {
                let said = self.error(&error);
                if let Error::Truncated { requested, .. } = said {
                    self.inbox.move_on(requested);
                }
                self.state = State::Failed(error);
                Err(said)
            }
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
                self.state = State::Open(opened.state);
                self.heard_at = Instant::now();
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
                    () = sleep_until(silent_at.unwrap_or(self.heard_at)), if silent_at.is_some() => {
                        let silence = self.opener.options.heartbeat * MISSED;
                        return Err(CallError::Timeout(silence));
                    }
                };
                if !received? {
                    // It has no end, but that of the server.
                    return Err(CallError::lost("the server has ended the stream"));
                }
                self.heard_at = Instant::now();
                self.failures = 0;
                while let Some(message) = responses.message()? {
                    self.inbox.take_in(self.protocol, &message)?;
                }
                Ok(())
            }
        }
    }

    fn resume(&mut self, error: &CallError) {
        let Some(backoff) = &self.opener.options.resume else {
            return;
        };
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
        let (opener, incarnation) = (self.opener.clone(), self.inbox.incarnation());
        self.state = State::Resuming(Box::pin(async move {
            sleep(delay).await;
            opener.open(position, incarnation).await
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
        if max == 0 {
            return Ok(0);
        }
        loop {
            self.check()?;
            self.read_at_hand(max);
            let added = self.inbox.hand_out(buf, max)?;
            if added > 0 {
                return Ok(added);
            }
            let close = self.close.clone();
            close.guard(self.receive()).await?;
        }
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

use std::{fmt, sync::Arc};

use eventstream_core::{Event, EventQuery, Result};
use tokio::time::timeout;

use super::{
    Protocol, call_error::CallError, channel::Channel, inbox::Inbox, responses::Responses,
};

/// A finite run of events out of a [`NetworkStore`](super::NetworkStore).
pub struct NetworkQuery {
    channel: Arc<Channel>,
    responses: Box<Responses>,
    inbox: Inbox,
    begun: bool,
    ended: bool,
    failed: Option<CallError>,
}

impl NetworkQuery {
    pub(super) fn new(channel: Arc<Channel>, responses: Responses, position: u64) -> Self {
        let responses = Box::new(responses);
        Self {
            channel,
            responses,
            inbox: Inbox::new(position),
            begun: false,
            ended: false,
            failed: None,
        }
    }

    /// Waits for the first message, which says where the query begins; it comes before anything is
    /// looked for.
    pub(super) async fn begin(&mut self) -> Result<(), CallError> {
        let call_timeout = self.channel.options.call_timeout;
        let beginning = async {
            while !self.begun && !self.ended {
                self.receive().await?;
            }
            Ok(())
        };
        timeout(call_timeout, beginning).await.unwrap_or(Err(CallError::Timeout(call_timeout)))
    }

    async fn receive(&mut self) -> Result<(), CallError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let received = async {
            self.ended = !self.responses.receive().await?;
            while let Some(message) = self.responses.message()? {
                self.inbox.take_in(Protocol::Ours, &message)?;
                self.begun = true;
            }
            Ok::<_, CallError>(())
        };
        let received = received.await;
        if let Err(error) = &received {
            self.failed = Some(error.clone());
        }
        received
    }
}

impl EventQuery for NetworkQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        loop {
            let added = self.inbox.hand_out(buf, max)?;
            if added > 0 || self.ended {
                return Ok(added);
            }
            if let Err(error) = self.receive().await {
                let error = error.into_error(&self.channel.endpoint, "read", self.inbox.next());
                if let eventstream_core::Error::Truncated { requested, .. } = error {
                    self.inbox.move_on(requested);
                }
                return Err(error);
            }
        }
    }

    fn position(&self) -> u64 {
        self.inbox.position()
    }
}

impl fmt::Debug for NetworkQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkQuery")
            .field("server", &self.channel.endpoint)
            .field("position", &self.inbox.position())
            .finish_non_exhaustive()
    }
}

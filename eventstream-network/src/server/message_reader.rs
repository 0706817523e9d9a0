use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::coop::consume_budget,
    time::{Instant, sleep_until},
};

use super::{Limits, shared::Shared};
use crate::grpc::{Code, SplitError, Splitter, Status, next_data};

/// Longer than any name that somebody asks health or reflection for: the answer repeats it, several
/// times, and nobody may ever read it.
const TINY: usize = 4 << 10;

/// Reads the messages of a request.
pub(super) struct MessageReader {
    body: Incoming,
    splitter: Splitter,
    /// For each byte of a message one of these is taken before the message is read.
    budget: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
    timeout: std::time::Duration,
    /// By when the message that has begun has to be there.
    deadline: Option<Instant>,
}

/// A message, and what it holds of the budget.
pub(super) type Read = (Bytes, Option<OwnedSemaphorePermit>);

impl MessageReader {
    /// For requests that hold no events.
    pub(super) fn small(shared: &Shared, body: Incoming) -> Self {
        Self::new(shared, body, shared.limits.request_bytes, None)
    }

    /// For requests of everybody, who need not even say who they are: they are short, and have to be
    /// there soon.
    pub(super) fn tiny(shared: &Shared, body: Incoming) -> Self {
        let Limits { request_bytes, request_timeout, handshake_timeout, .. } = shared.limits;
        let timeout = request_timeout.min(handshake_timeout);
        Self { timeout, ..Self::new(shared, body, request_bytes.min(TINY), None) }
    }

    /// For appends, which are counted.
    pub(super) fn of_appends(shared: &Shared, body: Incoming) -> Self {
        Self::new(shared, body, shared.limits.append_bytes, Some(shared.append_bytes.clone()))
    }

    fn new(shared: &Shared, body: Incoming, max: usize, budget: Option<Arc<Semaphore>>) -> Self {
        Self {
            body,
            splitter: Splitter::new(max),
            budget,
            permit: None,
            timeout: shared.limits.request_timeout,
            deadline: None,
        }
    }

    /// The next message; `None` at the end.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Option<Read>, Status> {
        loop {
            let len = self.splitter.next_len().map_err(refused)?;
            if let (Some(len), Some(budget), None) = (len, &self.budget, &self.permit) {
                // Limits are below 4 GiB.
                let len = u32::try_from(len).unwrap_or(u32::MAX);
                let acquired = budget.clone().acquire_many_owned(len).await;
                self.permit = acquired.ok();
                // Who has waited for others has the time for the message that they would have had.
                self.begin();
            }
            if let Some(message) = self.splitter.next().map_err(refused)? {
                self.deadline = None;
                return Ok(Some((message, self.permit.take())));
            }
            if !self.receive().await? {
                return Ok(None);
            }
        }
    }

    /// The only message of a request.
    pub(super) async fn only(mut self) -> Result<Read, Status> {
        self.begin();
        let Some(read) = self.next().await? else {
            return Err(Status::new(Code::Internal, "the request has no message"));
        };
        self.begin();
        match self.next().await? {
            None => Ok(read),
            Some(_) => Err(Status::new(Code::Internal, "the request has more than one message")),
        }
    }

    /// From now on there is not for ever.
    fn begin(&mut self) {
        self.deadline = Instant::now().checked_add(self.timeout);
    }

    /// Whether there was more.
    async fn receive(&mut self) -> Result<bool, Status> {
        // Who sends something all the time does not keep others from their turn.
        consume_budget().await;
        if !self.splitter.is_empty() && self.deadline.is_none() {
            self.begin();
        }
        // Clients send none.
        let mut trailers = None;
        let data = match self.deadline {
            None => next_data(&mut self.body, &mut trailers).await,
            Some(deadline) => tokio::select! {
                biased;
                data = next_data(&mut self.body, &mut trailers) => data,
                () = sleep_until(deadline) => {
                    let slow = "the request has not arrived in time";
                    return Err(Status::new(Code::DeadlineExceeded, slow));
                }
            },
        };
        match data {
            Some(Ok(data)) => {
                self.splitter.push(data);
                Ok(true)
            }
            Some(Err(error)) => Err(Status::new(Code::Cancelled, error.to_string())),
            None if self.splitter.is_empty() => Ok(false),
            None => Err(Status::new(Code::Internal, "the request ends in the middle of a message")),
        }
    }
}

fn refused(error: SplitError) -> Status {
    let code = match error {
        SplitError::Compressed => Code::Unimplemented,
        SplitError::TooLong { .. } => Code::ResourceExhausted,
    };
    Status::new(code, error.to_string())
}

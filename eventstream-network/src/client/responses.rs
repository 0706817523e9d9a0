use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use hyper::body::Incoming;
use tokio::task::coop::consume_budget;

use super::{call_error::CallError, calls::UnderWay};
use crate::grpc::{Code, Splitter, Status, is_grpc, next_data};

/// How many bytes a message may have that holds no events. What is made of it may take 24 times as much.
const ANSWER: usize = 4 << 20;

/// The messages of an answer.
pub(super) struct Responses {
    body: Incoming,
    trailers: Option<HeaderMap>,
    /// Of the messages that have come.
    pub(super) splitter: Splitter,
    ended: bool,
    _call: UnderWay,
}

impl Responses {
    /// An error if the call has failed already.
    pub(super) fn of(
        response: Response<Incoming>,
        max: usize,
        call: UnderWay,
    ) -> Result<Self, CallError> {
        if let Some(status) = Status::read_from(response.headers())
            && status.code != Code::Ok
        {
            return Err(CallError::Status(status));
        }
        if response.status() != StatusCode::OK {
            let text = format!("the server answers with HTTP status {}", response.status());
            return Err(CallError::Status(Status::new(Code::from_http(response.status()), text)));
        }
        if !is_grpc(response.headers()) {
            return Err(CallError::protocol("what it answers is not gRPC"));
        }
        let body = response.into_body();
        Ok(Self { body, trailers: None, splitter: Splitter::new(max), ended: false, _call: call })
    }

    /// The same, where no message holds events.
    pub(super) fn without_events(mut self) -> Self {
        self.splitter.limit(ANSWER);
        self
    }

    /// Waits for a piece of a message; false at the end, if the call has ended well.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost.
    pub(super) async fn receive(&mut self) -> Result<bool, CallError> {
        if self.ended {
            return Ok(false);
        }
        // A server that says something all the time does not keep others from their turn.
        consume_budget().await;
        match next_data(&mut self.body, &mut self.trailers).await {
            Some(Ok(piece)) => {
                self.splitter.push(piece);
                Ok(true)
            }
            Some(Err(error)) => Err(CallError::lost(error)),
            None => self.end().map(|()| false),
        }
    }

    fn end(&mut self) -> Result<(), CallError> {
        let status = self.trailers.as_ref().and_then(Status::read_from);
        match status {
            None => Err(CallError::lost("the answer ends without a status")),
            Some(status) if status.code != Code::Ok => Err(CallError::Status(status)),
            Some(_) if !self.splitter.is_empty() => {
                Err(CallError::protocol("the answer ends in the middle of a message"))
            }
            Some(_) => {
                self.ended = true;
                Ok(())
            }
        }
    }

    /// The next message, of those that have come.
    pub(super) fn message(&mut self) -> Result<Option<Bytes>, CallError> {
        self.splitter.next().map_err(|error| CallError::protocol(error.to_string()))
    }

    /// The only message of an answer.
    pub(super) async fn only(self) -> Result<Bytes, CallError> {
        let mut answer = self.without_events();
        let mut only = None;
        loop {
            while let Some(message) = answer.message()? {
                if only.replace(message).is_some() {
                    return Err(CallError::protocol("it answers more than once"));
                }
            }
            if !answer.receive().await? {
                return only.ok_or_else(|| CallError::protocol("its answer has no message"));
            }
        }
    }
}

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use http_body::{Body, Frame};
use prost::Message;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep_until},
};

use super::activity::Active;
use crate::grpc::{Code, Status, whole};

/// Frames, until the call ends; it ends well if nothing is said.
pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// What a call is answered with, if it does not fail.
pub(super) enum Reply {
    /// One message, framed.
    Message(Bytes),
    /// Any number of messages, framed, in pieces of any size.
    Stream(Frames),
}

impl Reply {
    pub(super) fn message(message: &impl Message) -> Self {
        Self::Message(whole(message))
    }

    pub(super) fn stream(
        frames: impl Stream<Item = Result<Bytes, Status>> + Send + 'static,
    ) -> Self {
        Self::Stream(Box::pin(frames))
    }
}

/// The body of a response: messages, and how the call has ended.
pub(super) struct ResponseBody {
    content: Content,
    deadline: Option<Pin<Box<Sleep>>>,
    /// The call is under way for as long as there is this body.
    _call: Option<(OwnedSemaphorePermit, Active)>,
}

enum Content {
    Message(Bytes),
    Stream(Frames),
    Status(Status),
    End,
}

impl ResponseBody {
    pub(super) fn new(
        reply: Reply,
        deadline: Option<Instant>,
        call: (OwnedSemaphorePermit, Active),
    ) -> Self {
        let content = match reply {
            Reply::Message(frame) => Content::Message(frame),
            Reply::Stream(frames) => Content::Stream(frames),
        };
        // One message is there already.
        let deadline = deadline.filter(|_| matches!(content, Content::Stream(_)));
        let deadline = deadline.map(|deadline| Box::pin(sleep_until(deadline)));
        Self { content, deadline, _call: Some(call) }
    }

    pub(super) fn empty() -> Self {
        Self { content: Content::End, deadline: None, _call: None }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            this.deadline = None;
            let status = Status::new(Code::DeadlineExceeded, "the call has taken too long");
            this.content = Content::Status(status);
        }
        if let Content::Stream(frames) = &mut this.content {
            match ready!(frames.as_mut().poll_next(cx)) {
                Some(Ok(frame)) => return Poll::Ready(Some(Ok(Frame::data(frame)))),
                Some(Err(status)) => this.content = Content::Status(status),
                None => this.content = Content::Status(Status::ok()),
            }
        }
        match std::mem::replace(&mut this.content, Content::End) {
            Content::Message(frame) => {
                this.content = Content::Status(Status::ok());
                Poll::Ready(Some(Ok(Frame::data(frame))))
            }
            Content::Status(status) => {
                this.deadline = None;
                let mut trailers = HeaderMap::new();
                status.write_to(&mut trailers);
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Content::Stream(_) | Content::End => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::End)
    }
}

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
use tokio::time::{Instant, sleep_until};

use super::{activity::Active, call::Held};
use crate::grpc::{Code, Status, whole};

/// Frames, until the call ends; it ends well if nothing is said.
pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Says, if it comes to that, how a call ends before it is done.
pub(super) type CutOff = Pin<Box<dyn Future<Output = Status> + Send>>;

/// What a call is answered with, if it does not fail.
pub(super) enum Reply {
    /// One message, framed.
    Message(Bytes),
    /// Any number of messages, framed, in pieces of any size; until it is cut off.
    Stream(Frames, Option<CutOff>),
}

impl Reply {
    pub(super) fn message(message: &impl Message) -> Self {
        Self::Message(whole(message))
    }

    pub(super) fn stream(
        frames: impl Stream<Item = Result<Bytes, Status>> + Send + 'static,
    ) -> Self {
        Self::Stream(Box::pin(frames), None)
    }

    /// The same stream, until somebody says how it ends.
    pub(super) fn until(self, cut_off: Option<CutOff>) -> Self {
        match self {
            Self::Stream(frames, _) => Self::Stream(frames, cut_off),
            message @ Self::Message(_) => message,
        }
    }
}

/// The body of a response: messages, and how the call has ended.
pub(super) struct ResponseBody {
    content: Content,
    cut_off: Option<CutOff>,
    /// The call is under way for as long as there is this body.
    _call: Option<(Held, Active)>,
}

enum Content {
    Message(Bytes),
    Stream(Frames),
    Status(Status),
    End,
}

impl ResponseBody {
    pub(super) fn new(reply: Reply, deadline: Option<Instant>, call: (Held, Active)) -> Self {
        let (content, cut_off) = match reply {
            // It is there already.
            Reply::Message(frame) => (Content::Message(frame), None),
            Reply::Stream(frames, cut_off) => (Content::Stream(frames), either(deadline, cut_off)),
        };
        Self { content, cut_off, _call: Some(call) }
    }

    pub(super) fn empty() -> Self {
        Self { content: Content::End, cut_off: None, _call: None }
    }
}

/// What comes first.
fn either(deadline: Option<Instant>, cut_off: Option<CutOff>) -> Option<CutOff> {
    let Some(deadline) = deadline else { return cut_off };
    Some(Box::pin(async move {
        let late = || Status::new(Code::DeadlineExceeded, "the call has taken too long");
        let Some(cut_off) = cut_off else {
            sleep_until(deadline).await;
            return late();
        };
        tokio::select! {
            biased;
            status = cut_off => status,
            () = sleep_until(deadline) => late(),
        }
    }))
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if let Some(cut_off) = &mut this.cut_off
            && let Poll::Ready(status) = cut_off.as_mut().poll(cx)
        {
            this.cut_off = None;
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
                this.cut_off = None;
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

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;

/// The body of a request: one frame, or as many as come.
pub(super) enum RequestBody {
    One(Option<Bytes>),
    Stream(mpsc::Receiver<Bytes>),
}

impl RequestBody {
    pub(super) fn new(frame: Bytes) -> Self {
        Self::One(Some(frame))
    }

    /// It ends when nobody can send any more.
    pub(super) fn stream(frames: mpsc::Receiver<Bytes>) -> Self {
        Self::Stream(frames)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match &mut *self {
            Self::One(frame) => Poll::Ready(frame.take()),
            Self::Stream(frames) => frames.poll_recv(cx),
        };
        frame.map(|frame| frame.map(|frame| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::One(None))
    }
}

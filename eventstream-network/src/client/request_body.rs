use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use tokio::sync::mpsc;

/// Short frames are sent together, up to so many bytes.
const PIECE: usize = 32 << 10;

/// The body of a request: one frame, or as many as come.
pub(super) enum RequestBody {
    One(Option<Bytes>),
    Stream(Frames),
}

/// Frames, as they come.
pub(super) struct Frames {
    queue: mpsc::Receiver<Bytes>,
    /// Taken out of the queue, and sent next.
    next: Option<Bytes>,
}

impl RequestBody {
    pub(super) fn new(frame: Bytes) -> Self {
        Self::One(Some(frame))
    }

    /// It ends when nobody can send any more.
    pub(super) fn stream(queue: mpsc::Receiver<Bytes>) -> Self {
        Self::Stream(Frames { queue, next: None })
    }
}

impl Frames {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let first = match self.next.take() {
            Some(first) => first,
            None => match self.queue.poll_recv(cx) {
                Poll::Ready(Some(first)) => first,
                other => return other,
            },
        };
        Poll::Ready(Some(self.together(first)))
    }

    /// A frame, and those behind it that are there and fit into one piece with it.
    fn together(&mut self, first: Bytes) -> Bytes {
        let mut piece = BytesMut::new();
        let mut len = first.len();
        while len < PIECE
            && let Ok(frame) = self.queue.try_recv()
        {
            len += frame.len();
            if len > PIECE {
                self.next = Some(frame);
                break;
            }
            if piece.is_empty() {
                piece.reserve(PIECE);
                piece.extend_from_slice(&first);
            }
            piece.extend_from_slice(&frame);
        }
        if piece.is_empty() { first } else { piece.freeze() }
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
            Self::Stream(frames) => frames.poll_piece(cx),
        };
        frame.map(|frame| frame.map(|frame| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::One(None))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test]
    async fn short_frames_are_sent_together_and_long_ones_as_they_are() {
        let (sender, queue) = mpsc::channel(9);
        let mut frames = Frames { queue, next: None };
        let mut cx = Context::from_waker(Waker::noop());
        assert!(frames.poll_piece(&mut cx).is_pending());
        let long = Bytes::from(vec![7; PIECE]);
        for frame in [&b"one"[..], b"two", &long, b"three", &long[1..], b"45"] {
            sender.try_send(Bytes::copy_from_slice(frame)).unwrap();
        }
        drop(sender);
        let mut pieces = Vec::new();
        while let Poll::Ready(Some(piece)) = frames.poll_piece(&mut cx) {
            pieces.push(piece);
        }
        let last = [&long[1..], b"45"];
        assert_eq!(pieces, [&b"onetwo"[..], &long, b"three", last[0], last[1]]);
        assert_eq!(frames.poll_piece(&mut cx), Poll::Ready(None));
    }
}

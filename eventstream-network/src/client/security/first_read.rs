use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::oneshot,
};

use crate::forward_writes::forward_writes;

/// Tells how the first read has gone. By TLS 1.3 a client has made its connection before the server has
/// looked at its certificate: what the server thinks of it comes instead of the first bytes.
pub(in crate::client) struct FirstRead<I> {
    io: I,
    tell: Option<oneshot::Sender<io::Result<()>>>,
}

impl<I> FirstRead<I> {
    pub(super) fn new(io: I) -> (Self, oneshot::Receiver<io::Result<()>>) {
        let (tell, told) = oneshot::channel();
        (Self { io, tell: Some(tell) }, told)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for FirstRead<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        let Some(tell) = self.tell.take() else {
            return Poll::Ready(read);
        };
        // Who is told it may have given up: then it is nobody's.
        let _ = match read {
            Ok(()) if buf.filled().len() > before => tell.send(Ok(())),
            Ok(()) => tell.send(Err(io::ErrorKind::UnexpectedEof.into())),
            Err(error) => {
                let kind = error.kind();
                let _ = tell.send(Err(error));
                return Poll::Ready(Err(kind.into()));
            }
        };
        Poll::Ready(Ok(()))
    }
}

forward_writes!(FirstRead);

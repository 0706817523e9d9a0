use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::forward_writes::forward_writes;

/// What an HTTP/2 client sends first.
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads the preface, so that somebody who never sends it can be told from one who is idle; what
/// speaks something else is not answered.
pub(super) async fn expect_preface<I: AsyncRead + Unpin>(mut io: I) -> io::Result<AfterPreface<I>> {
    let (mut found, mut len) = ([0; PREFACE.len()], 0);
    while len < PREFACE.len() {
        let count = io.read(&mut found[len..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        len += count;
        if found[..len] != PREFACE[..len] {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the client does not speak HTTP/2",
            ));
        }
    }
    Ok(AfterPreface { io, given: 0 })
}

/// A connection whose preface was read, and can be read again.
pub(super) struct AfterPreface<I> {
    io: I,
    /// How many bytes of the preface were read again.
    given: usize,
}

impl<I: AsyncRead + Unpin> AsyncRead for AfterPreface<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.given == PREFACE.len() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let count = buf.remaining().min(PREFACE.len() - self.given);
        buf.put_slice(&PREFACE[self.given..][..count]);
        self.given += count;
        Poll::Ready(Ok(()))
    }
}

forward_writes!(AfterPreface);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_preface_can_be_read_again() {
        let sent = [&PREFACE[..], b"more"].concat();
        let mut after = expect_preface(sent.as_slice()).await.unwrap();
        let mut read = Vec::new();
        after.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, sent);
    }

    #[tokio::test]
    async fn something_else_is_refused_as_soon_as_it_shows() {
        let error = expect_preface(&b"GET / HTTP/1.1\r\n"[..]).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let error = expect_preface(&PREFACE[..23]).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}

use std::{future::Future, io};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::Peer;

/// Makes of a connection that was accepted what HTTP/2 is spoken over.
///
/// It is given [`handshake_timeout`](super::Limits::handshake_timeout), and runs beside others.
pub(super) trait Handshake: Send + Sync + 'static {
    /// What is read and written.
    type Io: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// What is known of the peer when it is made.
    fn handshake(
        &self,
        stream: TcpStream,
        peer: Peer,
    ) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
}

/// Nothing is encrypted.
pub(super) struct Plain;

impl Handshake for Plain {
    type Io = TcpStream;

    async fn handshake(&self, stream: TcpStream, peer: Peer) -> io::Result<(TcpStream, Peer)> {
        Ok((stream, peer))
    }
}

use std::{convert::Infallible, io, pin::pin, sync::Arc};

use eventstream_core::BoxError;
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{net::TcpStream, time::timeout};

use super::{
    Peer,
    activity::Activity,
    handshake::Handshake,
    preface::{AfterPreface, expect_preface},
    service::answer,
    shared::Shared,
};

/// Measured as best, at both ends: larger windows are slower, and cost more where nobody reads.
pub(crate) const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 512 << 10;
pub(crate) const FRAME: u32 = 64 << 10;
/// For each stream, of what the client does not take.
const SEND_BUFFER: usize = 128 << 10;
/// Of streams that ended by an error of theirs: then the connection is closed. So it is if so many were
/// reset by the client before the server came to look at them, as when many calls are given up at once.
const RESETS: usize = 1_024;

/// A connection, from its first byte to its last.
pub(super) struct Connection {
    shared: Arc<Shared>,
    activity: Arc<Activity>,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, activity: Arc::new(Activity::new()) }
    }

    pub(super) async fn serve<H: Handshake>(
        self,
        stream: TcpStream,
        peer: Peer,
        handshake: &H,
    ) -> Result<(), BoxError> {
        let drain = &self.shared.drain;
        let (io, peer) = tokio::select! {
            // Nothing was promised yet.
            () = drain.streams.cancelled() => return Ok(()),
            made = timeout(self.shared.limits.handshake_timeout, begin(stream, peer, handshake)) => made??,
        };
        let peer = Arc::new(peer);
        let service = service_fn(|request| {
            let call = (self.shared.clone(), peer.clone(), self.activity.begin());
            async move { Ok::<_, Infallible>(answer(call.0, call.1, call.2, request).await) }
        });
        let connection = self.http2().serve_connection(TokioIo::new(io), service);
        let mut connection = pin!(connection);
        let mut ending = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => return Ok(ended?),
                () = drain.connections.cancelled() => return Ok(()),
                () = drain.streams.cancelled(), if !ending => {}
                () = self.activity.idle_for(self.shared.limits.idle_timeout), if !ending => {}
            }
            ending = true;
            connection.as_mut().graceful_shutdown();
        }
    }

    fn http2(&self) -> http2::Builder<TokioExecutor> {
        let limits = &self.shared.limits;
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME)
            .max_send_buf_size(SEND_BUFFER)
            .max_concurrent_streams(limits.streams_per_connection)
            .max_header_list_size(limits.header_bytes)
            .max_local_error_reset_streams(RESETS)
            .max_pending_accept_reset_streams(RESETS)
            .keep_alive_interval(limits.keep_alive_interval)
            .keep_alive_timeout(limits.keep_alive_timeout);
        http2
    }
}

async fn begin<H: Handshake>(
    stream: TcpStream,
    peer: Peer,
    handshake: &H,
) -> io::Result<(AfterPreface<H::Io>, Peer)> {
    stream.set_nodelay(true)?;
    let (io, peer) = handshake.handshake(stream, peer).await?;
    Ok((expect_preface(io).await?, peer))
}

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use eventstream_core::BoxError;
use http::{Method, Request, header};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Protocol,
    call_error::CallError,
    calls::Calls,
    endpoint::Endpoint,
    options::ConnectionOptions,
    request_body::RequestBody,
    responses::Responses,
    security::{Security, Token},
};
use crate::{
    grpc::{APPLICATION_GRPC, whole},
    server::FRAME,
};

/// The most that HTTP/2 allows: what counts is the window of each stream, so that one which nobody
/// reads does not hold up the others.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// How long an answer may take that has come before the connection has ended.
const LAST_ANSWER: Duration = Duration::from_secs(1);
const SEND_BUFFER: usize = 256 << 10;

/// A connection that is there, or was a moment ago. Cheap to clone.
#[derive(Clone)]
pub(super) struct Live {
    sender: SendRequest<RequestBody>,
    /// A call that is sent in the moment in which the connection ends may get no answer, and no error.
    ended: CancellationToken,
    token: Option<Token>,
    endpoint: Endpoint,
    message_bytes: usize,
    call_timeout: Duration,
    given_up: GivenUp,
    calls: Calls,
    /// What the server speaks, once that is found out.
    pub(super) protocol: Arc<OnceCell<Protocol>>,
}

/// Whether somebody has waited in vain for what had to come over a connection: it may be dead, though
/// the keep-alive has not found that out yet. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct GivenUp(Arc<AtomicBool>);

impl GivenUp {
    /// From now on nothing is begun on the connection.
    pub(super) fn give_up(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Live {
    pub(super) async fn connect(
        endpoint: &Endpoint,
        options: &ConnectionOptions,
        security: &Security,
    ) -> Result<Self, CallError> {
        let connecting = async {
            let stream = TcpStream::connect(endpoint.host_and_port()).await?;
            stream.set_nodelay(true)?;
            match &security.tls {
                None => begin(stream, endpoint, options).await,
                Some(tls) => {
                    let (stream, verdict) = tls.connect(stream).await?;
                    let begun = begin(stream, endpoint, options).await?;
                    verdict.await??;
                    Ok(begun)
                }
            }
        };
        let (sender, ended) = match timeout(options.connect_timeout, connecting).await {
            Ok(made) => made.map_err(CallError::connect)?,
            Err(_) => return Err(CallError::Timeout(options.connect_timeout)),
        };
        Ok(Self {
            sender,
            ended,
            token: security.token.clone(),
            endpoint: endpoint.clone(),
            message_bytes: options.message_bytes,
            call_timeout: options.call_timeout,
            given_up: GivenUp::default(),
            calls: Calls::default(),
            protocol: Arc::default(),
        })
    }

    /// Whether another connection has to be made for what is begun.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.given_up.0.load(Ordering::Relaxed)
    }

    /// How many calls are under way.
    pub(super) fn calls(&self) -> usize {
        self.calls.under_way()
    }

    /// By which the connection can be given up, without keeping it.
    pub(super) fn given_up(&self) -> GivenUp {
        self.given_up.clone()
    }

    /// Sends a call, now; the future waits until the server says that it takes it.
    pub(super) fn start(
        &self,
        path: &'static str,
        body: RequestBody,
    ) -> impl Future<Output = Result<Responses, CallError>> + Send + 'static {
        let mut sender = self.sender.clone();
        let ended = self.ended.clone();
        let max = self.message_bytes;
        let call = self.calls.begin();
        let sent = self
            .endpoint
            .url(path)
            .and_then(|url| {
                let request = Request::builder()
                    .method(Method::POST)
                    .uri(url)
                    .header(header::CONTENT_TYPE, APPLICATION_GRPC)
                    .header(header::TE, "trailers");
                let request = match &self.token {
                    Some(token) => request.header(header::AUTHORIZATION, token.header()),
                    None => request,
                };
                request.body(body)
            })
            .map(|request| sender.send_request(request));
        async move {
            // Without it the connection would count as ended when nobody else has it.
            let _sender = sender;
            let sent = sent.map_err(|error| CallError::protocol(error.to_string()))?;
            let response = tokio::select! {
                biased;
                response = sent => response.map_err(CallError::lost)?,
                () = gone(ended) => return Err(CallError::lost("the connection has ended")),
            };
            Responses::of(response, max, call)
        }
    }

    /// The same, with an end to the waiting.
    pub(super) async fn open(
        &self,
        path: &'static str,
        body: RequestBody,
    ) -> Result<Responses, CallError> {
        let opening = timeout(self.call_timeout, self.start(path, body));
        opening.await.unwrap_or(Err(CallError::Timeout(self.call_timeout)))
    }

    /// A call with one answer, for which it waits as long as it takes.
    pub(super) async fn wait<M: Message + Default>(
        &self,
        path: &'static str,
        frame: Bytes,
    ) -> Result<M, CallError> {
        let message = self.start(path, RequestBody::new(frame)).await?.only().await?;
        M::decode(message).map_err(|error| CallError::protocol(error.to_string()))
    }

    /// A call with one answer.
    pub(super) async fn call<M: Message + Default>(
        &self,
        path: &'static str,
        request: &impl Message,
    ) -> Result<M, CallError> {
        self.call_frame(path, whole(request)).await
    }

    /// The same, of a request that is framed already.
    pub(super) async fn call_frame<M: Message + Default>(
        &self,
        path: &'static str,
        frame: Bytes,
    ) -> Result<M, CallError> {
        let answer = timeout(self.call_timeout, self.wait(path, frame));
        answer.await.unwrap_or(Err(CallError::Timeout(self.call_timeout)))
    }
}

/// Waits until nothing comes of a connection any more that has ended.
async fn gone(ended: CancellationToken) {
    ended.cancelled().await;
    sleep(LAST_ANSWER).await;
}

/// Begins to speak HTTP/2; returns also what says when the connection has ended.
async fn begin(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    endpoint: &Endpoint,
    options: &ConnectionOptions,
) -> Result<(SendRequest<RequestBody>, CancellationToken), BoxError> {
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .initial_stream_window_size(options.prefetch_bytes)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(options.keep_alive_interval)
        .keep_alive_timeout(options.keep_alive_timeout);
    let (sender, connection) = http2.handshake(TokioIo::new(io)).await?;
    let (server, ended) = (endpoint.clone(), CancellationToken::new());
    let ending = ended.clone().drop_guard();
    tokio::spawn(async move {
        let _ending = ending;
        if let Err(error) = connection.await {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(%server, error, "a connection has failed");
        }
    });
    Ok((sender, ended))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use hyper::{Response, service::service_fn};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::request_body::RequestBody;

    /// Never answers.
    async fn silent(listener: TcpListener) {
        let (stream, _) = listener.accept().await.unwrap();
        let service =
            service_fn(|_| std::future::pending::<Result<Response<RequestBody>, Infallible>>());
        let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        drop(http2.serve_connection(TokioIo::new(stream), service).await);
    }

    #[tokio::test]
    async fn a_call_is_lost_with_its_connection_though_nothing_else_says_so() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let endpoint = Endpoint::parse(&endpoint).unwrap();
        let server = tokio::spawn(silent(listener));
        let options = ConnectionOptions::default();
        let live = Live::connect(&endpoint, &options, &Security::default()).await.unwrap();
        let asking = tokio::spawn(live.start("/a/B", RequestBody::new(Bytes::new())));
        live.ended.cancel();
        assert!(matches!(asking.await.unwrap(), Err(CallError::Lost(_))));
        server.abort();
    }
}

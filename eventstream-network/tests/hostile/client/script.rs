use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpListener, task::JoinHandle};

/// What comes behind all that is said.
#[derive(Clone, Default)]
pub(crate) enum Then {
    /// These trailers.
    Trailers(Vec<(&'static str, String)>),
    /// Nothing: the answer is over.
    Over,
    /// Nothing, for ever.
    #[default]
    Silence,
    /// The same piece, for ever.
    Endless(Vec<u8>),
}

/// What a server answers a call.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) http: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) then: Then,
    /// There is no answer at all.
    pub(crate) silent: bool,
}

impl Script {
    pub(crate) fn says(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            http: 200,
            headers: vec![("content-type", "application/grpc".to_owned())],
            pieces: pieces.into_iter().collect(),
            then: Then::Silence,
            silent: false,
        }
    }

    pub(crate) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    /// It ends with a code, and what else is in the trailers.
    pub(crate) fn ends(self, code: &str, more: &[(&'static str, String)]) -> Self {
        let status = [("grpc-status", code.to_owned())];
        self.then(Then::Trailers(status.into_iter().chain(more.iter().cloned()).collect()))
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut pieces = VecDeque::from(std::mem::take(&mut self.pieces));
        let piece = pieces.pop_front();
        self.pieces = pieces.into();
        if let Some(piece) = piece {
            return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
        }
        match &self.then {
            Then::Silence => Poll::Pending,
            Then::Endless(piece) => Poll::Ready(Some(Ok(Frame::data(piece.clone().into())))),
            Then::Over => Poll::Ready(None),
            Then::Trailers(found) => {
                let mut trailers = HeaderMap::new();
                for (name, value) in found {
                    let value = HeaderValue::from_str(value).unwrap();
                    trailers.append(HeaderName::from_static(name), value);
                }
                self.then = Then::Over;
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
        }
    }
}

/// A server that does as it is told. Gone when it is dropped.
pub(crate) struct Scripted {
    pub(crate) endpoint: String,
    serving: JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn serve(answer: impl Fn(&str) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let script = answer(request.uri().path());
                    async move {
                        // What is sent is kept, so that the stream is not reset.
                        let _request = request;
                        if script.silent {
                            std::future::pending::<()>().await;
                        }
                        let mut response = Response::builder().status(script.http);
                        for (name, value) in &script.headers {
                            response = response.header(*name, value);
                        }
                        Ok::<_, Infallible>(response.body(script).unwrap())
                    }
                });
                let http2 = http2::Builder::new(TokioExecutor::new());
                connections.spawn(http2.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { endpoint, serving }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

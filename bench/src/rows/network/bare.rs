//! A bare tonic server, as one would write it, and as well as one can.

mod client;
mod log;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use eventstream_network::proto::dogma::interop::v1::eventstream::ConsumeResponse;
use prost::Message;
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc},
};
use tokio_stream::{
    Stream, StreamExt,
    wrappers::{BroadcastStream, ReceiverStream},
};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{self, NamedService, ServerStreamingService, StreamingService, UnaryService},
    transport::{Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;

use self::log::Log;
use super::codec::BytesCodec;
use crate::workload::parcels;

pub use client::{AppendStream, Appender, connect, follow, read_bytes, read_structs};

const WINDOW: u32 = 256 << 10;
const FRAME: u32 = 64 << 10;
const QUEUE: usize = 1_024;
/// So many structs are sent again and again.
const STRUCTS: usize = 10_000;

const STRUCTS_PATH: &str = "/bench.Bare/Structs";
const BYTES_PATH: &str = "/bench.Bare/Bytes";
const FOLLOW_PATH: &str = "/bench.Bare/Follow";
const PUBLISH_PATH: &str = "/bench.Bare/Publish";
const APPEND_PATH: &str = "/bench.Bare/Append";
const APPEND_STREAM_PATH: &str = "/bench.Bare/AppendStream";

/// What a bare server has.
#[derive(Clone)]
pub struct Bare {
    structs: Arc<Vec<ConsumeResponse>>,
    encoded: Arc<Vec<Bytes>>,
    live: broadcast::Sender<Bytes>,
    log: Log,
}

impl Bare {
    pub fn new(events: u64) -> Self {
        let mut structs = Vec::new();
        let mut encoded = Vec::new();
        for first in (0..events).step_by(1_000) {
            for (offset, parcel) in (first..).zip(parcels(first, 1_000, 128)) {
                let envelope = Message::decode(parcel.wire().clone()).expect("an envelope");
                let response = ConsumeResponse { offset, envelope: Some(envelope) };
                encoded.push(response.encode_to_vec().into());
                if structs.len() < STRUCTS {
                    structs.push(response);
                }
            }
        }
        Self {
            structs: Arc::new(structs),
            encoded: Arc::new(encoded),
            live: broadcast::channel(QUEUE).0,
            log: Log::start(),
        }
    }

    /// To those who follow.
    pub fn publish(&self, event: Bytes) {
        assert!(self.live.send(event).is_ok(), "somebody follows");
    }

    pub async fn serve(self, listener: TcpListener) {
        Server::builder()
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(2 * WINDOW)
            .max_frame_size(FRAME)
            .add_service(self)
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
            .await
            .expect("a server");
    }
}

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Ready<T> = std::future::Ready<Result<Response<T>, Status>>;

fn ready<T>(answer: T) -> Ready<T> {
    std::future::ready(Ok(Response::new(answer)))
}

struct Structs(Bare);

impl ServerStreamingService<()> for Structs {
    type Response = ConsumeResponse;
    type ResponseStream = ReceiverStream<Result<ConsumeResponse, Status>>;
    type Future = Ready<Self::ResponseStream>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let structs = self.0.structs.clone();
        let events = self.0.encoded.len();
        tokio::spawn(async move {
            for response in structs.iter().cycle().take(events) {
                if sender.send(Ok(response.clone())).await.is_err() {
                    return;
                }
            }
        });
        ready(ReceiverStream::new(receiver))
    }
}

struct Encoded(Bare);

impl ServerStreamingService<Bytes> for Encoded {
    type Response = Bytes;
    type ResponseStream = Boxed<Bytes>;
    type Future = Ready<Self::ResponseStream>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let encoded = self.0.encoded.clone();
        let all = (0..encoded.len()).map(move |n| Ok(encoded[n].clone()));
        ready(Box::pin(tokio_stream::iter(all)))
    }
}

struct Follow(Bare);

impl ServerStreamingService<Bytes> for Follow {
    type Response = Bytes;
    type ResponseStream = Boxed<Bytes>;
    type Future = Ready<Self::ResponseStream>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let events = BroadcastStream::new(self.0.live.subscribe());
        ready(Box::pin(events.map(|event| event.map_err(|_| Status::data_loss("too slow")))))
    }
}

struct Publish(Bare);

impl UnaryService<Bytes> for Publish {
    type Response = Bytes;
    type Future = Ready<Bytes>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        self.0.publish(request.into_inner());
        ready(Bytes::new())
    }
}

struct Append(Bare);

impl UnaryService<Bytes> for Append {
    type Response = Bytes;
    type Future = BoxFuture<Response<Bytes>, Status>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let synced = self.0.log.append(request.into_inner());
        Box::pin(async move { Ok(Response::new(synced.await.expect("the log"))) })
    }
}

struct Appends(Bare);

impl StreamingService<Bytes> for Appends {
    type Response = Bytes;
    type ResponseStream = Boxed<Bytes>;
    type Future = Ready<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (log, mut requests) = (self.0.log.clone(), request.into_inner());
        tokio::spawn(async move {
            while let Ok(Some(request)) = requests.message().await {
                if sender.send(log.append(request)).await.is_err() {
                    return;
                }
            }
        });
        let answers = ReceiverStream::new(receiver);
        ready(Box::pin(answers.then(async |synced| Ok(synced.await.expect("the log")))))
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "bench.Bare";
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move {
            let mut bytes = server::Grpc::new(BytesCodec);
            Ok(match request.uri().path() {
                STRUCTS_PATH => {
                    let codec = ProstCodec::<ConsumeResponse, ()>::default();
                    server::Grpc::new(codec).server_streaming(Structs(bare), request).await
                }
                BYTES_PATH => bytes.server_streaming(Encoded(bare), request).await,
                FOLLOW_PATH => bytes.server_streaming(Follow(bare), request).await,
                PUBLISH_PATH => bytes.unary(Publish(bare), request).await,
                APPEND_PATH => bytes.unary(Append(bare), request).await,
                APPEND_STREAM_PATH => bytes.streaming(Appends(bare), request).await,
                path => panic!("there is no {path}"),
            })
        })
    }
}

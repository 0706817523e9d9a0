//! A bare tonic server, as one would write it, and as well as one can.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use eventstream_network::proto::dogma::interop::v1::eventstream::ConsumeResponse;
use prost::Message;
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{
    Request, Response, Status,
    body::Body,
    client,
    codegen::{BoxFuture, Service, http},
    server::{self, NamedService, ServerStreamingService},
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;

use super::codec::BytesCodec;
use crate::workload::parcels;

const WINDOW: u32 = 256 << 10;
const FRAME: u32 = 64 << 10;
const QUEUE: usize = 1_024;
/// So many structs are sent again and again.
const STRUCTS: usize = 10_000;

const STRUCTS_PATH: &str = "/bench.Bare/Structs";
const BYTES_PATH: &str = "/bench.Bare/Bytes";

/// What a bare server has.
#[derive(Clone)]
pub struct Bare {
    structs: Arc<Vec<ConsumeResponse>>,
    encoded: Arc<Vec<Bytes>>,
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
        Self { structs: Arc::new(structs), encoded: Arc::new(encoded) }
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

pub async fn connect(url: String) -> Channel {
    Endpoint::from_shared(url)
        .expect("a URL")
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(2 * WINDOW)
        .max_frame_size(FRAME)
        .connect()
        .await
        .expect("a connection")
}

/// Each event a struct that is sent through a channel.
pub async fn read_structs(channel: Channel, events: u64) {
    let codec = ProstCodec::<(), ConsumeResponse>::default();
    read(channel, STRUCTS_PATH, codec, events).await;
}

/// Each event as the bytes that it was encoded to before.
pub async fn read_bytes(channel: Channel, events: u64) {
    read(channel, BYTES_PATH, BytesCodec, events).await;
}

async fn read<C>(channel: Channel, path: &'static str, codec: C, events: u64)
where
    C: tonic::codec::Codec + Send + Sync + 'static,
    C::Encode: Default + Send + Sync + 'static,
    C::Decode: Send + Sync + 'static,
{
    let mut grpc = client::Grpc::new(channel);
    grpc.ready().await.expect("a connection");
    let path = http::uri::PathAndQuery::from_static(path);
    let request = Request::new(C::Encode::default());
    let responses = grpc.server_streaming(request, path, codec).await;
    let mut responses = responses.expect("a stream").into_inner();
    for _ in 0..events {
        std::hint::black_box(responses.message().await.expect("an event"));
    }
}

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

struct Structs(Bare);

impl ServerStreamingService<()> for Structs {
    type Response = ConsumeResponse;
    type ResponseStream = ReceiverStream<Result<ConsumeResponse, Status>>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

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
        std::future::ready(Ok(Response::new(ReceiverStream::new(receiver))))
    }
}

struct Encoded(Bare);

impl ServerStreamingService<Bytes> for Encoded {
    type Response = Bytes;
    type ResponseStream = Boxed<Bytes>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let encoded = self.0.encoded.clone();
        let all = (0..encoded.len()).map(move |n| Ok(encoded[n].clone()));
        std::future::ready(Ok(Response::new(Box::pin(tokio_stream::iter(all)) as Boxed<_>)))
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
            Ok(match request.uri().path() {
                STRUCTS_PATH => {
                    let codec = ProstCodec::<ConsumeResponse, ()>::default();
                    server::Grpc::new(codec).server_streaming(Structs(bare), request).await
                }
                BYTES_PATH => {
                    server::Grpc::new(BytesCodec).server_streaming(Encoded(bare), request).await
                }
                path => panic!("there is no {path}"),
            })
        })
    }
}

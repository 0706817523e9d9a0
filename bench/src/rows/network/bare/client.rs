use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use bytes::{BufMut, Bytes, BytesMut};
use eventstream_core::Parcel;
use eventstream_network::proto::dogma::interop::v1::eventstream::ConsumeResponse;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Streaming,
    client::Grpc,
    codec::Codec,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use super::{
    APPEND_PATH, APPEND_STREAM_PATH, BYTES_PATH, BytesCodec, FOLLOW_PATH, FRAME, PUBLISH_PATH,
    QUEUE, STRUCTS_PATH, WINDOW,
};

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
    let mut responses = open(channel, STRUCTS_PATH, codec).await;
    for _ in 0..events {
        std::hint::black_box(responses.message().await.expect("an event"));
    }
}

/// Each event as the bytes that it was encoded to before.
pub async fn read_bytes(channel: Channel, events: u64) {
    let mut responses = open(channel, BYTES_PATH, BytesCodec).await;
    for _ in 0..events {
        std::hint::black_box(responses.message().await.expect("an event"));
    }
}

/// What is published from now on.
pub async fn follow(channel: Channel) -> Streaming<Bytes> {
    open(channel, FOLLOW_PATH, BytesCodec).await
}

async fn open<C>(channel: Channel, path: &'static str, codec: C) -> Streaming<C::Decode>
where
    C: Codec + Send + Sync + 'static,
    C::Encode: Default + Send + Sync + 'static,
    C::Decode: Send + Sync + 'static,
{
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.expect("a connection");
    let path = PathAndQuery::from_static(path);
    let request = Request::new(C::Encode::default());
    grpc.server_streaming(request, path, codec).await.expect("a stream").into_inner()
}

/// Appends by calls.
#[derive(Clone)]
pub struct Appender(Channel);

impl Appender {
    pub async fn connect(url: String) -> Self {
        Self(connect(url).await)
    }

    /// To the log.
    pub async fn append(self, parcels: Vec<Parcel>) {
        self.call(APPEND_PATH, &parcels).await;
    }

    /// To those who follow.
    pub async fn publish(self, parcels: Vec<Parcel>) {
        self.call(PUBLISH_PATH, &parcels).await;
    }

    async fn call(self, path: &'static str, parcels: &[Parcel]) {
        let mut grpc = Grpc::new(self.0);
        grpc.ready().await.expect("a connection");
        let request = Request::new(joined(parcels));
        let path = PathAndQuery::from_static(path);
        std::hint::black_box(grpc.unary(request, path, BytesCodec).await.expect("an answer"));
    }
}

type Waiting = Arc<Mutex<VecDeque<oneshot::Sender<Bytes>>>>;

/// Appends over one stream.
#[derive(Clone)]
pub struct AppendStream {
    requests: mpsc::Sender<Bytes>,
    waiting: Waiting,
}

impl AppendStream {
    pub async fn open(url: String) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        let mut grpc = Grpc::new(connect(url).await);
        grpc.ready().await.expect("a connection");
        let path = PathAndQuery::from_static(APPEND_STREAM_PATH);
        let queue = Request::new(ReceiverStream::new(queue));
        let answers = grpc.streaming(queue, path, BytesCodec).await.expect("a stream");
        let mut answers = answers.into_inner();
        let waiting = Waiting::default();
        let first = waiting.clone();
        tokio::spawn(async move {
            while let Ok(Some(answer)) = answers.message().await {
                let next = first.lock().expect("the lock").pop_front();
                drop(next.expect("somebody waits").send(answer));
            }
        });
        Self { requests, waiting }
    }

    pub async fn append(self, parcels: Vec<Parcel>) {
        let request = joined(&parcels);
        let place = self.requests.reserve().await.expect("the stream");
        let (sender, answer) = oneshot::channel();
        {
            // In the same order.
            let mut waiting = self.waiting.lock().expect("the lock");
            waiting.push_back(sender);
            place.send(request);
        }
        std::hint::black_box(answer.await.expect("an answer"));
    }
}

/// Each with its length.
fn joined(parcels: &[Parcel]) -> Bytes {
    let mut joined = BytesMut::new();
    for parcel in parcels {
        let wire = parcel.wire();
        joined.put_u32(u32::try_from(wire.len()).expect("a length"));
        joined.put_slice(wire);
    }
    joined.freeze()
}

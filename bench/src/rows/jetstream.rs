//! The store in NATS JetStream, beside JetStream by hand: one server, in files, which syncs always.
//! `EVENTSTREAM_NATS_SERVER` is the server, of 2.12 or later.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use async_nats::{
    HeaderMap,
    jetstream::{self, consumer, stream},
};
use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect, Parcel};
use eventstream_persisted::JetStreamStore;
use futures_util::StreamExt;
use tokio::runtime::Runtime;

use crate::{
    measure::{Candidates, rate},
    workload::{application, one_type, parcels},
};

const APPENDERS: u64 = 64;
const BATCH: u64 = 100;
const STORED: u64 = 200_000;

/// A server, which ends when it is dropped.
struct Server {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("EVENTSTREAM_NATS_SERVER") else {
            println!(
                "    not run: EVENTSTREAM_NATS_SERVER has to be a nats-server of 2.12 or later"
            );
            return None;
        };
        let folder = tempfile::tempdir().expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let store = folder.path().join("data");
        let config = format!(
            "host: 127.0.0.1\nport: {port}\njetstream {{ store_dir: {store:?}, sync_interval: always }}\n"
        );
        let file = folder.path().join("config");
        std::fs::write(&file, config).expect("write");
        let mut command = Command::new(program);
        command.arg("-c").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("the server starts");
        let server = Self { process, port, _folder: folder };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    async fn store(&self) -> JetStreamStore {
        let url = format!("nats://{}/{}", self.address(), name());
        JetStreamStore::builder(url).create_for(application()).open().await.expect("open")
    }

    /// A stream as one makes it by hand: a subject for each type.
    async fn by_hand(&self) -> (jetstream::Context, stream::Stream, String) {
        let client = async_nats::connect(self.address()).await.expect("connect");
        let context = jetstream::new(client);
        let name = name();
        let config = stream::Config {
            name: name.clone(),
            subjects: vec![format!("{name}.>")],
            allow_atomic_publish: true,
            ..stream::Config::default()
        };
        let stream = context.create_stream(config).await.expect("a stream");
        (context, stream, name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn name() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("s{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

fn subject(stream: &str, parcel: &Parcel) -> String {
    format!("{stream}.{}", parcel.event_type())
}

pub fn all() {
    let Some(server) = Server::start() else { return };
    let runtime = Runtime::new().expect("a runtime");
    println!("    64 appenders of one event each");
    append_many(&server, &runtime);
    println!("    one appender, batches of 100");
    append_batches(&server, &runtime);
    println!("    replay, and 1 in 100 types");
    replay(&server, &runtime);
}

fn append_many(server: &Server, runtime: &Runtime) {
    const EACH: u64 = 100;
    let measure = |by_hand: bool| {
        runtime.block_on(async {
            let store = server.store().await;
            let (context, _, name) = server.by_hand().await;
            let tasks = (0..APPENDERS).map(|n| parcels(n * EACH, EACH, 128)).map(|mine| {
                let (store, context, name) = (store.clone(), context.clone(), name.clone());
                async move {
                    for parcel in mine {
                        if by_hand {
                            let (to, wire) = (subject(&name, &parcel), parcel.wire().clone());
                            context.publish(to, wire).await.expect("sent").await.expect("stored");
                        } else {
                            store.append(vec![parcel], Expect::Any).await.expect("append");
                        }
                    }
                }
            });
            let tasks: Vec<_> = tasks.collect();
            let start = Instant::now();
            let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
            for task in tasks {
                task.await.expect("a task");
            }
            rate(APPENDERS * EACH, start.elapsed())
        })
    };
    Candidates::new("events/s")
        .add("async-nats by hand", || measure(true))
        .add("eventstream", || measure(false))
        .run();
}

/// Publishes a batch by hand.
async fn publish(context: &jetstream::Context, stream: &str, id: u64, batch: &[Parcel]) {
    let client = context.client();
    for (number, parcel) in (1..).zip(batch) {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Batch-Id", id.to_string());
        headers.insert("Nats-Batch-Sequence", number.to_string());
        let (to, wire) = (subject(stream, parcel), parcel.wire().clone());
        if number < batch.len() {
            client.publish_with_headers(to, headers, wire).await.expect("sent");
        } else {
            headers.insert("Nats-Batch-Commit", "1");
            let answer = client.request_with_headers(to, headers, wire).await.expect("an answer");
            assert!(!answer.payload.starts_with(b"{\"error\""), "{:?}", answer.payload);
        }
    }
}

fn append_batches(server: &Server, runtime: &Runtime) {
    const EVENTS: u64 = 10_000;
    let all = parcels(0, EVENTS, 128);
    let batches: Vec<_> = all.chunks(usize::try_from(BATCH).expect("a number")).collect();
    Candidates::new("events/s")
        .add("async-nats by hand, atomic batches", || {
            runtime.block_on(async {
                let (context, _, name) = server.by_hand().await;
                let start = Instant::now();
                for (id, batch) in (0..).zip(&batches) {
                    publish(&context, &name, id, batch).await;
                }
                rate(EVENTS, start.elapsed())
            })
        })
        .add("eventstream", || {
            runtime.block_on(async {
                let store = server.store().await;
                let start = Instant::now();
                for batch in &batches {
                    store.append(batch.to_vec(), Expect::Any).await.expect("append");
                }
                rate(EVENTS, start.elapsed())
            })
        })
        .run();
}

/// A stream that was filled by hand, to be read by an ordered consumer.
pub struct Peer {
    _server: Option<Server>,
    stream: stream::Stream,
    name: String,
}

impl Peer {
    /// One on a server of its own; `None` where there is no server.
    pub fn start(runtime: &Runtime) -> Option<Self> {
        let server = Server::start()?;
        let (mut peer, context) = runtime.block_on(Self::on(&server));
        for (id, batch) in batches() {
            runtime.block_on(publish(&context, &peer.name, id, &batch));
        }
        peer._server = Some(server);
        Some(peer)
    }

    async fn on(server: &Server) -> (Self, jetstream::Context) {
        let (context, stream, name) = server.by_hand().await;
        (Self { _server: None, stream, name }, context)
    }

    /// Events per second, all that there are.
    pub fn replay(&self, runtime: &Runtime) -> f64 {
        self.read(runtime, format!("{}.>", self.name), STORED)
    }

    fn read(&self, runtime: &Runtime, filter: String, count: u64) -> f64 {
        runtime.block_on(async {
            let start = Instant::now();
            let config =
                consumer::pull::OrderedConfig { filter_subject: filter, ..Default::default() };
            let consumer = self.stream.create_consumer(config).await.expect("a consumer");
            let mut messages = consumer.messages().await.expect("messages");
            for _ in 0..count {
                let message = messages.next().await.expect("a message").expect("a message");
                let parcel = Parcel::from_wire(message.payload.clone()).expect("an event");
                std::hint::black_box(parcel);
            }
            rate(count, start.elapsed())
        })
    }
}

/// All that is stored, in batches.
fn batches() -> impl Iterator<Item = (u64, Vec<Parcel>)> {
    (0..).zip((0..STORED).step_by(1_000)).map(|(id, first)| (id, parcels(first, 1_000, 128)))
}

fn replay(server: &Server, runtime: &Runtime) {
    let (store, peer) = runtime.block_on(async {
        let store = server.store().await;
        let (peer, context) = Peer::on(server).await;
        for (id, batch) in batches() {
            publish(&context, &peer.name, id, &batch).await;
            store.append(batch, Expect::Any).await.expect("append");
        }
        (store, peer)
    });
    let cursor = |types: EventTypes, count: u64| {
        runtime.block_on(async {
            let start = Instant::now();
            let stream = store.stream(EventTypes::any());
            let mut cursor = stream.open(0, types.clone()).await.expect("open");
            let (mut batch, mut left) = (Vec::new(), count);
            while left > 0 {
                left -= cursor.next_batch(&mut batch, 1_000).await.expect("next") as u64;
                batch.clear();
            }
            rate(count, start.elapsed())
        })
    };
    let one = one_type();
    let one_subject = format!("{}.{one}", peer.name);
    Candidates::new("events/s")
        .add("async-nats by hand, all", || peer.replay(runtime))
        .add("eventstream, all", || cursor(EventTypes::any(), STORED))
        .run();
    Candidates::new("matching/s")
        .add("async-nats by hand, 1 in 100", || {
            peer.read(runtime, one_subject.clone(), STORED / 100)
        })
        .add("eventstream, 1 in 100", || cursor(one.clone(), STORED / 100))
        .run();
}

use std::{future::Future, time::Instant};

use eventstream_network::Protocol;
use tokio::runtime::Runtime;

use super::{bare, ours, tcp};
use crate::{
    measure::{Candidates, rate},
    rows::runtime,
    server_process::Server,
};

pub const EVENTS: u64 = 1_000_000;

/// Read at a time.
const BATCH: usize = 256;

pub fn replay() {
    let runtime = runtime();
    let [tcp, bare, memory, embedded] = ["tcp", "bare", "memory", "embedded"].map(Server::start);
    let channel = runtime.block_on(bare::connect(bare.url()));
    let connect = |server: &Server, protocol| {
        runtime.block_on(ours::connect(&server.url(), protocol))
    };
    let [ours, a, b] = [Protocol::Ours, Protocol::A, Protocol::B]
        .map(|protocol| connect(&memory, protocol));
    let stored = connect(&embedded, Protocol::Ours);
    Candidates::new("events/s")
        .add("raw TCP", || timed(&runtime, EVENTS, tcp::read(tcp.address(), EVENTS)))
        .add("tonic, structs through a channel", || {
            timed(&runtime, EVENTS, bare::read_structs(channel.clone(), EVENTS))
        })
        .add("tonic, encoded before", || {
            timed(&runtime, EVENTS, bare::read_bytes(channel.clone(), EVENTS))
        })
        .add("eventstream.v1, from memory", || {
            timed(&runtime, EVENTS, ours::read(ours.clone(), EVENTS, BATCH))
        })
        .add("eventstream.v1, from a store", || {
            timed(&runtime, EVENTS, ours::read(stored.clone(), EVENTS, BATCH))
        })
        .add("protocol A, from memory", || {
            timed(&runtime, EVENTS, ours::read(a.clone(), EVENTS, BATCH))
        })
        .add("protocol B, from memory", || {
            timed(&runtime, EVENTS, ours::read(b.clone(), EVENTS, BATCH))
        })
        .run();
}

/// As a task, as a program has it.
fn timed(runtime: &Runtime, events: u64, reading: impl Future<Output = ()> + Send + 'static) -> f64 {
    let start = Instant::now();
    runtime.block_on(runtime.spawn(reading)).expect("a reader");
    rate(events, start.elapsed())
}

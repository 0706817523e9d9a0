//! The rows, by the names that the targets have.

mod consumer;
mod growth;
mod jetstream;
mod memory;
mod network;
mod pack;
mod postgres;
mod projection;
mod store;

pub use network::serve;

pub struct Row {
    pub name: &'static str,
    pub what: &'static str,
    pub run: fn(),
}

pub fn all() -> Vec<Row> {
    let row = |name, what, run| Row { name, what, run };
    vec![
        row("M1", "memory: replay of 1 M events, one cursor", memory::replay),
        row("M2", "memory: live fan-out to 1, 4 and 16 cursors", memory::fan_out),
        row("M3", "memory: from append to a waiting cursor", memory::wake),
        row("M4", "memory: what a retained event costs", memory::size),
        row("M5", "memory: scan for one of 100 types", memory::filter),
        row("P1", "store: durable append, one appender", store::append),
        row("P2", "store: durable append, 64 appenders of one event each", store::append_many),
        row("P3", "store: replay of all types", store::replay),
        row("P4", "store: replay of one of 100 types", store::filter),
        row("P5", "store: bytes per event, and opening", store::size),
        row("Z1", "store: how events are packed", pack::pack),
        row("G1", "store: what does not grow with it", growth::growth),
        row(
            "N1",
            "network: replay of 1 M events, one reader (v1: 0.7 × raw TCP, A: 0.5 ×)",
            network::replay,
        ),
        row("N2", "network: 16 readers (3 M/s)", network::fan_out),
        row(
            "N3",
            "network: from append to a remote cursor (p50 100 µs, p99 250 µs, 1.3 × tonic)",
            network::live,
        ),
        row(
            "N4",
            "network: durable append, 64 connections, one event a call (calls: 0.8 × tonic, one stream: 150 k/s)",
            network::append_one,
        ),
        row(
            "N5",
            "network: durable append, 64 connections, 100 events a call (400 k/s)",
            network::append_hundred,
        ),
        row("N6", "network: what an event and an idle cursor cost", network::cost),
        row("S1", "PostgreSQL: append, replay, filter", postgres::postgres),
        row("C1", "consumer: over a bare cursor", consumer::overhead),
        row("C2", "consumer: a projection into SQLite", projection::projection),
        row("S2", "NATS JetStream: 64 appenders, batches of 100, replay", jetstream::all),
    ]
}

/// A runtime as programs have it, on this machine's two cores.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

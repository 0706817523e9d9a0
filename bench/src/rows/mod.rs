//! The rows, by the names that the targets have.

mod consumer;
mod growth;
mod jetstream;
mod memory;
mod pack;
mod projection;
mod store;

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

use std::{
    future::Future,
    time::{Duration, Instant},
};

use eventstream_core::{EventStream, EventTypes};
use eventstream_network::Protocol;
use tokio::runtime::Runtime;

use super::{
    bare, ours,
    replay::{BATCH, EVENTS},
};
use crate::{allocator::counted, rows::runtime, server_process::Server};

const CURSORS: usize = 1_000;
const CONNECTIONS: usize = 10;
const IDLE: Duration = Duration::from_secs(3);

pub fn cost() {
    let runtime = runtime();
    let [bare, memory, embedded] = ["bare", "memory", "embedded"].map(Server::start);
    let channel = runtime.block_on(bare::connect(bare.url()));
    let connect =
        |server: &Server, protocol| runtime.block_on(ours::connect(&server.url(), protocol));
    let [of_memory, of_store] = [&memory, &embedded].map(|server| connect(server, Protocol::Ours));
    let of_a = connect(&memory, Protocol::A);
    println!("  allocations an event, at the server and at the client");
    let print = |name, server: &Server, read: &dyn Fn() -> Reading| {
        // What is read for the first time is made to be shared.
        runtime.block_on(read());
        allocations(&runtime, name, server, read());
    };
    print("tonic, structs through a channel", &bare, &|| {
        Box::pin(bare::read_structs(channel.clone(), EVENTS))
    });
    print("tonic, encoded before", &bare, &|| Box::pin(bare::read_bytes(channel.clone(), EVENTS)));
    for (name, server, stream) in [
        ("eventstream.v1, from memory", &memory, &of_memory),
        ("eventstream.v1, from a store", &embedded, &of_store),
        ("protocol A, from memory", &memory, &of_a),
    ] {
        print(name, server, &|| Box::pin(ours::read(stream.clone(), EVENTS, BATCH)));
    }
    for server in [&memory, &embedded] {
        idle(&runtime, server);
    }
}

type Reading = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn allocations(runtime: &Runtime, name: &str, server: &Server, reading: Reading) {
    let (there, (here, ())) =
        server.counted(|| counted(|| runtime.block_on(runtime.spawn(reading)).expect("a reader")));
    let an_event = |allocations: f64| allocations / EVENTS as f64;
    println!(
        "    {name:<38} {:>8.3} {:>8.3}",
        an_event(there.allocations),
        an_event((here.allocations + here.reallocations) as f64),
    );
}

/// Cursors that wait at the end.
fn idle(runtime: &Runtime, server: &Server) {
    let streams: Vec<_> = (0..CONNECTIONS)
        .map(|_| runtime.block_on(ours::connect(&server.url(), Protocol::Ours)))
        .collect();
    let (counts, cursors) = server.counted(|| {
        let mut cursors = Vec::new();
        for stream in streams.iter().cycle().take(CURSORS) {
            let opened = runtime.block_on(stream.open(EVENTS, EventTypes::any()));
            cursors.push(opened.expect("open"));
        }
        // Until each has said that it is at its end.
        std::thread::sleep(IDLE);
        cursors
    });
    let before = server.processor_seconds();
    let start = Instant::now();
    std::thread::sleep(3 * IDLE);
    let share = (server.processor_seconds() - before) / start.elapsed().as_secs_f64();
    println!(
        "  {CURSORS} idle cursors over {CONNECTIONS} connections: {:.0} bytes each at the server, \
         {:.2} % of a processor in all",
        counts.bytes / CURSORS as f64,
        share * 100.0,
    );
    drop(cursors);
}

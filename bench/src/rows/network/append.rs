use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use eventstream_core::{EventStore, Expect, Parcel};
use eventstream_network::{NetworkClient, NetworkStore};
use tokio::runtime::Runtime;

use super::bare::{AppendStream, Appender};
use crate::{
    measure::{Candidates, rate},
    rows::runtime,
    server_process::Server,
    workload::{self, application},
};

const CLIENTS: usize = 64;
/// Appends of one stream that wait for their acknowledgement.
const PENDING: usize = 1_024;

/// Parcels that were never there before.
pub fn fresh(count: usize) -> Vec<Parcel> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = count as u64;
    workload::parcels(NEXT.fetch_add(count, Ordering::Relaxed), count, 128)
}

pub fn append_one() {
    append(1, 256);
}

pub fn append_hundred() {
    append(100, 20);
}

/// Each client makes so many calls of so many events, one after the other.
fn append(events: usize, calls: usize) {
    let runtime = runtime();
    let [bare, ours] = ["bare", "embedded"].map(|server| Server::start(&format!("{server}-empty")));
    let connect = || runtime.block_on(store(&ours));
    let callers: Vec<_> =
        (0..CLIENTS).map(|_| runtime.block_on(Appender::connect(bare.url()))).collect();
    let stores: Vec<_> = (0..CLIENTS).map(|_| connect()).collect();
    let one_bare = vec![runtime.block_on(AppendStream::open(bare.url())); PENDING];
    let one_store = vec![connect().streaming(); PENDING];
    let each = Load { runtime: &runtime, calls, events };
    let of_one = Load { calls: (calls * CLIENTS / PENDING).max(8), ..each };
    Candidates::new("events/s")
        .add("calls: tonic, a raw log, fdatasync", || each.rate(&callers, Appender::append))
        .add("calls: eventstream.v1, a store", || each.rate(&stores, append_to))
        .add("one stream: tonic, a raw log, fdatasync", || {
            of_one.rate(&one_bare, AppendStream::append)
        })
        .add("one stream: eventstream.v1, a store", || of_one.rate(&one_store, append_to))
        .run();
}

pub async fn store(server: &Server) -> NetworkStore {
    let client = NetworkClient::connect(&server.url()).await.expect("a connection");
    client.store(application())
}

async fn append_to(store: NetworkStore, parcels: Vec<Parcel>) {
    store.append(parcels, Expect::Any).await.expect("append");
}

#[derive(Clone, Copy)]
struct Load<'a> {
    runtime: &'a Runtime,
    calls: usize,
    events: usize,
}

impl Load<'_> {
    /// With all clients at a time.
    fn rate<C, F>(
        &self,
        clients: &[C],
        append: impl Fn(C, Vec<Parcel>) -> F + Copy + Send + 'static,
    ) -> f64
    where
        C: Clone + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let batches = || (0..self.calls).map(|_| fresh(self.events)).collect::<Vec<_>>();
        let work: Vec<_> = clients.iter().map(|client| (client.clone(), batches())).collect();
        let start = Instant::now();
        self.runtime.block_on(async {
            let appending = work.into_iter().map(|(client, batches)| {
                tokio::spawn(async move {
                    for batch in batches {
                        append(client.clone(), batch).await;
                    }
                })
            });
            for task in appending.collect::<Vec<_>>() {
                task.await.expect("a client");
            }
        });
        rate((clients.len() * self.calls * self.events) as u64, start.elapsed())
    }
}

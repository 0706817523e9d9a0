use std::{future::Future, time::Instant};

use crate::{child::Server, honest};

/// What the server may take at most more than it takes while it serves nobody, whatever is tried, in
/// KiB.
const PEAK: u64 = 320 << 10;

/// What may be in use of that when it is over, in bytes: of what was appended, the
/// store holds a part.
const KEPT: u64 = 32 << 20;

/// Does something hostile, and sees what becomes of the server: an honest client is served while it is
/// going on, and when it is over.
pub(crate) async fn row<T>(server: &mut Server, name: &str, attack: impl Future<Output = T>) {
    let begin = Instant::now();
    let under_way = attack.await;
    honest::is_served(&server.client, name).await;
    let peak = server.peak();
    drop(under_way);
    let kept = server.goes_back_to(KEPT, name).await;
    honest::is_served(&server.client, name).await;
    let took = begin.elapsed();
    println!("{name}: {took:.1?}, {} MiB at most, {} KiB kept", peak >> 10, kept >> 10);
    assert!(peak <= PEAK, "{name}: {peak} KiB are taken");
}

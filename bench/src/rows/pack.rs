use std::time::Instant;

use crate::workload::parcel;

/// Events of a set.
const EVENTS: u64 = 50_000;
/// How often a set is unpacked.
const ROUNDS: u32 = 5;

/// Packing chunks of events, in two sizes and two ways.
pub fn pack() {
    let sets: [(&str, Vec<Vec<u8>>); 3] = [
        ("the workload", (0..EVENTS).map(|n| parcel(n, 128).wire().to_vec()).collect()),
        ("the same with four random UUIDs", with_uuids()),
        ("lines of git histories", {
            let sample = include_str!("../../../eventstream-cli/sample/git-history.ndjson");
            sample.lines().map(|line| line.as_bytes().to_vec()).collect()
        }),
    ];
    for (name, events) in &sets {
        println!("  {name}");
        for chunk in [16 * 1024, 64 * 1024] {
            let chunks = chunks(events, chunk);
            let lz4 = |raw: &[u8]| lz4_flex::block::compress(raw);
            let unlz4 = |packed: &[u8], len| {
                lz4_flex::block::decompress(packed, len).expect("what was packed")
            };
            measure("LZ4", chunk, &chunks, events.len(), &lz4, &unlz4);
            let zstd = |raw: &[u8]| zstd::bulk::compress(raw, 1).expect("pack");
            let unzstd =
                |packed: &[u8], len| zstd::bulk::decompress(packed, len).expect("what was packed");
            measure("zstd, level 1", chunk, &chunks, events.len(), &zstd, &unzstd);
        }
    }
}

fn with_uuids() -> Vec<Vec<u8>> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u128;
    let mut uuid = move || {
        // Any numbers that don't repeat.
        random = random.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
        format!("{random:032x}")
    };
    let event = |n| {
        let uuids: String = (0..4).map(|_| uuid()).collect();
        [parcel(n, 0).wire(), uuids.as_bytes()].concat()
    };
    (0..EVENTS).map(event).collect()
}

fn chunks(events: &[Vec<u8>], size: usize) -> Vec<Vec<u8>> {
    let mut chunks = vec![Vec::new()];
    for event in events {
        if chunks.last().is_some_and(|last: &Vec<u8>| last.len() + event.len() > size) {
            chunks.push(Vec::new());
        }
        chunks.last_mut().expect("a chunk").extend_from_slice(event);
    }
    chunks
}

fn measure(
    name: &str,
    chunk: usize,
    chunks: &[Vec<u8>],
    events: usize,
    pack: &dyn Fn(&[u8]) -> Vec<u8>,
    unpack: &dyn Fn(&[u8], usize) -> Vec<u8>,
) {
    let raw: usize = chunks.iter().map(Vec::len).sum();
    let start = Instant::now();
    let packed: Vec<_> = chunks.iter().map(|chunk| pack(chunk)).collect();
    let packing = start.elapsed();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        for (packed, chunk) in packed.iter().zip(chunks) {
            std::hint::black_box(unpack(packed, chunk.len()));
        }
    }
    let unpacking = start.elapsed() / ROUNDS;
    let bytes: usize = packed.iter().map(Vec::len).sum();
    let speed = |elapsed: std::time::Duration| raw as f64 / elapsed.as_secs_f64() / 1e9;
    println!(
        "    {name:<14} chunks of {:>2} KiB: {:>4} of {} bytes an event, packed {:.1} and unpacked {:.1} GB/s",
        chunk / 1024,
        bytes / events,
        raw / events,
        speed(packing),
        speed(unpacking),
    );
}

mod cluster;
mod programs;
mod raw;
mod reading;
mod server;

use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use cluster::Cluster;
use eventstream_core::{Envelope, Identity, Parcel};
pub(crate) use programs::{Program, not_run, program};
pub(crate) use raw::Raw;
pub(crate) use reading::{LONG, follow, offsets, problem, read};
pub(crate) use server::{Server, Settings, shared};

pub(crate) fn application() -> Identity {
    Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10")
}

/// A name that no other stream of the process has.
pub(crate) fn stream_name() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("s{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// An event of one of ten types and five sources.
pub(crate) fn parcel(number: u64) -> Parcel {
    let envelope = Envelope::new(
        format!("m-{number}"),
        application(),
        format!("type-{}", number % 10),
        "text/plain",
    );
    Parcel::seal(Envelope {
        source_handler: Some(Identity::new("handler", "handler-key")),
        source_instance_id: format!("i-{}", number % 5),
        data: number.to_string().into(),
        ..envelope
    })
    .unwrap()
}

pub(crate) fn parcels(numbers: std::ops::Range<u64>) -> Vec<Parcel> {
    numbers.map(parcel).collect()
}

//! What is appended and read: envelopes of about 370 bytes.

use eventstream_core::{Envelope, EventType, EventTypes, Identity, Parcel};

/// Types, handlers and instances are spread evenly over so many.
pub const TYPES: u64 = 100;

pub fn application() -> Identity {
    Identity::new("bench", "7b0d5d3e-9b6c-4c0b-8d86-1f8c5d1c2a10")
}

pub fn type_name(number: u64) -> String {
    format!("bench.happened.no-{:03}", number % TYPES)
}

/// One of the hundred types.
pub fn one_type() -> EventTypes {
    EventTypes::from(EventType::from(type_name(42)))
}

pub fn all_types() -> EventTypes {
    (0..TYPES).map(type_name).collect()
}

/// The `number`th parcel, with a payload of `payload` bytes.
pub fn parcel(number: u64, payload: usize) -> Parcel {
    let id = format!("{number:08x}-51f5-4a3e-9d0c-{number:012x}");
    let handler = number % 10;
    let envelope = Envelope {
        source_handler: Some(Identity::new(
            format!("handler-{handler}"),
            format!("9a3c2f41-0d5e-4b1f-8a7c-{handler:012x}"),
        )),
        source_instance_id: format!("i-{:04}", number % 1_000),
        data: vec![b'x'; payload].into(),
        ..Envelope::new(id, application(), type_name(number), "application/json")
    };
    Parcel::seal(envelope).expect("the workload is valid")
}

pub fn parcels(first: u64, count: u64, payload: usize) -> Vec<Parcel> {
    (first..first + count).map(|number| parcel(number, payload)).collect()
}

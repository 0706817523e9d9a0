//! Stores that are chosen by their location.
//!
//! The suite for stores is in `embedded/store_suite.rs`. What needs servers is tried with the program, in `eventstream-cli/tests/cli/`.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod chosen;

use eventstream_core::{Envelope, Identity, Parcel};

fn application() -> Identity {
    Identity::new("app", "app-key")
}

fn parcel(id: u64) -> Parcel {
    let envelope = Envelope::new(format!("m-{id}"), application(), "type", "text/plain");
    Parcel::seal(envelope).unwrap()
}

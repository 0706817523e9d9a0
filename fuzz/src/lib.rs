//! What holds of everything that eventstream decodes, whatever it is given.
//!
//! Each module is a target: `check` takes any bytes, and panics if something is wrong with what
//! becomes of them. Two programs call it: libFuzzer, by way of `fuzz_targets/`, and the runner
//! `quick`, which needs no more than cargo.

pub mod cloud_event;
mod dogma;
pub mod envelope;
mod grpc;
pub mod marshaler;
pub mod memory;
#[cfg(feature = "quick")]
pub mod mutate;
pub mod network;
pub mod parcel;
pub mod store;
pub mod target;
pub mod texts;

// The network's modules, as they are: see `grpc`.
#[allow(dead_code, unused_imports)]
#[path = "../../eventstream-network/src/proto/mod.rs"]
mod proto;
#[allow(dead_code, unused_imports)]
#[path = "../../eventstream-network/src/wire/mod.rs"]
mod wire;

// The program's modules, as they are: it is no library. They name each other from the root.
#[allow(dead_code)]
#[path = "../../eventstream-cli/src/naming.rs"]
mod naming;

pub use target::{TARGETS, Target};

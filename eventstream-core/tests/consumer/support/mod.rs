//! What the tests run the consumer with.

mod capture;
mod handler;
mod parked;
mod rig;
mod stream;

pub(crate) use capture::{Capture, install};
pub(crate) use handler::{FakeHandler, Outcome, Plain, Staying};
pub(crate) use parked::Parked;
pub(crate) use rig::{Rig, Running, settle, soon};
pub(crate) use stream::{Fake, FakeStream, Hang, OTHER, SHOP, identity, parcel};

//! The reference stream with one fault at a time.

#![allow(unused_imports)]

mod alter;
mod cursor;
mod fault;
mod fetch;
mod stream;

pub use fault::Fault;
pub use stream::FaultyHarness;

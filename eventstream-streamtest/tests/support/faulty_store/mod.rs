//! The reference store with one fault at a time.

#![allow(unused_imports)]

mod append;
mod fault;
mod query;
mod store;
mod wait;
mod wrap;

pub use fault::StoreFault;
pub use wrap::FaultyStores;

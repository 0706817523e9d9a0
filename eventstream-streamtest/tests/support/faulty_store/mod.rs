//! The reference store with one fault at a time.

#![allow(unused_imports)]

mod append;
mod expect;
mod fault;
mod query;
mod repeat;
mod store;
mod take;
mod wait;
mod wrap;

pub use fault::StoreFault;
pub use wrap::FaultyStores;

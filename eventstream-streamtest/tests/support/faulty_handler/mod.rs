//! The reference handler with one fault at a time.

#![allow(unused_imports)]

mod fault;
mod handle;
mod handler;
mod make;
mod start;

pub use fault::HandlerFault;
pub use make::FaultyHandlers;

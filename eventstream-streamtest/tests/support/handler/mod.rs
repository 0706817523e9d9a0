//! A handler in memory that is obviously right, and what it keeps its effects in.

#![allow(unused_imports)]

mod harness;
mod reference;
mod table;

pub use harness::{Env, FAILING, InMemory, Make, Right, is_failing};
pub use reference::ReferenceHandler;
pub use table::{State, Table};

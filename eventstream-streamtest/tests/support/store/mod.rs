//! A store that is small and obviously right.

#![allow(unused_imports)]

mod data;
mod env;
mod query;
mod reference;

pub use data::Data;
pub use env::{Bare, Env, Memory, Wrap};
pub use query::{ReferenceQuery, Wanted};
pub use reference::ReferenceStore;

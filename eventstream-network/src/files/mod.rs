//! What is made of files, and made anew when they change.

mod file_error;
mod watched;

pub use file_error::FileError;
pub(crate) use watched::{Loaded, Watched};

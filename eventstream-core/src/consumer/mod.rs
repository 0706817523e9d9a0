//! Driving a handler with the events of a stream.

mod handler;
mod handler_error;

pub use handler::Handler;
pub use handler_error::HandlerError;

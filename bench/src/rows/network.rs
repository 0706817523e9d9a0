//! Over the network: server and client are processes of their own.

mod append;
mod bare;
mod codec;
mod cost;
mod live;
mod ours;
mod replay;
mod servers;
mod tcp;

pub use append::{append_hundred, append_one};
pub use cost::cost;
pub use live::live;
pub use replay::{fan_out, replay};
pub use servers::serve;

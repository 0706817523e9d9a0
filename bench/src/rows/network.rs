//! Over the network: server and client are processes of their own.

mod bare;
mod codec;
mod ours;
mod replay;
mod servers;
mod tcp;

pub use replay::replay;
pub use servers::serve;

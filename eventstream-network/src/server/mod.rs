//! The server: connections, calls, and what each service answers.

mod access;
mod activity;
mod append;
mod authorizer;
mod builder;
mod call;
mod caller;
mod connection;
mod consume;
mod dialect;
mod drain;
mod handshake;
mod host;
mod hosted;
mod limits;
mod listen;
mod message_reader;
mod network_server;
mod peer;
mod preface;
mod protocols;
mod response;
mod route;
mod rpc;
mod serve_error;
mod service;
mod shared;
mod status;
mod tls;
mod tokens;

pub use access::{Access, Action};
pub use authorizer::{Authorizer, Denied};
pub use builder::NetworkServerBuilder;
pub use hosted::Hosted;
pub use limits::Limits;
pub use network_server::NetworkServer;
pub use peer::Peer;
pub use protocols::Protocols;
pub use serve_error::ServeError;
pub use tls::{PeerCertificate, Tls};
pub use tokens::{InvalidTokenLine, TokenFile, Tokens};

pub(crate) use connection::{FRAME, STREAM_WINDOW};

//! Who the client is to the server, and how it knows the server.

mod first_read;
mod options;
mod resolved;
mod tls;
mod token;

pub(super) use options::{SecurityOptions, TokenSource};
pub(super) use resolved::Security;
pub(super) use tls::ClientTls;
pub(super) use token::Token;

//! Connections to a server: where it is, how they are encrypted, how long they wait.

mod connector;
mod link;
mod pool;
mod tls;
mod url;
mod verifier;

pub(super) use connector::{Connector, Options, bounded};
pub(super) use link::{Link, Param, join};
pub(super) use pool::{Lease, Pool};
pub(super) use tls::Tls;
use tls::TlsMode;
pub(super) use url::Url;

use std::net::SocketAddr;

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Peer {
    /// Where the connection comes from.
    pub address: SocketAddr,
}

use std::net::SocketAddr;

use super::PeerCertificate;

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Peer {
    /// Where the connection comes from.
    pub address: SocketAddr,
    /// The certificate that it has shown, if it had to: [`Tls::client_ca`](super::Tls::client_ca).
    pub certificate: Option<PeerCertificate>,
}

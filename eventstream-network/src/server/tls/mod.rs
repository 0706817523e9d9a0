//! Encrypted connections, and what is known of a peer by its certificate.

mod config;
mod encrypted;
mod peer_certificate;
mod subject;

pub use config::Tls;
pub(super) use encrypted::Encrypted;
pub use peer_certificate::PeerCertificate;

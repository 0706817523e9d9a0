use std::{io, net::SocketAddr};

/// Why a server can't be built or can't serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Two streams are of applications with the same key.
    #[error("the application {key} is hosted twice: each server has one stream of an application")]
    HostedTwice {
        /// The key.
        key: String,
    },

    /// The identity of an application breaks a rule.
    #[error("an application can't be hosted")]
    InvalidApplication(#[source] eventstream_core::Error),

    /// A limit is too small or too large.
    #[error("the limit {name} is {value}, but has to be {rule}")]
    InvalidLimit {
        /// Which one.
        name: &'static str,
        /// What it is.
        value: usize,
        /// What it has to be.
        rule: String,
    },

    /// Others could read along, and everybody could do everything.
    #[error(
        "{address} can be reached from other machines, but {missing}: listen on a loopback address, \
         give the server `tls` and an `authorizer` (or `tls` with a `client_ca`), or say \
         `insecure_beyond_loopback`"
    )]
    Insecure {
        /// Where it was to listen.
        address: SocketAddr,
        /// What protects nobody there.
        missing: &'static str,
    },

    /// The certificate or the key can't be used.
    #[error("can't encrypt")]
    Tls(#[source] crate::FileError),

    /// The listener can't be used.
    #[error("can't listen")]
    Listen(#[source] io::Error),
}

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
        "{address} can be reached from other machines, and neither encryption nor authorization \
         protects what is served there: listen on a loopback address, or say \
         `insecure_beyond_loopback`"
    )]
    Insecure {
        /// Where it was to listen.
        address: SocketAddr,
    },

    /// The listener can't be used.
    #[error("can't listen")]
    Listen(#[source] io::Error),
}

use std::time::Duration;

use eventstream_core::BoxError;

/// What has gone wrong between client and server: the source of an
/// [`Error::Backend`](eventstream_core::Error::Backend).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The server can't be reached.
    #[error("can't connect to {endpoint}")]
    Connect {
        /// Where it should be.
        endpoint: String,
        /// Why not.
        #[source]
        source: BoxError,
    },

    /// The connection broke.
    #[error("the connection to {endpoint} is lost")]
    Lost {
        /// Where the server was.
        endpoint: String,
        /// How it broke.
        #[source]
        source: BoxError,
    },

    /// No answer came in time.
    #[error("{endpoint} has not answered within {timeout:?}")]
    Timeout {
        /// Where the server is.
        endpoint: String,
        /// How long it was waited for.
        timeout: Duration,
    },

    /// The server has said no.
    #[error("{endpoint} says: {message} (gRPC code {code})")]
    Refused {
        /// Where the server is.
        endpoint: String,
        /// The number of the gRPC code.
        code: i32,
        /// What it says, if anything.
        message: String,
    },

    /// What the server has said is against the protocol.
    #[error("{endpoint} does not keep to the protocol: {problem}")]
    Protocol {
        /// Where the server is.
        endpoint: String,
        /// What is wrong.
        problem: String,
    },

    /// An append was sent, and no answer came: append the same again to find out.
    #[error("it is not known whether the events are stored")]
    OutcomeUnknown(#[source] Box<NetworkError>),

    /// What was asked for can't be said in the protocol that is spoken.
    #[error("{what} can't be asked for by the protocol {protocol}")]
    NotCarried {
        /// What it was.
        what: &'static str,
        /// The protocol that the server speaks.
        protocol: super::Protocol,
    },

    /// An endpoint is no URL of a server.
    #[error("{endpoint:?} is no endpoint: write http://host:port")]
    Endpoint {
        /// What was written.
        endpoint: String,
    },
}

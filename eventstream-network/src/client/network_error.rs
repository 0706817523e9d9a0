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
    #[error("{endpoint:?} is no endpoint: write https://host:port, or http://host:port")]
    Endpoint {
        /// What was written.
        endpoint: String,
    },

    /// Others could read the token along.
    #[error(
        "a token is not sent to {endpoint}, where it can be read along on the way: use https://, or \
         say `token_over_plain_text`"
    )]
    TokenInTheClear {
        /// Where the server is.
        endpoint: String,
    },

    /// A token can't be one.
    #[error("the token is none: it has letters, digits and -._~+/=, and nothing else")]
    InvalidToken,

    /// It is not said whose certificates are trusted, and the system trusts nobody.
    #[error("nobody is trusted who could say that {endpoint} is the right one: give a `ca_file`")]
    NobodyTrusted {
        /// Where the server is.
        endpoint: String,
        /// What is wrong with the certificates of the system, if there are some.
        #[source]
        source: Option<BoxError>,
    },

    /// There are certificates, but they would not be used.
    #[error("{endpoint} is not encrypted, so that no certificate is used: write https://")]
    NotEncrypted {
        /// Where the server is.
        endpoint: String,
    },

    /// The client does not trust the server's certificate, or the server does not trust the client's,
    /// or they have no way of encrypting in common.
    #[error("no secure connection to {endpoint} can be made")]
    Untrusted {
        /// Where the server is.
        endpoint: String,
        /// Why not.
        #[source]
        source: BoxError,
    },

    /// A file with a token, certificates or a key can't be used.
    #[error("a file can't be used")]
    File(#[from] crate::FileError),
}

use eventstream_core::{Error, Identity};

use super::Engine;

/// Why a store can't be chosen by its location: the source of the [`Error::Backend`] that is returned.
/// What is wrong with the store itself is an error of its engine.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnyStoreError {
    /// Nobody knows stores of this kind.
    #[error(
        "there are no stores at {scheme}://: a location is postgres://HOST/DATABASE, \
         nats://HOST:PORT/NAME, tls://HOST:PORT/NAME, or a directory"
    )]
    UnknownScheme {
        /// What the location begins with.
        scheme: String,
    },
    /// The program was built without this engine.
    #[error(
        "this program was built without stores in {engine}: it takes the feature `{feature}`",
        feature = engine.feature()
    )]
    NotBuiltIn {
        /// What would keep the events.
        engine: Engine,
    },
    /// An option of the location can't be what it is.
    #[error("the option `{option}` of {location} can't be used: {problem}")]
    InvalidOption {
        /// The location, without secrets.
        location: String,
        /// The option's name.
        option: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store keeps another application's events.
    #[error("{location} keeps the events of {found}, not of an application with key {wanted}")]
    OtherApplication {
        /// The location, without secrets.
        location: String,
        /// Whose events it keeps.
        found: Identity,
        /// The key that was asked for.
        wanted: String,
    },
}

impl AnyStoreError {
    pub(super) fn into_error(self) -> Error {
        Error::backend("open", false, self)
    }
}

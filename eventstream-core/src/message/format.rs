use super::{Codec, Message};

/// A format that every [`Message`] can have: what serde knows to write it in.
///
/// There are those that are features of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `application/json`.
    #[cfg(feature = "json")]
    Json,
    /// `application/cbor`.
    #[cfg(feature = "cbor")]
    Cbor,
}

impl Format {
    pub(super) fn codec<M: Message>(self) -> Codec<M> {
        match self {
            #[cfg(feature = "json")]
            Self::Json => Codec::json(),
            #[cfg(feature = "cbor")]
            Self::Cbor => Codec::cbor(),
        }
    }
}

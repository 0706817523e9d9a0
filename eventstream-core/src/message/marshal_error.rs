use crate::{BoxError, Error};

/// Why a message could not be marshalled, unmarshalled, transcoded or packed.
///
/// The text says what is wrong, but never repeats what [`source`](std::error::Error::source)
/// returns: print the whole chain to see all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarshalError {
    /// An event is of another type than the message that it was to become.
    #[error("the event is of type {actual:?}, and can't be unmarshalled as {expected:?}")]
    WrongType {
        /// The type of the message.
        expected: &'static str,
        /// The type of the event.
        actual: String,
    },

    /// The parameter `type` of a media type names another type than that of the event.
    #[error(
        "the media type {media_type:?} is one of {parameter:?}, but the event type is \
         {event_type:?}: its parameter \"type\" has to say so or be left out"
    )]
    WrongTypeParameter {
        /// The type of the message or the event.
        event_type: String,
        /// The media type, with its parameters.
        media_type: String,
        /// What the parameter says.
        parameter: String,
    },

    /// A media type breaks the grammar of media types (RFC 6838 and 9110).
    #[error("{media_type:?} is no media type that {event_type:?} could have: {problem}")]
    InvalidMediaType {
        /// The type of the message or the event.
        event_type: String,
        /// What was given for a media type.
        media_type: String,
        /// What is wrong with it.
        problem: String,
    },

    /// There is no codec of the media type for the message.
    #[error(
        "{event_type:?} has no codec for {media_type:?}, but for {}: give its type another with \
         `Marshaler::message_with`, or the marshaler another format",
        list(supported)
    )]
    UnsupportedMediaType {
        /// The type of the message.
        event_type: String,
        /// The media type that was asked for, or that the event has.
        media_type: String,
        /// The media types that could be had.
        supported: Vec<String>,
    },

    /// None of the media types that were asked for can be had.
    #[error(
        "{event_type:?} is {media_type:?} and can become {}, but was asked for as {}",
        list(supported),
        list(wanted)
    )]
    NotProducible {
        /// The type of the event.
        event_type: String,
        /// The media type that the event has.
        media_type: String,
        /// The media types that were asked for.
        wanted: Vec<String>,
        /// The media types that could be had.
        supported: Vec<String>,
    },

    /// An event is to be transcoded, and no message is known by the name of its type.
    #[error(
        "{event_type:?} is {media_type:?} and was asked for as {}, and no message of this type is \
         known: register it with `Marshaler::message`",
        list(wanted)
    )]
    Unregistered {
        /// The type of the event.
        event_type: String,
        /// The media type that the event has.
        media_type: String,
        /// The media types that were asked for.
        wanted: Vec<String>,
    },

    /// The marshaler has no format, and the message no codec of its own.
    #[error(
        "there is no codec for {event_type:?}: give the marshaler a format, or the type a codec \
         with `Marshaler::message_with`"
    )]
    NoCodec {
        /// The type of the message.
        event_type: String,
    },

    /// A payload can't be decoded: it is damaged, or of another version of the message.
    #[error("{event_type:?} can't be decoded from {media_type:?}")]
    Undecodable {
        /// The type of the message.
        event_type: String,
        /// The media type of the payload.
        media_type: String,
        /// What the codec says.
        #[source]
        source: BoxError,
    },

    /// A message has a value that can't be encoded.
    #[error("{event_type:?} can't be encoded as {media_type:?}")]
    Unencodable {
        /// The type of the message.
        event_type: String,
        /// The media type that it was to have.
        media_type: String,
        /// What the codec says.
        #[source]
        source: BoxError,
    },

    /// The message is marshalled, but its envelope breaks a rule.
    #[error("{event_type:?} can't be sealed into a parcel")]
    Seal {
        /// The type of the message or the event.
        event_type: String,
        /// The rule.
        #[source]
        source: Error,
    },
}

impl MarshalError {
    /// What becomes of an error when an envelope is sealed.
    pub(super) fn seal(event_type: &str) -> impl FnOnce(Error) -> Self {
        move |source| Self::Seal { event_type: event_type.to_owned(), source }
    }
}

fn list(media_types: &[String]) -> String {
    if media_types.is_empty() { "nothing".to_owned() } else { media_types.join(", ") }
}

use bytes::Bytes;

/// A marshalled message: bytes, and what they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payload {
    /// The MIME type of `data`, which may carry parameters.
    pub media_type: String,
    /// The encoded message.
    pub data: Bytes,
}

impl Payload {
    /// Puts a media type to bytes.
    pub fn new(media_type: impl Into<String>, data: impl Into<Bytes>) -> Self {
        Self { media_type: media_type.into(), data: data.into() }
    }
}

use std::sync::Arc;

use super::{
    Codec, MarshalError, Message, Payload,
    codec::parse,
    media_type::{Fit, Parsed, with_type},
};

/// The codecs of a type, in order of preference. Cheap to clone.
pub(super) struct Codecs<M>(Arc<[Codec<M>]>);

impl<M: Message> Codecs<M> {
    pub(super) fn new(codecs: impl IntoIterator<Item = Codec<M>>) -> Self {
        Self(codecs.into_iter().collect())
    }

    pub(super) fn marshal(&self, message: &M, typed: bool) -> Result<Payload, MarshalError> {
        let Some(codec) = self.0.first() else {
            return Err(MarshalError::NoCodec { event_type: M::TYPE.to_owned() });
        };
        let media_type = named::<M>(codec, typed);
        let data = codec.encode(message, &media_type)?;
        Ok(Payload::new(media_type, data))
    }

    pub(super) fn marshal_as(
        &self,
        message: &M,
        media_type: &str,
    ) -> Result<Payload, MarshalError> {
        let data = self.find(media_type)?.encode(message, media_type)?;
        Ok(Payload::new(media_type, data))
    }

    pub(super) fn unmarshal(&self, media_type: &str, data: &[u8]) -> Result<M, MarshalError> {
        self.find(media_type)?.decode(data, media_type)
    }

    fn find(&self, media_type: &str) -> Result<&Codec<M>, MarshalError> {
        // As most events have it.
        if let Some(codec) = self.0.iter().find(|codec| codec.media_type() == media_type) {
            return Ok(codec);
        }
        let asked = parse(M::TYPE, media_type)?;
        if self.0.is_empty() {
            return Err(MarshalError::NoCodec { event_type: M::TYPE.to_owned() });
        }
        self.best(&asked).ok_or_else(|| MarshalError::UnsupportedMediaType {
            event_type: M::TYPE.to_owned(),
            media_type: media_type.to_owned(),
            supported: self.media_types(false),
        })
    }

    /// The codec that fits best, and of those the first.
    fn best(&self, asked: &Parsed<'_>) -> Option<&Codec<M>> {
        let mut best: Option<(Fit, &Codec<M>)> = None;
        for codec in self.0.iter() {
            for name in codec.names() {
                let fit = Parsed::parse(name).ok().and_then(|name| asked.fit(&name));
                if let Some(fit) = fit.filter(|fit| best.is_none_or(|(found, _)| *fit > found)) {
                    best = Some((fit, codec));
                }
            }
        }
        best.map(|(_, codec)| codec)
    }
}

fn named<M: Message>(codec: &Codec<M>, typed: bool) -> String {
    if typed {
        with_type(codec.media_type(), M::TYPE).into_owned()
    } else {
        codec.media_type().to_owned()
    }
}

impl<M> Clone for Codecs<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Codecs of a type that is not known when the program is built: what is done by name.
pub(super) trait AnyCodecs: Send + Sync {
    /// What can be had, in order of preference.
    fn media_types(&self, typed: bool) -> Vec<String>;

    fn can_become(&self, wanted: &Parsed<'_>) -> bool;

    /// Decodes, and encodes again.
    fn transcode(
        &self,
        media_type: &str,
        data: &[u8],
        wanted: &str,
    ) -> Result<Payload, MarshalError>;
}

impl<M: Message> AnyCodecs for Codecs<M> {
    fn media_types(&self, typed: bool) -> Vec<String> {
        self.0.iter().map(|codec| named(codec, typed)).collect()
    }

    fn can_become(&self, wanted: &Parsed<'_>) -> bool {
        self.best(wanted).is_some()
    }

    fn transcode(
        &self,
        media_type: &str,
        data: &[u8],
        wanted: &str,
    ) -> Result<Payload, MarshalError> {
        self.marshal_as(&self.unmarshal(media_type, data)?, wanted)
    }
}

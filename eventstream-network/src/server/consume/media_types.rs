use std::collections::HashMap;

use eventstream_core::{Event, MarshalError};

use crate::{
    grpc::{Code, Status},
    server::{Hosted, dialect::Dialect},
};

/// The media types that a client asks for, in order of preference.
pub(in crate::server) enum MediaTypes {
    /// Whatever events are stored in.
    AsStored,
    ForAll(Vec<String>),
    /// Those types for which none is asked for come as they are stored.
    ByType(HashMap<String, Vec<String>>),
}

impl MediaTypes {
    pub(in crate::server) fn as_stored() -> Self {
        Self::AsStored
    }

    pub(in crate::server) fn for_all(media_types: Vec<String>) -> Self {
        if media_types.is_empty() { Self::AsStored } else { Self::ForAll(media_types) }
    }

    pub(in crate::server) fn by_type(media_types: HashMap<String, Vec<String>>) -> Self {
        let none = media_types.values().all(Vec::is_empty);
        if none { Self::AsStored } else { Self::ByType(media_types) }
    }

    fn wanted(&self, event_type: &str) -> &[String] {
        match self {
            Self::AsStored => &[],
            Self::ForAll(wanted) => wanted,
            Self::ByType(wanted) => wanted.get(event_type).map_or(&[], Vec::as_slice),
        }
    }

    /// Gives an event the media type that it is asked for in.
    pub(super) fn transcode(
        &self,
        event: &mut Event,
        host: &Hosted,
        dialect: Dialect,
    ) -> Result<(), Status> {
        if matches!(self, Self::AsStored) {
            return Ok(());
        }
        let parcel = &event.parcel;
        let wanted = self.wanted(parcel.event_type());
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == parcel.media_type()) {
            return Ok(());
        }
        match host.marshaler_ref().transcode(parcel, wanted) {
            Ok(parcel) => {
                event.parcel = parcel;
                Ok(())
            }
            Err(
                MarshalError::NotProducible { .. }
                | MarshalError::Unregistered { .. }
                | MarshalError::InvalidMediaType { .. },
            ) => Err(dialect.unsupported_media_types(&[parcel.event_type()])),
            Err(error) => {
                let source = &error as &dyn std::error::Error;
                tracing::warn!(offset = event.offset, error = source, "can't transcode an event");
                let text =
                    format!("the event at offset {} can't be transcoded: {error}", event.offset);
                Err(Status::new(Code::Internal, text))
            }
        }
    }
}

use std::collections::HashMap;

use eventstream_core::{Event, MarshalError};

use crate::{
    grpc::{Code, Status},
    server::{Hosted, dialect::Dialect},
};

/// More of them are not asked for by anybody who wants one of them: each event is compared with all.
const MOST: usize = 64;

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

    pub(in crate::server) fn for_all(media_types: Vec<String>) -> Result<Self, Status> {
        check(&media_types)?;
        Ok(if media_types.is_empty() { Self::AsStored } else { Self::ForAll(media_types) })
    }

    pub(in crate::server) fn by_type(
        media_types: HashMap<String, Vec<String>>,
    ) -> Result<Self, Status> {
        media_types.values().try_for_each(|media_types| check(media_types))?;
        let none = media_types.values().all(Vec::is_empty);
        Ok(if none { Self::AsStored } else { Self::ByType(media_types) })
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

fn check(media_types: &[String]) -> Result<(), Status> {
    match media_types.len() {
        0..=MOST => Ok(()),
        len => Err(Status::invalid(format!(
            "{len} media types are asked for where {MOST} may be: name those that are preferred"
        ))),
    }
}

use eventstream_core::EventTypes;

use crate::{
    grpc::{Code, Status},
    proto::{
        dogma::{interop::v1::eventstream as a, messaging::v1 as b},
        eventstream::v1 as ours,
    },
};

/// In which protocol a call is: they have the same errors, but details of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Ours,
    A,
    B,
}

impl Dialect {
    pub(super) fn unrecognized_application(self, key: &str) -> Status {
        let status = Status::new(Code::NotFound, format!("no application {key} is served here"));
        let application_key = key.to_owned();
        match self {
            Self::Ours => status.with(&ours::UnrecognizedApplication { application_key }),
            Self::A => status.with(&a::UnrecognizedApplication { application_key }),
            Self::B => status.with(&b::UnrecognizedApplication { application_key }),
        }
    }

    pub(super) fn unsupported_event_types(self, types: &EventTypes) -> Status {
        let text = format!("the application does not record these event types: {types}");
        let status = Status::invalid(text);
        let names = types.names().unwrap_or_default().iter().map(|name| name.as_str().to_owned());
        match self {
            Self::Ours => {
                status.with(&ours::UnsupportedEventTypes { portable_names: names.collect() })
            }
            Self::A => status
                .with_all(names.map(|portable_name| a::UnrecognizedEventType { portable_name })),
            Self::B => status.with_all(names.map(|name| b::UnrecognizedMessage { name })),
        }
    }

    /// Adds a type of event that can't be had in any of the media types asked for.
    pub(super) fn unsupported_media_types(self, event_types: &[&str]) -> Status {
        let text = "none of the media types asked for can be had of these event types: ";
        let status = Status::invalid(text.to_owned() + &event_types.join(", "));
        let names = event_types.iter().map(|name| (*name).to_owned());
        match self {
            Self::A => status
                .with_all(names.map(|portable_name| a::NoRecognizedMediaTypes { portable_name })),
            Self::Ours | Self::B => status
                .with_all(names.map(|portable_name| ours::UnsupportedMediaTypes { portable_name })),
        }
    }
}

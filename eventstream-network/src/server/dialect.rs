use eventstream_core::EventTypes;

use crate::{
    grpc::{Code, MAX_DETAILS, Status, shortened},
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
        let application_key = shortened(key).to_owned();
        match self {
            Self::Ours => status.with(&ours::UnrecognizedApplication { application_key }),
            Self::A => status.with(&a::UnrecognizedApplication { application_key }),
            Self::B => status.with(&b::UnrecognizedApplication { application_key }),
        }
    }

    pub(super) fn unsupported_event_types(self, types: &EventTypes) -> Status {
        let text = format!("the application does not record these event types: {types}");
        let status = Status::invalid(text);
        let names = types.names().unwrap_or_default().iter();
        let names = names.map(|name| shortened(name.as_str()).to_owned());
        match self {
            Self::Ours => {
                let portable_names = fitting(names);
                status.with(&ours::UnsupportedEventTypes { portable_names })
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
        let names = event_types.iter().map(|name| shortened(name).to_owned());
        match self {
            Self::A => status
                .with_all(names.map(|portable_name| a::NoRecognizedMediaTypes { portable_name })),
            Self::Ours | Self::B => status
                .with_all(names.map(|portable_name| ours::UnsupportedMediaTypes { portable_name })),
        }
    }
}

/// As many texts as there is room for in one detail.
fn fitting(texts: impl Iterator<Item = String>) -> Vec<String> {
    // The name of the detail's type takes some, and the length of each text does.
    let mut room = MAX_DETAILS - 128;
    texts
        .take_while(|text| {
            let left = room.checked_sub(text.len() + 4);
            room = left.unwrap_or(0);
            left.is_some()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_and_long_the_types_are_some_are_named() {
        let long = "x".repeat(100_000);
        for types in [
            (0..10_000).map(|number| format!("type-{number}")).collect::<EventTypes>(),
            EventTypes::from(long.as_str()),
        ] {
            let names = Dialect::Ours.unsupported_event_types(&types);
            let names = names.detail::<ours::UnsupportedEventTypes>().unwrap().portable_names;
            assert!(!names.is_empty());
            let a = Dialect::A.unsupported_event_types(&types);
            assert!(a.detail::<a::UnrecognizedEventType>().is_some());
            let b = Dialect::B.unsupported_event_types(&types);
            assert!(b.detail::<b::UnrecognizedMessage>().is_some());
        }
    }
}

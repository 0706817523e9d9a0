use std::fmt;

use eventstream_core::{EventTypes, Parcel};

/// What a query asks for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Types(EventTypes),
    /// The events of an instance of the handler with this key.
    Source {
        handler_key: String,
        instance_id: String,
    },
}

impl Wanted {
    pub(crate) fn source(handler_key: &str, instance_id: &str) -> Self {
        Self::Source { handler_key: handler_key.to_owned(), instance_id: instance_id.to_owned() }
    }

    pub(crate) fn matches(&self, parcel: &Parcel) -> bool {
        match self {
            Self::Types(types) => types.contains(parcel.event_type()),
            Self::Source { handler_key, instance_id } => {
                parcel.source_handler().is_some_and(|handler| handler.key == handler_key)
                    && parcel.source_instance_id() == instance_id
            }
        }
    }
}

impl<T: Into<EventTypes>> From<T> for Wanted {
    fn from(types: T) -> Self {
        Self::Types(types.into())
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Types(types) => types.fmt(f),
            Self::Source { handler_key, instance_id } => {
                write!(f, "instance {instance_id:?} of handler {handler_key:?}")
            }
        }
    }
}

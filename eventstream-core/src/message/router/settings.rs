use std::error::Error as StdError;

use super::Reaction;
use crate::{BoxError, Event, HandlerError, MarshalError};

/// What a router does about events that it can't handle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) unknown: Reaction,
    pub(super) undecodable: Reaction,
    /// `None`: as the function says.
    pub(super) failure: Option<Reaction>,
}

impl Settings {
    pub(super) const DEFAULT: Self =
        Self { unknown: Reaction::Ignore, undecodable: Reaction::Reject, failure: None };

    pub(super) fn unknown(self, event: &Event) -> Result<(), HandlerError> {
        // It may be so for most events: nothing is made of it that is not needed.
        if self.unknown == Reaction::Ignore {
            tracing::debug!(
                offset = event.offset,
                event_type = event.parcel.event_type(),
                "ignoring an event of an unknown type"
            );
            return Ok(());
        }
        let event_type = event.parcel.event_type();
        let error = format!("no function is registered for events of type {event_type:?}");
        refuse(self.unknown, error.into())
    }

    pub(super) fn undecodable(
        self,
        event: &Event,
        error: MarshalError,
    ) -> Result<(), HandlerError> {
        if self.undecodable == Reaction::Ignore {
            warn(event, &error, "ignoring an event that can't be decoded");
        }
        refuse(self.undecodable, error.into())
    }

    pub(super) fn failed(self, event: &Event, error: HandlerError) -> Result<(), HandlerError> {
        let Some(reaction) = self.failure else {
            return Err(error);
        };
        let error = match error {
            // Not a failure, but between the handler and its consumer.
            HandlerError::Conflict => return Err(error),
            HandlerError::Retry(error) | HandlerError::Reject(error) => error,
        };
        if reaction == Reaction::Ignore {
            warn(event, error.as_ref(), "ignoring an event that could not be handled");
        }
        refuse(reaction, error)
    }
}

fn refuse(reaction: Reaction, error: BoxError) -> Result<(), HandlerError> {
    match reaction {
        Reaction::Ignore => Ok(()),
        Reaction::Retry => Err(HandlerError::Retry(error)),
        Reaction::Reject => Err(HandlerError::Reject(error)),
    }
}

fn warn(event: &Event, error: &(dyn StdError + 'static), message: &'static str) {
    let (offset, event_type) = (event.offset, event.parcel.event_type());
    tracing::warn!(offset, event_type, error, "{message}");
}

use crate::{Event, Identity};

/// Why an event should not have been delivered.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadEvent {
    #[error("the event has offset {offset}, but {expected} or more was expected")]
    WentBack { offset: u64, expected: u64 },
    #[error("the event has offset {}, after which none can be named", u64::MAX)]
    NoNextOffset,
    #[error("the event at offset {offset} was recorded by {recorded_by}, and not by {application}")]
    OtherApplication { offset: u64, recorded_by: String, application: String },
}

/// Checks an event; returns the least offset that the next one may have.
pub(super) fn check(event: &Event, expected: u64, application: &Identity) -> Result<u64, BadEvent> {
    let offset = event.offset;
    if offset < expected {
        return Err(BadEvent::WentBack { offset, expected });
    }
    if !event.parcel.is_from(application) {
        return Err(BadEvent::OtherApplication {
            offset,
            recorded_by: event.parcel.source_application().to_string(),
            application: application.to_string(),
        });
    }
    offset.checked_add(1).ok_or(BadEvent::NoNextOffset)
}

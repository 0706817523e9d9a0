use tracing::{Span, debug_span, info_span};

use super::SYSTEM;
#[cfg(feature = "opentelemetry")]
use super::link::link;
use crate::{Event, Identity};

/// The span of a consumer, as long as it runs.
pub(in super::super) fn consumer_span(application: &Identity, name: Option<&str>) -> Span {
    info_span!(
        "consumer",
        application.name = application.name,
        application.key = application.key,
        messaging.system = SYSTEM,
        messaging.destination.name = application.name,
        messaging.consumer.group.name = name,
    )
}

/// The span of an event that the handler has in hand.
pub(in super::super) fn event_span(event: &Event, replayed: bool) -> Span {
    let span = debug_span!(
        "handle_event",
        otel.kind = "consumer",
        messaging.operation.type = "process",
        messaging.operation.name = "process",
        messaging.message.id = event.parcel.message_id(),
        message_id = event.parcel.message_id(),
        event_type = event.parcel.event_type(),
        offset = event.offset,
        replayed,
        traceparent = event.parcel.attribute("traceparent"),
    );
    #[cfg(feature = "opentelemetry")]
    if !span.is_disabled() {
        link(&span, &event.parcel);
    }
    span
}

/// The span of a batch that the handler has in hand.
pub(in super::super) fn batch_span(offset: u64, events: &[Event]) -> Span {
    let span = debug_span!(
        "handle_batch",
        otel.kind = "consumer",
        messaging.operation.type = "process",
        messaging.operation.name = "process",
        messaging.batch.message_count = events.len(),
        offset,
        events = events.len(),
    );
    #[cfg(feature = "opentelemetry")]
    if !span.is_disabled() {
        for event in events {
            link(&span, &event.parcel);
        }
    }
    span
}

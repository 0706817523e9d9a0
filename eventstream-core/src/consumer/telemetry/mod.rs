//! What a consumer tells of itself, by spans and metrics.

#[cfg(feature = "opentelemetry")]
mod link;
#[cfg(feature = "metrics")]
mod meters;
#[cfg(not(feature = "metrics"))]
#[path = "no_meters.rs"]
mod meters;
mod spans;

pub(super) use meters::Meters;
pub(super) use spans::{batch_span, consumer_span, event_span};

/// What the conventions of OpenTelemetry call the messaging system.
const SYSTEM: &str = "eventstream";

use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, Label, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram,
};

use super::{
    super::{failure_count::Origin, settings::Settings},
    SYSTEM,
};
use crate::{Identity, Status};

const CONSUMED: &str = "messaging.client.consumed.messages";
const DURATION: &str = "messaging.process.duration";
const LAG_EVENTS: &str = "eventstream.consumer.lag.events";
const LAG_SECONDS: &str = "eventstream.consumer.lag.seconds";
const PARKED: &str = "eventstream.consumer.parked";
const FAILURES: &str = "eventstream.consumer.failures";

/// The metrics of a consumer, if it is to be measured. They are looked up once: an event costs no
/// look-up.
pub(in super::super) struct Meters(Option<Instruments>);

struct Instruments {
    handled: Outcome,
    failed: Outcome,
    stream_failures: Counter,
    handler_failures: Counter,
    lag_events: Gauge,
    lag_seconds: Gauge,
    parked: Gauge,
}

struct Outcome {
    events: Counter,
    duration: Histogram,
}

impl Meters {
    pub(in super::super) fn new(application: &Identity, settings: &Settings) -> Self {
        Self(settings.measured.then(|| Instruments::new(application, settings.name.as_deref())))
    }

    /// The handler has given back so many events, after so long.
    pub(in super::super) fn processed(
        &self,
        events: usize,
        after: impl FnOnce() -> Duration,
        handled: bool,
    ) {
        if let Some(instruments) = &self.0 {
            instruments.processed(events, after(), handled);
        }
    }

    pub(in super::super) fn failed(&self, origin: Origin) {
        match (&self.0, origin) {
            (Some(instruments), Origin::Stream) => instruments.stream_failures.increment(1),
            (Some(instruments), Origin::Handler) => instruments.handler_failures.increment(1),
            (None, _) => {}
        }
    }

    pub(in super::super) fn observe(&self, status: impl FnOnce() -> Status) {
        if let Some(instruments) = &self.0 {
            instruments.observe(&status());
        }
    }
}

impl Instruments {
    fn new(application: &Identity, consumer: Option<&str>) -> Self {
        describe();
        let mut labels = vec![
            Label::new("messaging.system", SYSTEM),
            Label::new("messaging.operation.name", "process"),
            Label::new("messaging.destination.name", application.name.clone()),
        ];
        if let Some(consumer) = consumer {
            labels.push(Label::new("messaging.consumer.group.name", consumer.to_owned()));
        }
        let with = |error: &'static str| {
            let mut labels = labels.clone();
            labels.push(Label::new("error.type", error));
            labels
        };
        let outcome = |labels: Vec<Label>| Outcome {
            events: counter!(CONSUMED, labels.clone()),
            duration: histogram!(DURATION, labels),
        };
        Self {
            handled: outcome(labels.clone()),
            failed: outcome(with("handler")),
            stream_failures: counter!(FAILURES, with("stream")),
            handler_failures: counter!(FAILURES, with("handler")),
            lag_events: gauge!(LAG_EVENTS, labels.clone()),
            lag_seconds: gauge!(LAG_SECONDS, labels.clone()),
            parked: gauge!(PARKED, labels),
        }
    }

    fn processed(&self, events: usize, after: Duration, handled: bool) {
        let outcome = if handled { &self.handled } else { &self.failed };
        outcome.events.increment(events as u64);
        outcome.duration.record(after);
    }

    // A gauge is a float: beyond 2⁵³ events it is not exact, and need not be.
    #[allow(clippy::cast_precision_loss)]
    fn observe(&self, status: &Status) {
        let unknown = f64::NAN;
        self.lag_events.set(status.lag_events.map_or(unknown, |events| events as f64));
        self.lag_seconds.set(status.lag.map_or(unknown, |lag| lag.as_secs_f64()));
        self.parked.set(status.parked as f64);
    }
}

fn describe() {
    describe_counter!(CONSUMED, Unit::Count, "Events that were handed to the handler");
    describe_histogram!(DURATION, Unit::Seconds, "How long the handler had an event or a batch");
    describe_gauge!(LAG_EVENTS, Unit::Count, "Events between the position and the stream's end");
    describe_gauge!(LAG_SECONDS, Unit::Seconds, "The age of the event handed on last, if behind");
    describe_gauge!(PARKED, Unit::Count, "Events that are parked");
    describe_counter!(FAILURES, Unit::Count, "Failures after which the consumer backed off");
}

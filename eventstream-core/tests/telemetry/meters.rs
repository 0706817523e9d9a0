use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::support::consume;

/// All metrics by their name and their type of error.
fn collected() -> BTreeMap<(String, Option<String>), DebugValue> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || consume(1).expect("it runs"));
    let mut collected = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: BTreeMap<&str, &str> =
            key.key().labels().map(|label| (label.key(), label.value())).collect();
        assert_eq!(labels["messaging.system"], "eventstream");
        assert_eq!(labels["messaging.destination.name"], "shop");
        assert_eq!(labels["messaging.consumer.group.name"], "billing");
        let known = [
            "messaging.system",
            "messaging.operation.name",
            "messaging.destination.name",
            "messaging.consumer.group.name",
            "error.type",
        ];
        for (label, value) in &labels {
            assert!(known.contains(label), "{label} is a label, and may take many values");
            assert!(!value.contains("4711"), "an instance's id is a label: {label}={value}");
        }
        let error = labels.get("error.type").map(|error| (*error).to_owned());
        collected.insert((key.key().name().to_owned(), error), value);
    }
    collected
}

#[test]
fn what_was_consumed_and_what_failed_is_counted() {
    let collected = collected();
    let counter = |name: &str, error: Option<&str>| match &collected
        [&(name.to_owned(), error.map(ToOwned::to_owned))]
    {
        DebugValue::Counter(count) => *count,
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(counter("messaging.client.consumed.messages", None), 3);
    assert_eq!(counter("messaging.client.consumed.messages", Some("handler")), 1);
    assert_eq!(counter("eventstream.consumer.failures", Some("handler")), 1);
    assert_eq!(counter("eventstream.consumer.failures", Some("stream")), 0);
}

#[test]
fn how_long_the_handler_took_and_how_far_behind_it_is_is_measured() {
    let collected = collected();
    match &collected[&("messaging.process.duration".to_owned(), None)] {
        DebugValue::Histogram(durations) => assert_eq!(durations.len(), 3),
        other => panic!("{other:?}"),
    }
    for name in ["lag.events", "lag.seconds", "parked"] {
        let value = &collected[&(format!("eventstream.consumer.{name}"), None)];
        assert!(matches!(value, DebugValue::Gauge(_)), "{name} is {value:?}");
    }
}

use std::{collections::HashMap, hash::Hash};

use crate::Event;

/// Numbers the partitions of a batch, from 0: one number for each event. Keys are compared, not just
/// hashed: events of different keys never wait for each other.
pub(super) type Partitions = Box<dyn Fn(&[Event]) -> Vec<usize> + Send>;

/// Those of the instances that recorded the events. What no handler recorded is one of its own.
pub(super) fn by_instance() -> Partitions {
    Box::new(|events| {
        number(events, |event| {
            let handler = event.parcel.source_handler()?;
            Some((handler.key, event.parcel.source_instance_id()))
        })
    })
}

/// Those of a key.
pub(super) fn by_key<K: Eq + Hash>(key: impl Fn(&Event) -> K + Send + 'static) -> Partitions {
    Box::new(move |events| number(events, &key))
}

fn number<'a, K: Eq + Hash>(events: &'a [Event], key: impl Fn(&'a Event) -> K) -> Vec<usize> {
    let mut numbers = HashMap::new();
    let number = |event| {
        let next = numbers.len();
        *numbers.entry(key(event)).or_insert(next)
    };
    events.iter().map(number).collect()
}

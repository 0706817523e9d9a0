use eventstream_core::{Consumer, Cursor, Event, EventTypes, Handler, HandlerError, Identity};
use eventstream_memory::MemoryStream;
use tokio_util::sync::CancellationToken;

use crate::{
    measure::{Candidates, timed},
    workload::{application, parcels},
};

const EVENTS: u64 = 1_000_000;

/// Does nothing with events until it has had all.
struct Nothing(CancellationToken);

impl Handler for Nothing {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(0)
    }

    async fn handle_event(&mut self, _offset: u64, event: Event) -> Result<(), HandlerError> {
        if event.offset + 1 == EVENTS {
            self.0.cancel();
        }
        Ok(())
    }

    async fn handle_batch(&mut self, _: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        if events.last().is_some_and(|event| event.offset + 1 == EVENTS) {
            self.0.cancel();
        }
        Ok(())
    }
}

pub fn overhead() {
    let stream = MemoryStream::builder(application()).buffer_size(EVENTS as usize).build();
    for first in (0..EVENTS).step_by(1_000) {
        stream.append(parcels(first, 1_000, 128)).expect("append");
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let nanos = |rate: f64| 1e9 / rate;
    let consume = |batch: usize, watched: bool| {
        let token = CancellationToken::new();
        let handler = Nothing(token.clone());
        let consumer = Consumer::new(stream.clone(), EventTypes::any(), handler).batch(batch);
        // Watched or not, it costs the same but for its heartbeat.
        let handle = watched.then(|| consumer.handle());
        let nanos = nanos(timed(EVENTS, || {
            runtime.block_on(consumer.run(token)).expect("run");
        }));
        drop(handle);
        nanos
    };
    Candidates::new("ns/event (less is better)")
        .add("a bare cursor, next", || {
            let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
            nanos(timed(EVENTS, || {
                runtime.block_on(async {
                    for _ in 0..EVENTS {
                        std::hint::black_box(cursor.next().await.expect("next"));
                    }
                });
            }))
        })
        .add("Consumer", || consume(1, false))
        .add("Consumer, watched", || consume(1, true))
        .add("Consumer, batches of 100", || consume(100, false))
        .run();
}

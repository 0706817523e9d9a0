use std::time::Duration;

use eventstream_core::{
    Cursor, Error, Event, EventQuery, EventRepository, EventStream, EventTypes, Result,
};
use eventstream_persisted::{JetStreamError, JetStreamStore};
use tokio::time::timeout;

/// For what hangs, not for what is slow.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// All events of some types from an offset on.
pub(crate) async fn read(
    store: &JetStreamStore,
    types: EventTypes,
    offset: u64,
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    let mut query = store.load_by_type(types, offset).await?;
    while timeout(LONG, query.next_batch(&mut events, 1_000)).await.unwrap()? > 0 {}
    Ok(events)
}

pub(crate) fn offsets(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.offset).collect()
}

/// Follows a store until it has read so many events, through errors that may go away.
pub(crate) async fn follow(store: JetStreamStore, count: usize) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    while events.len() < count {
        let from = events.last().map_or(0, |event| event.offset + 1);
        let stream = store.stream(EventTypes::any());
        let mut cursor = match timeout(LONG, stream.open(from, EventTypes::any())).await.unwrap() {
            Ok(cursor) => cursor,
            Err(error) if error.is_retryable() => continue,
            Err(error) => panic!("{error:?}"),
        };
        while events.len() < count {
            let left = count - events.len();
            let next = timeout(LONG, cursor.next_batch(&mut events, left)).await;
            match next.expect("the next events come") {
                Ok(_) => {}
                Err(error) if error.is_retryable() => break,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    events
}

/// What the store says is wrong.
pub(crate) fn problem<T>(result: Result<T>) -> JetStreamError {
    match result {
        Err(Error::Backend { source, .. }) => {
            source.downcast_ref::<JetStreamError>().expect("an error of the store").clone()
        }
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it should have failed"),
    }
}

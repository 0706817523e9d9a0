//! Reading from a cursor: one event, or a batch.

use std::pin::pin;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{failure::Stop, wait};
use crate::{Cursor, Event, Result};

/// Reads one event, or a batch.
pub(super) async fn pull<C: Cursor>(
    cursor: &mut C,
    events: &mut Vec<Event>,
    max: usize,
) -> Result<()> {
    if max > 1 {
        cursor.next_batch(events, max).await?;
    } else {
        events.push(cursor.next().await?);
    }
    Ok(())
}

/// Reads on until the batch is full, or has waited long enough. What there is by then is the batch:
/// an error is left for the next read, which will find it again.
pub(super) async fn fill<C: Cursor>(
    cursor: &mut C,
    events: &mut Vec<Event>,
    max: usize,
    until: Instant,
    cancel: &CancellationToken,
) -> Result<(), Stop> {
    let mut late = pin!(sleep_until(until));
    while events.len() < max {
        let missing = max - events.len();
        let read = async {
            tokio::select! {
                biased;
                read = cursor.next_batch(events, missing) => read.is_ok(),
                () = &mut late => false,
            }
        };
        if !wait::or_cancelled(cancel, read).await? {
            break;
        }
    }
    Ok(())
}

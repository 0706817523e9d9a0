//! Reading from a cursor: one event, or a batch.

use std::{pin::pin, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{failure::Stop, status::Shared, wait};
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
/// an error is left for the next read, which will find it again. A pause is not kept waiting: it
/// leaves the batch to the next round.
pub(super) async fn fill<C: Cursor>(
    cursor: &mut C,
    events: &mut Vec<Event>,
    max: usize,
    linger: Duration,
    cancel: &CancellationToken,
    shared: &Shared,
) -> Result<(), Stop> {
    // A linger that is longer than time lasts takes as long as `sleep` can.
    let mut late = pin!(sleep(linger));
    while events.len() < max {
        let missing = max - events.len();
        // Registers before it asks, so that no pause is unheard.
        let mut attention = pin!(shared.attention());
        attention.as_mut().enable();
        if shared.wants().pause {
            return Err(Stop::Paused);
        }
        let read = async {
            tokio::select! {
                biased;
                read = cursor.next_batch(events, missing) => read.is_ok(),
                () = &mut late => false,
                () = attention => true,
            }
        };
        if !wait::or_cancelled(cancel, read).await? {
            break;
        }
    }
    Ok(())
}

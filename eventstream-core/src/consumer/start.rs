//! From a start position to an offset.

use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use crate::{Cursor, Error, Event, EventStream, EventTypes, Result, StartAt};

/// Events that are looked at at once.
const BATCH: usize = 1_000;
/// When to look at the position of a cursor that has nothing to deliver: what stands there may be
/// filtered out, of types that the stream does not declare. The time doubles with each look that
/// finds nothing, as a look drops the read: one that takes longer gets done after all.
const LOOK: Duration = Duration::from_millis(100);

/// Why a start position can't be found.
#[derive(Debug, thiserror::Error)]
#[error("the stream can't tell where it ends: begin at an offset, or at the oldest event")]
struct NoEnd;

pub(super) async fn resolve<S: EventStream>(stream: &S, at: StartAt) -> Result<u64> {
    match at {
        StartAt::Offset(offset) => Ok(offset),
        StartAt::Now => end(stream).await,
        StartAt::Oldest => oldest(stream).await,
        StartAt::Time(time) => recorded_since(stream, time).await,
    }
}

async fn end<S: EventStream>(stream: &S) -> Result<u64> {
    stream.end().await?.ok_or_else(|| Error::backend("asking for the end", false, NoEnd))
}

/// The offset of the oldest event; waits for the first one, if the stream can't tell that it is
/// empty.
async fn oldest<S: EventStream>(stream: &S) -> Result<u64> {
    let mut cursor = match stream.open(0, EventTypes::any()).await {
        Ok(cursor) => cursor,
        Err(Error::Truncated { oldest, .. }) => return Ok(oldest),
        Err(error) => return Err(error),
    };
    if stream.end().await? == Some(0) {
        return Ok(0);
    }
    let mut look = LOOK;
    loop {
        // A stream may say only now that its beginning is gone.
        return match timeout(look, cursor.next()).await {
            Ok(Ok(event)) => Ok(event.offset),
            Ok(Err(Error::Truncated { oldest, .. })) => Ok(oldest),
            Ok(Err(error)) => Err(error),
            Err(_) if cursor.position() > 0 => Ok(0),
            Err(_) => {
                look = look.saturating_mul(2);
                continue;
            }
        };
    }
}

async fn recorded_since<S: EventStream>(stream: &S, time: SystemTime) -> Result<u64> {
    let end = end(stream).await?;
    let mut cursor = stream.open(oldest(stream).await?, EventTypes::any()).await?;
    let mut events = Vec::new();
    let mut look = LOOK;
    while cursor.position() < end {
        let before = cursor.position();
        if let Ok(read) = timeout(look, cursor.next_batch(&mut events, BATCH)).await {
            read?;
        }
        look = if cursor.position() > before { LOOK } else { look.saturating_mul(2) };
        let recorded_since = |event: &Event| event.parcel.created_at() >= time;
        if let Some(event) = events.drain(..).find(recorded_since) {
            return Ok(event.offset);
        }
    }
    Ok(cursor.position())
}

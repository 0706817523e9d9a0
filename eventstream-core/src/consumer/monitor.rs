//! What goes on beside the consumer's loop, whatever that is doing.

use std::{convert::Infallible, time::Duration};

use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::{settings::Settings, status::Shared, telemetry::Meters};
use crate::{EventStream, Report, Result, parked::Policy};

/// So long it may take to answer, however short the heartbeat is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks where the stream ends and what is parked, at each heartbeat and when it is told to.
pub(super) async fn watch<S: EventStream>(
    stream: &S,
    settings: &Settings,
    shared: &Shared,
    meters: &Meters,
) -> Infallible {
    let patience = settings.heartbeat.max(PATIENCE);
    let mut warned = false;
    loop {
        // As it was before the stream is asked: events may be appended, and handled, meanwhile.
        let position = shared.position();
        let end = match timeout(patience, stream.end()).await {
            Ok(Ok(end)) => Ok(end),
            Ok(Err(error)) => Err(Report(&error).to_string()),
            Err(_) => Err(format!("the stream has not said within {patience:?} where it ends")),
        };
        let past_end = match (&end, position) {
            (Ok(Some(end)), Some(position)) if position > *end => Some(*end),
            _ => None,
        };
        if let (Some(end), false) = (past_end, warned) {
            warn!(
                application = %stream.application(),
                position,
                end,
                "the consumer is past the end of the stream: it waits until that has come there"
            );
        }
        warned = past_end.is_some();
        shared.probed(end, past_end.is_some());
        // A store that hangs must not keep the rest from being told.
        match timeout(patience, look_at_parked(stream, settings, shared)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(error = %Report(&error), "can't look at the parked events"),
            Err(_) => debug!(?patience, "the store of parked events does not answer"),
        }
        meters.observe(|| shared.status());
        tokio::select! {
            () = sleep(settings.heartbeat) => {}
            () = shared.probe_wanted() => {}
        }
    }
}

/// Others park, replay and forget events, too: replicas, and people.
async fn look_at_parked<S: EventStream>(
    stream: &S,
    settings: &Settings,
    shared: &Shared,
) -> Result<()> {
    if let Policy::Park { store, .. } = &settings.poison.0 {
        let application = stream.application();
        shared.set_replay(store.next_replay(application).await?.is_some());
        shared.parked(store.count(application).await?);
    }
    Ok(())
}

//! What goes on beside the consumer's loop, whatever that is doing.

use std::convert::Infallible;

use tokio::time::{sleep, timeout};
use tracing::debug;

use super::{failure::Chain, settings::Settings, status::Shared, telemetry::Meters};
use crate::{EventStream, parked::Policy};

/// Looks where the stream ends and whether there are parked events to be replayed, at each
/// heartbeat and when it is told to.
pub(super) async fn watch<S: EventStream>(
    stream: &S,
    settings: &Settings,
    shared: &Shared,
    meters: &Meters,
) -> Infallible {
    loop {
        let end = match timeout(settings.heartbeat, stream.end()).await {
            Ok(Ok(end)) => Ok(end),
            Ok(Err(error)) => Err(Chain(&error).to_string()),
            Err(_) => Err(format!(
                "the stream has not said within {:?} where it ends",
                settings.heartbeat
            )),
        };
        shared.probed(end);
        if let Policy::Park { store, .. } = &settings.poison.0 {
            match store.next_replay(stream.application()).await {
                Ok(next) => shared.set_replay(next.is_some()),
                Err(error) => {
                    debug!(error = %Chain(&error), "can't look for parked events to be replayed");
                }
            }
        }
        meters.observe(|| shared.status());
        tokio::select! {
            () = sleep(settings.heartbeat) => {}
            () = shared.probe_wanted() => {}
        }
    }
}

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tracing::{debug, warn};

use super::watcher::Shared;
use crate::postgres::error::PostgresError;

/// Between two attempts to listen, at first.
const PAUSE: Duration = Duration::from_millis(100);

/// Has the database looked at when others have committed, on a connection of its own, from the time on
/// that somebody waits first.
pub(super) async fn listen(shared: Arc<Shared>, poll: Duration) {
    shared.first_waits.notified().await;
    let longest = poll.max(PAUSE);
    let mut pause = PAUSE;
    let mut was_told = false;
    loop {
        let charter = &shared.charter;
        match shared.pool.connector.listen(&charter.channel).await {
            Ok((_link, mut notified)) => {
                (pause, was_told) = (PAUSE, false);
                // What came while nobody listened was told to nobody.
                shared.ask();
                while notified.recv().await.is_some() {
                    shared.ask();
                }
                debug!(server = &*charter.schema.server, "the connection that listens was lost");
            }
            Err(error) => {
                if !was_told {
                    was_told = true;
                    say(&error);
                }
                if matches!(error, PostgresError::Failed { .. }) && !error.is_retryable() {
                    // A replica can't listen. Polling goes on.
                    return;
                }
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

fn say(error: &PostgresError) {
    warn!(
        error = error as &dyn std::error::Error,
        "can't listen for what others append: it is found by polling, which is slower"
    );
}

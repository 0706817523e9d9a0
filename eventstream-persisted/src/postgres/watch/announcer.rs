use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tracing::debug;

use super::look::Looker;

/// Between two notifications: those who were woken find what was committed since, too.
const PAUSE: Duration = Duration::from_millis(1);

/// Tells of commits: those who wait in this process, and then other processes.
///
/// Others are told after the commit, and not in its transaction: there a notification would have all
/// commits of the server's that have one wait for each other. One that gets lost, with this process,
/// is made up for by polling.
#[derive(Clone)]
pub(in crate::postgres) struct Announcer {
    looker: Looker,
    committed: Option<watch::Sender<u64>>,
}

impl Announcer {
    pub(super) fn start(looker: Looker, notifications: bool) -> (Self, Option<JoinHandle<()>>) {
        let (committed, task) = notifications
            .then(|| {
                let (committed, told) = watch::channel(0);
                (committed, tokio::spawn(notify(looker.clone(), told)))
            })
            .unzip();
        (Self { looker, committed }, task)
    }

    /// Events were committed, up to this next offset.
    pub(in crate::postgres) fn committed(&self, next: u64) {
        self.looker.known.send_if_modified(|known| {
            let is_new = next > known.bounds.next;
            known.bounds.next = known.bounds.next.max(next);
            is_new
        });
        if let Some(committed) = &self.committed {
            committed.send_replace(next);
        }
    }
}

/// Notifies others, of the last commit if there were several.
async fn notify(looker: Looker, mut committed: watch::Receiver<u64>) {
    // It says so little that it need not be synced.
    let sql = format!(
        "SET LOCAL synchronous_commit TO off; NOTIFY {}",
        crate::postgres::sql::quoted(&looker.charter.channel)
    );
    while committed.changed().await.is_ok() {
        let began = Instant::now();
        committed.borrow_and_update();
        let told = match looker.pool.lend().await {
            Ok(lease) => lease.batch("notify others", &sql).await,
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            debug!(
                error = &error as &dyn std::error::Error,
                "others were not told of a commit, and find it by polling"
            );
        }
        sleep_until(began + PAUSE).await;
    }
}

use std::{future::Future, process, time::Duration};

use tokio::time;
use tokio_util::sync::CancellationToken;

/// What is left to do after an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Something that is to be finished, however long it takes.
    Unfinished,
    /// Nothing, but perhaps a write to somebody who does not read.
    Nothing,
}

/// How long a write may hold up the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Begins to listen for interrupts (Ctrl-C, SIGTERM): the token is cancelled by the first. A second
/// one ends the program at once.
pub(crate) fn listen(work: Work) -> CancellationToken {
    let token = CancellationToken::new();
    let interrupted = token.clone();
    // Not in the task: from here on no interrupt is missed.
    let mut interrupts = Interrupts::new();
    tokio::spawn(async move {
        interrupts.next().await;
        interrupted.cancel();
        match work {
            Work::Unfinished => {
                interrupts.next().await;
                process::exit(1);
            }
            Work::Nothing => {
                let _ = time::timeout(PATIENCE, interrupts.next()).await;
                process::exit(0);
            }
        }
    });
    token
}

/// How long what is under way may take after an interrupt before it is given up.
const GRACE: Duration = Duration::from_secs(1);

/// Finishes what may be under way when an interrupt comes; `None` if it takes too long after it,
/// because it waits for a lock, or for a disk.
pub(crate) async fn finish<T>(
    interrupted: &CancellationToken,
    work: impl Future<Output = T>,
) -> Option<T> {
    let too_long = async {
        interrupted.cancelled().await;
        time::sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        result = work => Some(result),
        () = too_long => None,
    }
}

#[cfg(unix)]
struct Interrupts(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Interrupts {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        // What can't be listened to ends the program, as it would without us.
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self(kinds.into_iter().filter_map(|it| signal(it).ok()).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|cx| {
            for signal in &mut self.0 {
                if signal.poll_recv(cx).is_ready() {
                    return std::task::Poll::Ready(());
                }
            }
            std::task::Poll::Pending
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

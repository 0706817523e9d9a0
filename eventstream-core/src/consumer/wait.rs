//! Waiting that sees a cancellation.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::time::{Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    alarm::Alarm,
    failure::Stop,
    looks::Looks,
    status::{Shared, Wants},
};
use crate::{Finish, Result};

/// Waits for a future that may be dropped, but not past a cancellation, which wins if both are
/// there.
pub(super) async fn or_cancelled<T>(
    cancel: &CancellationToken,
    future: impl Future<Output = T>,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Stop::Finished(Finish::Cancelled)),
        output = future => Ok(output),
    }
}

/// Lets other tasks run, also where the consumer is not polled by tokio's own scheduler.
pub(super) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a future has to say at once.
pub(super) async fn poll_now<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// What came of a read that has to wait.
pub(super) enum Waited {
    Read(Result<()>),
    Cancelled,
    /// It is time to look at the cursor's position.
    Look,
    /// Somebody wants something else than that.
    Wanted(Wants),
}

/// Waits for a read that was polled before.
pub(super) async fn read(
    mut reading: Pin<&mut impl Future<Output = Result<()>>>,
    cancel: &CancellationToken,
    looks: &mut Looks,
    shared: &Shared,
    alarm: &Arc<Alarm>,
) -> Waited {
    let mut cancelled = pin!(cancel.cancelled());
    let mut attention = pin!(shared.attention());
    let mut timer = pin!(None::<Sleep>);
    let waker = Waker::from(alarm.clone());
    // Whatever woke an earlier read.
    alarm.reset();
    poll_fn(|cx| {
        if cancelled.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Waited::Cancelled);
        }
        let woken = alarm.has_rung(cx);
        if let Poll::Ready(result) = reading.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Poll::Ready(Waited::Read(result));
        }
        if woken {
            looks.woken();
        }
        // Registers before it asks, so that nothing is wanted unheard.
        while attention.as_mut().poll(cx).is_ready() {
            attention.set(shared.attention());
        }
        let wants = shared.wants();
        if wants.pause || wants.replay {
            return Poll::Ready(Waited::Wanted(wants));
        }
        let Some(due) = looks.due(wants) else {
            return Poll::Pending;
        };
        // It is another time once the read was woken, or somebody has begun to wait.
        if timer.as_ref().as_pin_ref().is_none_or(|timer| timer.deadline() != due) {
            timer.set(Some(sleep_until(due)));
        }
        match timer.as_mut().as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Waited::Look),
            _ => Poll::Pending,
        }
    })
    .await
}

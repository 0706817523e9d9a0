//! A future that is polled by hand, to stop it wherever it may be stopped.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// A call that is polled by hand. Dropping it drops the call.
///
/// Between two polls nothing looks at the future: what happens there has to wake it, or it is
/// not seen. An `.await` would look again at once, and hide a wake-up that is lost.
pub(crate) struct Hand<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    wakes: Arc<Wakes>,
}

/// Notes that it was woken.
struct Wakes {
    woken: AtomicBool,
    notify: Notify,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.notify.notify_one();
    }
}

impl<'a, T> Hand<'a, T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self {
            future: Box::pin(future),
            // So that the first poll need not be waited for.
            wakes: Arc::new(Wakes { woken: AtomicBool::new(true), notify: Notify::new() }),
        }
    }

    /// Polls once, woken or not.
    pub(crate) fn poll(&mut self) -> Option<T> {
        self.wakes.woken.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.wakes));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Whether there is reason for a poll: it was woken since the last one.
    pub(crate) fn is_woken(&self) -> bool {
        self.wakes.woken.load(Ordering::SeqCst)
    }

    /// Waits until there is reason for a poll: it was woken since the last one.
    pub(crate) async fn woken(&mut self) {
        while !self.is_woken() {
            self.wakes.notify.notified().await;
        }
    }

    /// Polls so many times at most, each time when it is woken.
    pub(crate) async fn polls(&mut self, count: usize) -> Option<T> {
        for _ in 0..count {
            self.woken().await;
            if let Some(output) = self.poll() {
                return Some(output);
            }
        }
        None
    }

    /// Polls whenever it is woken, to the end.
    pub(crate) async fn finish(&mut self) -> T {
        loop {
            self.woken().await;
            if let Some(output) = self.poll() {
                return output;
            }
        }
    }

    /// Polls whenever it is woken, for so long.
    pub(crate) async fn settle(&mut self, time: Duration) -> Option<T> {
        timeout(time, self.finish()).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::oneshot, task::yield_now};

    use super::*;

    #[tokio::test]
    async fn polls_are_counted_by_wake_ups() {
        async fn three_polls() -> u8 {
            yield_now().await;
            yield_now().await;
            7
        }
        assert_eq!(Hand::new(three_polls()).polls(2).await, None);
        assert_eq!(Hand::new(three_polls()).polls(3).await, Some(7));
        assert_eq!(Hand::new(three_polls()).finish().await, 7);
    }

    #[tokio::test]
    async fn what_is_not_woken_is_not_polled() {
        let (sender, receiver) = oneshot::channel::<u8>();
        let mut hand = Hand::new(receiver);
        assert!(hand.settle(Duration::from_millis(1)).await.is_none());
        sender.send(7).unwrap();
        hand.woken().await;
        assert_eq!(hand.poll(), Some(Ok(7)));
    }
}

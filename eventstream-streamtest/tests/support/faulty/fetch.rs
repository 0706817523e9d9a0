//! The faults of how a cursor waits for an event.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
};

use eventstream_core::{Cursor, Error, Event, Result};
use tokio::task::yield_now;

use super::{
    Fault,
    cursor::{FaultyCursor, now},
};

impl FaultyCursor {
    /// The next event of the inner cursor, with the faults of how it is waited for.
    pub(super) async fn fetch(&mut self) -> Result<Event> {
        let result = match self.fault {
            Some(Fault::FailsAtTheEnd) => now(self.inner.next())
                .unwrap_or_else(|| Err(Error::backend("read", false, "this is the end"))),
            Some(Fault::NeverWakes) => self.fetch_with_waits(|_| false).await,
            Some(Fault::LosesSomeWakeUps) => self.fetch_with_waits(|wait| wait % 20 != 0).await,
            Some(Fault::ListensTooLate) => loop {
                self.close.check()?;
                match self.log.find(self.inner.position(), &self.types) {
                    Ok(Ok(event)) => {
                        self.inner.jump_to(event.offset + 1);
                        break Ok(event);
                    }
                    Ok(Err(position)) => self.inner.jump_to(position),
                    Err(error) => break Err(error),
                }
                let listening = async {
                    self.log.appended().await;
                    Ok(())
                };
                self.close.guard(listening).await?;
            },
            Some(Fault::YieldsBeforeItListens) => loop {
                if let Some(result) = now(self.inner.next()) {
                    break result;
                }
                yield_now().await;
                let close = self.inner.close_handle();
                let appended = self.log.appended();
                close
                    .guard(async {
                        appended.await;
                        Ok(())
                    })
                    .await?;
            },
            Some(Fault::WakesOneCursor) => loop {
                if let Some(result) = now(self.inner.next()) {
                    break result;
                }
                let close = self.inner.close_handle();
                let shared = Arc::clone(&self.shared);
                close
                    .guard(async {
                        shared.one_waiter.notified().await;
                        Ok(())
                    })
                    .await?;
            },
            Some(Fault::CloseDoesNotWake) => {
                self.close.check()?;
                self.inner.next().await
            }
            Some(Fault::DeliversAfterClose) => match now(self.inner.next()) {
                Some(result) => result,
                None => self.close.clone().guard(self.inner.next()).await,
            },
            Some(Fault::ClosesForOneCall) => {
                if self.said_closed {
                    self.inner.next().await
                } else {
                    let result = self.close.clone().guard(self.inner.next()).await;
                    self.said_closed = matches!(result, Err(Error::CursorClosed));
                    result
                }
            }
            Some(Fault::BatchIgnoresClose | Fault::ClosesSiblings) => {
                self.close.clone().guard(self.inner.next()).await
            }
            Some(Fault::ClosesTwice) => {
                let closed = self.closed_by_any();
                tokio::select! {
                    biased;
                    () = closed => Err(Error::CursorClosed),
                    result = self.inner.next() => result,
                }
            }
            _ => self.inner.next().await,
        };
        match result {
            Err(Error::Truncated { oldest, .. }) if self.is(Fault::SkipsWhatIsTruncated) => {
                self.restart_at(oldest).await
            }
            Err(Error::Truncated { .. }) if self.is(Fault::WaitsWhenTruncated) => {
                let close = self.inner.close_handle();
                close.guard(pending()).await
            }
            result => result,
        }
    }

    /// Goes on where it was opened anew, which the reference cursor itself never does.
    async fn restart_at(&mut self, offset: u64) -> Result<Event> {
        self.inner.jump_to(offset);
        self.inner.next().await
    }

    /// Waits, but is woken only if its wait is one of those that are.
    async fn fetch_with_waits(&mut self, is_woken: impl Fn(usize) -> bool) -> Result<Event> {
        if let Some(result) = now(self.inner.next()) {
            return result;
        }
        let wait = self.shared.waits.fetch_add(1, Ordering::SeqCst) + 1;
        if is_woken(wait) {
            return self.inner.next().await;
        }
        let close = self.inner.close_handle();
        close.guard(pending()).await
    }

    /// Resolves when any of the handles is closed.
    fn closed_by_any(&self) -> impl Future<Output = ()> + Send + use<> {
        let handles = self.more_handles.lock().unwrap().clone();
        let mut waiting: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
        for handle in handles {
            waiting.push(Box::pin(async move { handle.closed().await }));
        }
        poll_fn(move |cx| {
            if waiting.iter_mut().any(|closed| closed.as_mut().poll(cx).is_ready()) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

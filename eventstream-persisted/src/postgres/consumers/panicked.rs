use std::{
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    pin::pin,
    task::Poll,
};

use crate::postgres::error::{PostgresError, Result};

/// Runs somebody else's code; a panic in it becomes an error. Whoever calls undoes what it did.
pub(super) async fn caught<T>(what: &'static str, work: impl Future<Output = T>) -> Result<T> {
    let mut work = pin!(work);
    let done =
        poll_fn(|cx| match panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(panic)),
        });
    done.await.map_err(|panic| {
        let message = (panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "it says nothing".to_owned());
        PostgresError::Panicked { what, message }
    })
}

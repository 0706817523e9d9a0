use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// What a future has to say at once. It is dropped, so it has to be cancel safe.
pub(crate) fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

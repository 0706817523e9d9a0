use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;

/// A stream whose items come of one step after the other; it ends with the first `None`.
///
/// A step that is under way is dropped with the stream.
pub(crate) fn unfold<S, T, F, Step>(state: S, step: F) -> impl Stream<Item = T> + Unpin
where
    S: Unpin,
    F: FnMut(S) -> Step + Unpin,
    Step: Future<Output = Option<(T, S)>>,
{
    Unfold { state: Some(state), step, pending: Box::pin(None) }
}

struct Unfold<S, F, Step> {
    /// Between two steps.
    state: Option<S>,
    step: F,
    /// One allocation for all steps.
    pending: Pin<Box<Option<Step>>>,
}

impl<S, T, F, Step> Stream for Unfold<S, F, Step>
where
    S: Unpin,
    F: FnMut(S) -> Step + Unpin,
    Step: Future<Output = Option<(T, S)>>,
{
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        if let Some(state) = this.state.take() {
            this.pending.set(Some((this.step)(state)));
        }
        let Some(pending) = this.pending.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let outcome = ready!(pending.poll(cx));
        this.pending.set(None);
        Poll::Ready(outcome.map(|(item, state)| {
            this.state = Some(state);
            item
        }))
    }
}

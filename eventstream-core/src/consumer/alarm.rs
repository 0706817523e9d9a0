use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
};

/// Wakes the consumer when the read that it waits for is woken, and remembers that it was: other
/// things wake a consumer, too.
#[derive(Default)]
pub(super) struct Alarm(Mutex<State>);

#[derive(Default)]
struct State {
    rung: bool,
    consumer: Option<Waker>,
}

impl Alarm {
    /// Whether it has rung since the last time. From now on it wakes who asks.
    pub(super) fn has_rung(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        match &mut state.consumer {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        mem::take(&mut state.rung)
    }

    /// Forgets that it has rung.
    pub(super) fn reset(&self) {
        self.lock().rung = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.lock();
        state.rung = true;
        let consumer = state.consumer.clone();
        // Not woken under the lock: it may run at once.
        drop(state);
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }
}

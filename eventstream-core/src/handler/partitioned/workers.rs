use std::{
    any::Any,
    collections::HashMap,
    ops::{Deref, DerefMut},
};

use tokio::{
    runtime::Handle,
    task::{Id, JoinError, JoinSet},
};
use tracing::{Instrument, Span};

use crate::{Apply, Event, HandlerError};

/// Clones of what makes the effects, each with one event in a task of its own.
///
/// Tasks, and not futures that are polled in turn: so effects that compute or block for a while
/// don't hold up the others, and a panic ends nothing but its task.
pub(super) struct Workers<A> {
    apply: A,
    /// Clones that have nothing to do; no more than there ever were tasks at once.
    idle: Vec<A>,
    tasks: JoinSet<(A, Result<(), HandlerError>)>,
    /// What the tasks have in hand.
    in_hand: HashMap<Id, usize>,
}

/// Workers at work. Their tasks are aborted when it is dropped.
pub(super) struct AtWork<'a, A: 'static> {
    workers: &'a mut Workers<A>,
    runtime: Handle,
}

impl<A: Apply<()> + Clone + 'static> Workers<A> {
    pub(super) fn new(apply: A) -> Self {
        Self { apply, idle: Vec::new(), tasks: JoinSet::new(), in_hand: HashMap::new() }
    }

    pub(super) fn apply(&self) -> &A {
        &self.apply
    }

    /// Starts work, when all tasks of before have ended.
    pub(super) async fn start(&mut self) -> Result<AtWork<'_, A>, HandlerError> {
        let runtime = Handle::try_current()?;
        // If the future that they worked for was dropped, they were aborted, but the last step of
        // one may still be under way in another thread. Its event must not come after a later one.
        self.tasks.shutdown().await;
        self.in_hand.clear();
        Ok(AtWork { workers: self, runtime })
    }
}

impl<A: Apply<()> + Clone + 'static> AtWork<'_, A> {
    /// How many events are being handled.
    pub(super) fn busy(&self) -> usize {
        self.in_hand.len()
    }

    /// Begins with an event; `number` is what to call it by.
    pub(super) fn begin(&mut self, number: usize, event: Event) {
        let mut apply = self.idle.pop().unwrap_or_else(|| self.apply.clone());
        let task = async move {
            let result = apply.apply((), event).await;
            (apply, result)
        };
        let id = {
            let Self { workers, runtime } = self;
            workers.tasks.spawn_on(task.instrument(Span::current()), runtime).id()
        };
        self.in_hand.insert(id, number);
    }

    /// Waits for an event to be handled. `None` if none is in hand.
    ///
    /// Can be dropped at any time.
    pub(super) async fn ended(&mut self) -> Option<(usize, Result<(), HandlerError>)> {
        let (id, result) = match self.tasks.join_next_with_id().await? {
            Ok((id, (apply, result))) => {
                self.idle.push(apply);
                (id, result)
            }
            Err(error) => (error.id(), Err(failure(error))),
        };
        let number = self.in_hand.remove(&id)?;
        Some((number, result))
    }
}

impl<A> Deref for AtWork<'_, A> {
    type Target = Workers<A>;

    fn deref(&self) -> &Workers<A> {
        self.workers
    }
}

impl<A> DerefMut for AtWork<'_, A> {
    fn deref_mut(&mut self) -> &mut Workers<A> {
        self.workers
    }
}

impl<A> Drop for AtWork<'_, A> {
    fn drop(&mut self) {
        self.workers.tasks.abort_all();
    }
}

fn failure(error: JoinError) -> HandlerError {
    match error.try_into_panic() {
        Ok(panic) => format!("handling the event panicked: {}", message(panic.as_ref())).into(),
        Err(error) => error.into(),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

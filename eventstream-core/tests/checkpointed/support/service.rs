use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use eventstream_core::{Apply, Event, EventTypes, HandlerError};
use tokio::time::sleep;

/// What comes of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    Fail,
    Reject,
    Panic,
    /// It takes so many milliseconds, and is done.
    Take(u64),
    /// It takes so many milliseconds, and fails.
    FailAfter(u64),
    /// It never ends.
    Hang,
}

/// Where effects are made; it makes sure that one instance has one at a time. Clones are the same
/// service.
#[derive(Clone, Default)]
pub(crate) struct Service(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    plans: BTreeMap<u64, VecDeque<Plan>>,
    begun: Vec<u64>,
    made: Vec<(String, u64)>,
    busy: BTreeSet<String>,
    most: usize,
}

/// An effect that is being made.
struct Making {
    service: Service,
    instance: String,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics under the lock")
    }

    /// What comes of the next attempts with an event. Attempts that nothing was said of are done.
    pub(crate) fn plan(&self, offset: u64, plans: impl IntoIterator<Item = Plan>) {
        self.state().plans.entry(offset).or_default().extend(plans);
    }

    /// The offsets of the effects, in the order that they were made in.
    pub(crate) fn made(&self) -> Vec<u64> {
        self.state().made.iter().map(|(_, offset)| *offset).collect()
    }

    /// The offsets of the effects, sorted: for what was made at the same time.
    pub(crate) fn sorted(&self) -> Vec<u64> {
        let mut made = self.made();
        made.sort_unstable();
        made
    }

    /// The effects, with their instances.
    pub(crate) fn effects(&self) -> Vec<(String, u64)> {
        self.state().made.clone()
    }

    /// The offsets of the attempts, in the order that they began in.
    pub(crate) fn begun(&self) -> Vec<u64> {
        self.state().begun.clone()
    }

    /// How many effects are being made.
    pub(crate) fn busy(&self) -> usize {
        self.state().busy.len()
    }

    /// The most effects that were ever made at the same time.
    pub(crate) fn most(&self) -> usize {
        self.state().most
    }

    fn begin(&self, event: &Event) -> (Making, Option<Plan>) {
        let instance = event.parcel.source_instance_id().to_owned();
        let mut state = self.state();
        state.begun.push(event.offset);
        let alone = state.busy.insert(instance.clone());
        state.most = state.most.max(state.busy.len());
        let plan = state.plans.get_mut(&event.offset).and_then(VecDeque::pop_front);
        drop(state);
        assert!(alone, "{instance:?} has two events at the same time");
        (Making { service: self.clone(), instance }, plan)
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        self.service.state().busy.remove(&self.instance);
    }
}

impl Apply<()> for Service {
    fn event_types(&self) -> EventTypes {
        "order.placed".into()
    }

    async fn apply(&mut self, _context: (), event: Event) -> Result<(), HandlerError> {
        let (making, plan) = self.begin(&event);
        let offset = event.offset;
        match plan {
            None => {}
            Some(Plan::Take(millis)) => sleep(Duration::from_millis(millis)).await,
            Some(Plan::Fail) => return Err(format!("told to fail with {offset}").into()),
            Some(Plan::FailAfter(millis)) => {
                sleep(Duration::from_millis(millis)).await;
                return Err(format!("told to fail with {offset}").into());
            }
            Some(Plan::Reject) => {
                return Err(HandlerError::Reject(format!("told to reject {offset}").into()));
            }
            Some(Plan::Panic) => panic!("told to panic with {offset}"),
            Some(Plan::Hang) => pending().await,
        }
        self.state().made.push((making.instance.clone(), offset));
        Ok(())
    }
}

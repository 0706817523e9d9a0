use eventstream_core::{BoxError, Event, Handler, Identity, Parcel};
use eventstream_streamtest::{HandlerEnv, HandlerHarness, Parcels, Profile, Timing};

use super::{ReferenceHandler, Table};
use crate::support::quick;

/// The type of the events that handlers fail with.
pub const FAILING: &str = "support.failing";

pub fn is_failing(event: &Event) -> bool {
    event.parcel.event_type() == FAILING
}

/// Handlers of some kind that keep all in memory.
#[derive(Clone)]
pub struct InMemory<M>(pub M);

/// What kind of handler it is.
pub trait Make: Clone + Send + Sync + 'static {
    type Handler: Handler + 'static;

    fn handler(&self, table: &Table) -> Self::Handler;

    fn timing(&self) -> Timing {
        quick()
    }

    fn profile(&self) -> Profile {
        Profile::full()
    }

    /// Whether it can replay events.
    fn replays(&self) -> bool {
        true
    }
}

/// The reference handler, with nothing around it.
#[derive(Clone)]
pub struct Right;

impl Make for Right {
    type Handler = ReferenceHandler;

    fn handler(&self, table: &Table) -> ReferenceHandler {
        ReferenceHandler::new(table.clone())
    }
}

pub struct Env<M> {
    make: M,
    table: Table,
}

impl<M: Make> HandlerHarness for InMemory<M> {
    type Env = Env<M>;

    async fn start(&self) -> Result<Env<M>, BoxError> {
        Ok(Env { make: self.0.clone(), table: Table::default() })
    }

    fn timing(&self) -> Timing {
        self.0.timing()
    }

    fn profile(&self) -> Profile {
        self.0.profile()
    }
}

impl<M: Make> HandlerEnv for Env<M> {
    type Handler = M::Handler;

    async fn handler(&self) -> Result<M::Handler, BoxError> {
        Ok(self.make.handler(&self.table))
    }

    async fn effects(&self, source: &Identity) -> Result<Vec<u64>, BoxError> {
        Ok(self.table.with(|state| state.effects.get(&source.key).cloned()).unwrap_or_default())
    }

    fn failing_parcel(&self, _offset: u64, parcels: &mut Parcels) -> Option<Parcel> {
        Some(parcels.make(FAILING))
    }

    async fn park(&self, source: &Identity, event: &Event) -> Result<bool, BoxError> {
        if self.make.replays() {
            self.table.with(|state| {
                state.parked.entry(source.key.clone()).or_default().insert(event.offset);
            });
        }
        Ok(self.make.replays())
    }
}

use std::future::Future;

use eventstream_core::{BoxError, Event, Handler, Identity, Parcel};

use crate::{Parcels, Profile, Timing, parcels::A};

/// Starts what the handlers keep their effects in, for the cases of
/// [`handler_suite!`](crate::handler_suite).
///
/// Every case gets environments of its own, on a runtime of its own, and cases run side by side.
///
/// # Examples
///
/// See [the crate](crate#handlers).
pub trait HandlerHarness: Send + Sync + 'static {
    /// What one case needs.
    type Env: HandlerEnv;

    /// Starts a fresh environment, in which nothing was handled yet, and which shares nothing with
    /// any other. Dropping it cleans up.
    ///
    /// # Errors
    ///
    /// If it can't be started: the case fails.
    fn start(&self) -> impl Future<Output = Result<Self::Env, BoxError>> + Send;

    /// How long the cases wait.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// Which cases are waived, and why.
    fn profile(&self) -> Profile {
        Profile::full()
    }
}

/// What the handlers under test keep their effects and offsets in, and what they are given.
pub trait HandlerEnv: Send + Sync + 'static {
    /// The handler.
    type Handler: Handler + 'static;

    /// Opens a handler on what is stored: the first one, or, when all others are dropped, the one
    /// after a restart. While another one is there it is a replica of that, which shares as little
    /// with it as one in another process would.
    ///
    /// # Errors
    ///
    /// If it can't be opened: the case fails. A handler that can have no replicas says so, and
    /// waives the cases that need them.
    fn handler(&self) -> impl Future<Output = Result<Self::Handler, BoxError>> + Send;

    /// The offsets of the events of this application whose effects are there, in the order in which
    /// they were made; an effect that was made twice is there twice.
    ///
    /// It may be asked while a handler is at work, and looks at what is stored, not at what some
    /// handler has in memory.
    ///
    /// # Errors
    ///
    /// If they can't be read: the case fails.
    fn effects(&self, source: &Identity)
    -> impl Future<Output = Result<Vec<u64>, BoxError>> + Send;

    /// The application whose events are handled. As provided, one that the suite makes up.
    fn application(&self) -> Identity {
        Identity::new("streamtest", "8d3f0c52-94b7-4c07-a5c7-0a3be9d1f8e6")
    }

    /// What the event at an offset carries, for handlers that want a certain type or payload.
    ///
    /// As provided, it has a type and a small JSON payload that mean nothing.
    fn parcel(&self, offset: u64, parcels: &mut Parcels) -> Parcel {
        let _ = offset;
        parcels.make(A)
    }

    /// What an event carries that the handler always fails with, after as much of its effect as
    /// possible.
    ///
    /// As provided, it says `None`: there is no such event. The cases that need it then fail, and
    /// have to be waived by the [`profile`](HandlerHarness::profile).
    fn failing_parcel(&self, offset: u64, parcels: &mut Parcels) -> Option<Parcel> {
        let _ = (offset, parcels);
        None
    }

    /// Parks an event, and asks for it to be replayed, wherever the handler looks for that.
    ///
    /// As provided, it says `false`: the handler can't replay events. The cases that need it then
    /// fail, and have to be waived by the [`profile`](HandlerHarness::profile).
    ///
    /// # Errors
    ///
    /// If it can't be done: the case fails.
    fn park(
        &self,
        source: &Identity,
        event: &Event,
    ) -> impl Future<Output = Result<bool, BoxError>> + Send {
        let _ = (source, event);
        async { Ok(false) }
    }
}

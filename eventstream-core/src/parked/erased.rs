use std::{future::Future, pin::Pin};

use crate::{Event, Identity, ParkedEvent, ParkedEvents, Result};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// [`ParkedEvents`] without their type, for the part of it that a consumer needs.
pub(crate) trait ErasedParkedEvents: Send + Sync {
    fn failed<'a>(
        &'a self,
        source: &'a Identity,
        event: &'a Event,
        error: &'a str,
    ) -> BoxFuture<'a, u32>;
    fn park<'a>(&'a self, source: &'a Identity, offset: u64) -> BoxFuture<'a, bool>;
    fn resume<'a>(&'a self, source: &'a Identity, offset: u64) -> BoxFuture<'a, Vec<u64>>;
    fn count<'a>(&'a self, source: &'a Identity) -> BoxFuture<'a, u64>;
    fn next_replay<'a>(&'a self, source: &'a Identity) -> BoxFuture<'a, Option<ParkedEvent>>;
    fn remove<'a>(&'a self, source: &'a Identity, offset: u64) -> BoxFuture<'a, bool>;
}

impl<P: ParkedEvents> ErasedParkedEvents for P {
    fn failed<'a>(
        &'a self,
        source: &'a Identity,
        event: &'a Event,
        error: &'a str,
    ) -> BoxFuture<'a, u32> {
        Box::pin(ParkedEvents::failed(self, source, event, error))
    }

    fn park<'a>(&'a self, source: &'a Identity, offset: u64) -> BoxFuture<'a, bool> {
        Box::pin(ParkedEvents::park(self, source, offset))
    }

    fn resume<'a>(&'a self, source: &'a Identity, offset: u64) -> BoxFuture<'a, Vec<u64>> {
        Box::pin(ParkedEvents::resume(self, source, offset))
    }

    fn count<'a>(&'a self, source: &'a Identity) -> BoxFuture<'a, u64> {
        Box::pin(ParkedEvents::count(self, source))
    }

    fn next_replay<'a>(&'a self, source: &'a Identity) -> BoxFuture<'a, Option<ParkedEvent>> {
        Box::pin(ParkedEvents::next_replay(self, source))
    }

    fn remove<'a>(&'a self, source: &'a Identity, offset: u64) -> BoxFuture<'a, bool> {
        Box::pin(ParkedEvents::remove(self, source, offset))
    }
}

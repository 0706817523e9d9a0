use std::future::Future;

use crate::{Event, Identity, ParkedEvent, Result};

/// Keeps the events that a consumer could not handle, and how often it has tried: see
/// [`Poison::park_after`](crate::Poison::park_after).
///
/// A store is that of one consumer; its events are told apart by the key of their application and
/// their offset. An event that fails is first *noted*, so that its attempts survive a restart. After
/// enough of them it is *parked*: the consumer passes over it. A parked event can be looked at,
/// *replayed*, which the running consumer does, or removed.
///
/// # Contract
///
/// - What a method has returned for is stored, and survives a restart.
/// - Consumers of the same name, replicas of each other, share the notes.
///
/// # Errors
///
/// All methods say [`Error::Backend`](crate::Error::Backend) if what the store stands on fails.
///
/// # Cancel safety
///
/// The futures can be dropped at any time: what was asked for is then done or not, never in part.
pub trait ParkedEvents: Send + Sync + 'static {
    /// Notes that an event could not be handled, and why; returns how often that has happened, this
    /// time included. If the event was parked it stays so, and waits for no replay any more.
    fn failed(
        &self,
        source: &Identity,
        event: &Event,
        error: &str,
    ) -> impl Future<Output = Result<u32>> + Send;

    /// Parks an event that was noted. Returns whether there is a note of it: if not, somebody has
    /// forgotten it meanwhile, and the consumer tries the event again.
    ///
    /// A store that knows the consumer's offset may say no, too, if that is past the event: a replica
    /// has handled it, and to replay it would be to handle it twice.
    fn park(&self, source: &Identity, offset: u64) -> impl Future<Output = Result<bool>> + Send;

    /// Forgets the notes of events below `offset` that are not parked: they were handled meanwhile.
    /// Returns the offsets at and past `offset` of those that are, in order: they are not to be
    /// handled when they come.
    fn resume(
        &self,
        source: &Identity,
        offset: u64,
    ) -> impl Future<Output = Result<Vec<u64>>> + Send;

    /// Up to `max` parked events from `offset` on, in the order of their offsets.
    fn list(
        &self,
        source: &Identity,
        offset: u64,
        max: usize,
    ) -> impl Future<Output = Result<Vec<ParkedEvent>>> + Send;

    /// How many events are parked.
    fn count(&self, source: &Identity) -> impl Future<Output = Result<u64>> + Send;

    /// Has a parked event handled once more, by the consumer, as soon as the handler's offset is past
    /// it. Returns whether it is parked.
    fn replay(&self, source: &Identity, offset: u64) -> impl Future<Output = Result<bool>> + Send;

    /// The first event that waits to be replayed.
    fn next_replay(
        &self,
        source: &Identity,
    ) -> impl Future<Output = Result<Option<ParkedEvent>>> + Send;

    /// Forgets an event: it was handled after all, or is given up. Returns whether it was there.
    fn remove(&self, source: &Identity, offset: u64) -> impl Future<Output = Result<bool>> + Send;
}

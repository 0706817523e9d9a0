use std::future::Future;

use crate::{HandlerError, Identity, Incarnation};

/// How far a consumer has come with a stream: what [`Checkpoints`] keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// The offset of the next event to handle.
    pub offset: u64,
    /// What the stream was when the checkpoint was taken, if it could tell.
    pub incarnation: Option<Incarnation>,
}

/// Keeps the offsets of a consumer whose effects are made elsewhere, for
/// [`Checkpointed`](crate::Checkpointed) handlers.
///
/// # Contract
///
/// - A consumer has a checkpoint for each application; they are told apart by their keys.
/// - [`store`](Self::store) compares and sets, as one: of two replicas that go on from the same
///   offset, one is told that there is a conflict.
///
/// # What it can't promise
///
/// Effect and checkpoint are not stored together. Whatever fails between the two, the effect is made
/// again: **each effect is made at least once**. Where the effect is made in a database, take a
/// handler that keeps its offset in the same transaction instead.
pub trait Checkpoints: Send + Sync + 'static {
    /// The checkpoint of an application's stream; `None` if there is none yet.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    fn load(
        &self,
        source: &Identity,
    ) -> impl Future<Output = Result<Option<Checkpoint>, HandlerError>> + Send;

    /// Stores a checkpoint, if the one that is stored is still `expected`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the checkpoint is stored or not.
    ///
    /// # Errors
    ///
    /// [`HandlerError::Conflict`] if another checkpoint than the expected one is stored; others if it
    /// can't be written.
    fn store(
        &self,
        source: &Identity,
        expected: Option<Checkpoint>,
        checkpoint: Checkpoint,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

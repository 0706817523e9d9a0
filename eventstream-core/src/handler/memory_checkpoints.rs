use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Checkpoint, Checkpoints, HandlerError, Identity};

/// Checkpoints in memory: **they are lost with the process**, and the consumer begins anew after a
/// restart. For tests, and for programs whose effects don't outlive them either.
///
/// Clones are the same checkpoints: those of one consumer, and of its replicas in this process.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Checkpoint, Checkpoints, HandlerError, Identity, MemoryCheckpoints};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let checkpoints = MemoryCheckpoints::new();
/// let first = Checkpoint { offset: 7, incarnation: None };
/// checkpoints.store(&shop, None, first).await.unwrap();
///
/// let replica = checkpoints.clone();
/// assert_eq!(replica.load(&shop).await.unwrap(), Some(first));
/// let late = replica.store(&shop, None, first).await;
/// assert!(matches!(late, Err(HandlerError::Conflict)));
/// # });
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryCheckpoints(Arc<Mutex<HashMap<String, Checkpoint>>>);

impl MemoryCheckpoints {
    /// Without any checkpoint.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Checkpoint>> {
        // Each change is one step: there is nothing half done to be found.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checkpoints for MemoryCheckpoints {
    async fn load(&self, source: &Identity) -> Result<Option<Checkpoint>, HandlerError> {
        Ok(self.lock().get(&source.key).copied())
    }

    async fn store(
        &self,
        source: &Identity,
        expected: Option<Checkpoint>,
        checkpoint: Checkpoint,
    ) -> Result<(), HandlerError> {
        match (self.lock().entry(source.key.clone()), expected) {
            (Entry::Vacant(entry), None) => {
                entry.insert(checkpoint);
                Ok(())
            }
            (Entry::Occupied(mut entry), Some(expected)) if *entry.get() == expected => {
                entry.insert(checkpoint);
                Ok(())
            }
            _ => Err(HandlerError::Conflict),
        }
    }
}

use std::{future::Future, sync::Arc};

use eventstream_core::BoxError;

use crate::{
    Timing,
    failure::{Check, Failure, fail},
    run::Progress,
};

/// Where a case begins: nothing is started yet.
pub(crate) struct Scene<H> {
    pub(crate) harness: Arc<H>,
    pub(crate) timing: Timing,
    pub(crate) read_ahead: usize,
    pub(crate) progress: Progress,
}

impl<H> Scene<H> {
    pub(crate) fn new(
        harness: Arc<H>,
        timing: Timing,
        read_ahead: usize,
        progress: Progress,
    ) -> Self {
        Self { harness, timing, read_ahead, progress }
    }

    /// Waits for an environment that is fresh and empty.
    pub(crate) async fn started<E>(
        &self,
        start: impl Future<Output = Result<E, BoxError>>,
    ) -> Check<E> {
        self.progress.doing("starting the environment");
        start.await.map_err(|error| Failure::of_harness("start an environment", &error))
    }

    /// Waits for an environment whose first event gets this offset.
    pub(crate) async fn started_at<E>(
        &self,
        first: u64,
        start: impl Future<Output = Result<Option<E>, BoxError>>,
    ) -> Check<E> {
        match self.try_started_at(first, start).await? {
            Some(env) => Ok(env),
            None => fail!(
                "the harness has no environment that begins at offset {first}: start_at says \
                 None; if that can't be done, waive this case"
            ),
        }
    }

    /// The same, for a case that can do without.
    pub(crate) async fn try_started_at<E>(
        &self,
        first: u64,
        start: impl Future<Output = Result<Option<E>, BoxError>>,
    ) -> Check<Option<E>> {
        self.progress.doing(format!("starting the environment at offset {first}"));
        start.await.map_err(|error| {
            Failure::of_harness(&format!("start an environment at offset {first}"), &error)
        })
    }
}

use std::path::Path;

use eventstream_core::{Error, Result};
use tokio::task::spawn_blocking;

use super::{BackupReport, Salvage, StoreStats, VerifyReport, Wanted};
use crate::{
    EmbeddedStore, EmbeddedStoreError, Finding,
    embedded::{checks, error, store::Inner, write::PATIENCE},
};

/// Looking after a store.
impl EmbeddedStore {
    /// What is in the store, and how it lies there.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if it can't be read.
    pub async fn stats(&self) -> Result<StoreStats> {
        self.blocking("read", |inner| super::stats(&inner.files)).await
    }

    /// What can be found out about the file system that the store lies on, and how it lies there: the
    /// good and the bad.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if the store's thread can't be started.
    pub async fn findings(&self) -> Result<Vec<Finding>> {
        self.blocking("check", |inner| Ok(checks::run(&inner.files))).await
    }

    /// Reads everything, and checks it: checksums, that no event is missing, that the indexes say
    /// what is there. Damage is no error here, but reported.
    ///
    /// It may be done while others read and append. Events that are appended meanwhile are not
    /// looked at.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing: the future can be dropped at any time. The thread that reads goes on to
    /// the end of the store all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if files can't be read at all, or if another process tidies up for long.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(store: eventstream_persisted::EmbeddedStore) -> eventstream_core::Result<()> {
    /// let report = store.verify().await?;
    /// for problem in &report.problems {
    ///     eprintln!("{problem}");
    /// }
    /// assert!(report.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify(&self) -> Result<VerifyReport> {
        self.blocking("verify", |inner| {
            // Files that are put in the place of others would be missed.
            let _locked = inner.tidy_lock.hold_if_there(PATIENCE)?;
            super::verify(&inner.files)
        })
        .await
    }

    /// Makes a copy in a directory that is not there, or empty: a store of its own, with another
    /// [incarnation](Self::incarnation). It is online: others may read and append meanwhile; what is
    /// appended after it began is not in the copy.
    ///
    /// The copy gets its name when it is whole and on disk.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, copying ends with the file that is being copied, and nothing is left
    /// of the copy, unless the program ends before.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if something can't be read or written, or if there is something in the
    /// directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(store: eventstream_persisted::EmbeddedStore) -> eventstream_core::Result<()> {
    /// let report = store.backup("/backups/shop-2026-11-24").await?;
    /// println!("events up to {} are in {}", report.next_offset, report.incarnation);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn backup(&self, directory: impl AsRef<Path>) -> Result<BackupReport> {
        let directory = directory.as_ref().to_owned();
        let (wanted, _guard) = Wanted::new();
        self.blocking("backup", move |inner| {
            super::backup(&inner.files, &inner.tidy_lock, &directory, &wanted)
        })
        .await
    }

    /// Seals all events, removes what is truncated, and makes indexes of ids anew that are damaged:
    /// what else is done now and then, in the background.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it may be done or not. It harms nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if it can't be done; the store is as good as it was before.
    pub async fn compact(&self) -> Result<()> {
        let failed = |error: EmbeddedStoreError| error.into_error("compact");
        self.inner().writer.rotate().await?;
        self.inner().tidier.run(true).await.map_err(failed)?;
        Ok(())
    }

    /// Reads all that can be read of a store that is damaged.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventstream_persisted::{EmbeddedStore, Salvaged};
    ///
    /// # async fn example(store: EmbeddedStore) -> eventstream_core::Result<()> {
    /// let mut salvage = store.salvage();
    /// let mut events = Vec::new();
    /// loop {
    ///     match salvage.next_batch(&mut events, 1_000).await? {
    ///         Salvaged::Events(_) => events.clear(), // … after they were put somewhere.
    ///         Salvaged::Damaged(problem) => eprintln!("lost: {problem}"),
    ///         Salvaged::End | _ => break,
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn salvage(&self) -> Salvage {
        Salvage::new(self.inner().files.clone())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        act: impl FnOnce(&Inner) -> error::Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.inner().clone();
        spawn_blocking(move || act(&inner))
            .await
            .map_err(|error| Error::backend(operation, false, error))?
            .map_err(|error| error.into_error(operation))
    }
}

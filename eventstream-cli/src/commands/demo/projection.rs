use std::io;

use eventstream_core::{Event, Handler, HandlerError, Identity};
use tokio::task;
use tokio_util::sync::CancellationToken;

use super::summary::{Summary, SummaryFile};
use crate::{failure::Failure, output::Progress};

/// The demo's handler: counts events, and keeps its offset in the same file, so that both are
/// there or neither.
pub(super) struct Projection<'a> {
    summary: Summary,
    file: &'a SummaryFile,
    /// Where to stop: there, or at the end of the batch that goes past it.
    until: u64,
    stop: CancellationToken,
    progress: Progress,
    handled: u64,
    failure: Option<Failure>,
}

impl<'a> Projection<'a> {
    pub(super) fn new(
        summary: Summary,
        file: &'a SummaryFile,
        until: u64,
        stop: CancellationToken,
        progress: Progress,
    ) -> Self {
        Self { summary, file, until, stop, progress, handled: 0, failure: None }
    }

    /// How many events were handled, if all went well.
    pub(super) fn finish(self) -> Result<u64, Failure> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.handled),
        }
    }

    /// Keeps a new summary. If that fails the demo is over: it would fail again.
    async fn keep(&mut self, summary: Summary) -> Result<(), HandlerError> {
        let (file, kept) = (self.file.clone(), summary.clone());
        let saved = task::spawn_blocking(move || file.save(&kept))
            .await
            .map_err(io::Error::other)
            .flatten();
        if let Err(error) = saved {
            let path = self.file.path().display();
            self.failure = Some(Failure::new(format!("can't write {path}")).because(&error));
            self.stop.cancel();
            return Err(error.into());
        }
        self.progress.set(summary.next_offset, summary.handled);
        self.summary = summary;
        if self.summary.next_offset >= self.until {
            self.stop.cancel();
        }
        Ok(())
    }
}

impl Handler for Projection<'_> {
    async fn next_offset(&mut self, _source: &Identity) -> Result<u64, HandlerError> {
        Ok(self.summary.next_offset)
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        if offset != self.summary.next_offset {
            return Err(HandlerError::Conflict);
        }
        let mut summary = self.summary.clone();
        for event in &events {
            summary.add(event);
        }
        self.keep(summary).await?;
        self.handled += events.len() as u64;
        Ok(())
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        if offset != self.summary.next_offset {
            return Err(HandlerError::Conflict);
        }
        let mut summary = self.summary.clone();
        summary.next_offset = next;
        self.keep(summary).await?;
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use eventstream_core::{Envelope, Parcel};

    use super::*;

    fn event(offset: u64) -> Event {
        let application = Identity::new("test", "key");
        let envelope = Envelope::new(offset.to_string(), application, "t", "text/plain");
        Event::new(offset, Parcel::seal(envelope).unwrap())
    }

    #[tokio::test]
    async fn an_offset_that_is_not_its_own_is_a_conflict() {
        let directory = tempfile::tempdir().unwrap();
        let file = SummaryFile::in_directory(directory.path().to_owned());
        let stop = CancellationToken::new();
        let progress = Progress::hidden();
        let mut projection = Projection::new(Summary::default(), &file, 10, stop, progress);
        projection.handle_batch(0, vec![event(0), event(1)]).await.unwrap();
        let kept = file.load().unwrap();
        assert_eq!((kept.next_offset, kept.handled), (2, 2));

        for wrong in [0, 1, 3] {
            let handled = projection.handle_event(wrong, event(wrong)).await;
            assert!(matches!(handled, Err(HandlerError::Conflict)), "{wrong}");
            let handled = projection.handle_batch(wrong, vec![event(wrong)]).await;
            assert!(matches!(handled, Err(HandlerError::Conflict)), "{wrong}");
            let skipped = projection.skip(wrong, 9).await;
            assert!(matches!(skipped, Err(HandlerError::Conflict)), "{wrong}");
        }
        assert_eq!(file.load().unwrap(), kept);

        assert_eq!(projection.skip(2, 5).await.unwrap(), 5);
        projection.handle_event(5, event(5)).await.unwrap();
        assert_eq!(file.load().unwrap().next_offset, 6);
        assert_eq!(projection.finish().ok(), Some(3));
    }
}

use tokio::sync::watch;

use super::{batch::Batch, builder::Partitioned};
use crate::{Apply, Checkpoints, Event, Handler, HandlerError, Identity, Incarnation};

/// Needs a tokio runtime with its timer enabled, as the consumer does.
impl<A: Apply<()> + Clone + 'static, C: Checkpoints> Handler for Partitioned<A, C> {
    async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        self.ledger.begin(source, incarnation).await
    }

    async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.ledger.next_offset(source).await
    }

    async fn handle_event(&mut self, offset: u64, event: Event) -> Result<(), HandlerError> {
        self.handle_batch(offset, vec![event]).await
    }

    async fn handle_batch(&mut self, offset: u64, events: Vec<Event>) -> Result<(), HandlerError> {
        self.ledger.expect(offset).await?;
        let workers = self.workers.start().await?;
        let partitions = (self.partitions)(&events);
        let (keeper, handled) = self.ledger.split();
        let batch = Batch::new(offset, events, &partitions, handled);
        let (sender, mark) = watch::channel(offset);
        // Each ends by itself when the other one drops its end of the channel.
        let (kept, (mark, result)) = tokio::join!(
            keeper.follow(mark, self.interval),
            batch.run(workers, self.concurrency, sender),
        );
        kept?;
        self.ledger.close(mark, result).await
    }

    async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.ledger.skip(offset, next).await
    }

    async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.ledger.has_begun(source).await
    }

    async fn begin_at(&mut self, source: &Identity, offset: u64) -> Result<(), HandlerError> {
        self.ledger.begin_at(source, offset).await
    }

    async fn handle_parked(
        &mut self,
        _source: &Identity,
        event: Event,
    ) -> Result<(), HandlerError> {
        let mut workers = self.workers.start().await?;
        workers.begin(0, event);
        workers.ended().await.map_or(Ok(()), |(_, result)| result)
    }
}

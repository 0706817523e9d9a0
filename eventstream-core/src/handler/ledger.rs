use std::collections::BTreeSet;

use super::keeper::Keeper;
use crate::{Checkpoints, HandlerError, Identity, Incarnation};

/// The offset of a handler whose effects are made elsewhere: the checkpoint that is stored, and what
/// was handled past it.
///
/// The latter is known as long as the process lives. So an event is not handled twice because an
/// earlier one failed, or because its checkpoint could not be stored. It never holds more than the
/// batches that begin at the checkpoint: what lies below is forgotten when it is stored.
#[derive(Debug)]
pub(super) struct Ledger<C> {
    keeper: Keeper<C>,
    handled: BTreeSet<u64>,
}

impl<C: Checkpoints> Ledger<C> {
    pub(super) fn new(checkpoints: C) -> Self {
        Self { keeper: Keeper::new(checkpoints), handled: BTreeSet::new() }
    }

    /// As [`Handler::begin`](crate::Handler::begin).
    pub(super) async fn begin(
        &mut self,
        source: &Identity,
        incarnation: Option<Incarnation>,
    ) -> Result<(), HandlerError> {
        if !self.keeper.begin(source, incarnation) {
            self.handled.clear();
        }
        self.load().await.map(drop)
    }

    /// As [`Handler::next_offset`](crate::Handler::next_offset).
    pub(super) async fn next_offset(&mut self, source: &Identity) -> Result<u64, HandlerError> {
        self.turn_to(source);
        self.load().await?;
        Ok(self.keeper.floor())
    }

    /// As [`Handler::has_begun`](crate::Handler::has_begun).
    pub(super) async fn has_begun(&mut self, source: &Identity) -> Result<bool, HandlerError> {
        self.turn_to(source);
        self.load().await
    }

    /// As [`Handler::begin_at`](crate::Handler::begin_at).
    pub(super) async fn begin_at(
        &mut self,
        source: &Identity,
        offset: u64,
    ) -> Result<(), HandlerError> {
        self.turn_to(source);
        self.keeper.first(offset).await?;
        self.tidy();
        Ok(())
    }

    /// As [`Handler::skip`](crate::Handler::skip).
    pub(super) async fn skip(&mut self, offset: u64, next: u64) -> Result<u64, HandlerError> {
        self.expect(offset).await?;
        let next = next.max(offset);
        self.advance(next).await?;
        Ok(next)
    }

    /// Makes sure that this is the offset that is stored, as far as is known.
    pub(super) async fn expect(&mut self, offset: u64) -> Result<(), HandlerError> {
        self.keeper.expect(offset).await?;
        self.tidy();
        Ok(())
    }

    pub(super) fn is_handled(&self, offset: u64) -> bool {
        self.handled.contains(&offset)
    }

    pub(super) fn handled(&mut self, offset: u64) {
        self.handled.insert(offset);
    }

    /// Both halves, to be used at the same time.
    pub(super) fn split(&mut self) -> (&mut Keeper<C>, &mut BTreeSet<u64>) {
        (&mut self.keeper, &mut self.handled)
    }

    /// Stores how far handling has come, and says what came of it.
    ///
    /// A conflict goes before the failure of an event: whoever was faster may have handled it.
    pub(super) async fn close(
        &mut self,
        next: u64,
        result: Result<(), HandlerError>,
    ) -> Result<(), HandlerError> {
        match (self.advance(next).await, result) {
            (Ok(()), result) => result,
            (Err(error), Err(first)) if !matches!(error, HandlerError::Conflict) => {
                self.keeper.complain(&error);
                Err(first)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn advance(&mut self, next: u64) -> Result<(), HandlerError> {
        self.keeper.advance(next).await?;
        self.tidy();
        Ok(())
    }

    /// Reads the checkpoint; returns whether there is one.
    async fn load(&mut self) -> Result<bool, HandlerError> {
        let found = self.keeper.load().await?.is_some();
        self.tidy();
        Ok(found)
    }

    /// Forgets what need not be remembered.
    fn tidy(&mut self) {
        let floor = self.keeper.floor();
        // If somebody has set the checkpoint back, all that follows is to be handled once more.
        if self.keeper.was_set_back() || self.handled.last().is_some_and(|last| *last < floor) {
            self.handled.clear();
        } else if self.handled.first().is_some_and(|first| *first < floor) {
            self.handled = self.handled.split_off(&floor);
        }
    }

    /// Whoever does not call `begin` has a stream that can't tell what it is.
    fn turn_to(&mut self, source: &Identity) {
        if !self.keeper.is_of(source) {
            self.keeper.begin(source, None);
            self.handled.clear();
        }
    }
}

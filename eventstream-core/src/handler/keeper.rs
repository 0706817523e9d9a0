use std::{mem, pin::pin, time::Duration};

use tokio::{sync::watch, time::sleep};
use tracing::warn;

use crate::{Checkpoint, Checkpoints, HandlerError, Identity, Incarnation};

/// Stores the checkpoints of one stream, each by compare-and-set from the one before.
#[derive(Debug)]
pub(super) struct Keeper<C> {
    checkpoints: C,
    /// What it keeps checkpoints of, once it was told.
    stream: Option<Stream>,
    known: Known,
    /// The offset that was last known to be stored.
    floor: u64,
    /// Whether the checkpoint was found below the floor: somebody has set it back.
    set_back: bool,
}

#[derive(Debug)]
struct Stream {
    source: Identity,
    /// `None` if it can't tell.
    incarnation: Option<Incarnation>,
}

/// What is known of the checkpoint that is stored.
#[derive(Clone, Copy, Debug)]
enum Known {
    Nothing,
    Stored(Option<Checkpoint>),
    /// To store a checkpoint has failed, or was dropped: either of the two is there, if nobody else
    /// has stored one meanwhile.
    Unsure {
        before: Option<Checkpoint>,
        tried: Checkpoint,
    },
}

/// The checkpoint belongs to a stream that is no more.
#[derive(Debug, thiserror::Error)]
#[error(
    "the checkpoint of {source_name} is offset {offset} of incarnation {known}, but the stream is \
     incarnation {found}: it was restored from a backup or created anew, and gives such offsets to \
     other events. Restore the checkpoint that belongs to it, or set it to where to go on in the \
     stream as it is now, or remove it to begin anew"
)]
struct OtherIncarnation {
    source_name: String,
    offset: u64,
    known: Incarnation,
    found: Incarnation,
}

impl<C: Checkpoints> Keeper<C> {
    pub(super) fn new(checkpoints: C) -> Self {
        Self { checkpoints, stream: None, known: Known::Nothing, floor: 0, set_back: false }
    }

    /// Tells it what it keeps checkpoints of; returns whether that is the stream of before.
    pub(super) fn begin(&mut self, source: &Identity, incarnation: Option<Incarnation>) -> bool {
        let same = (self.stream.as_ref())
            .is_some_and(|of| of.source.key == source.key && of.incarnation == incarnation);
        if !same {
            self.stream = Some(Stream { source: source.clone(), incarnation });
            self.known = Known::Nothing;
            self.floor = 0;
        }
        same
    }

    /// Whether it was told of a stream of this application.
    pub(super) fn is_of(&self, source: &Identity) -> bool {
        self.stream.as_ref().is_some_and(|of| of.source.key == source.key)
    }

    /// The offset that was last known to be stored.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether somebody has set the checkpoint back since this was asked last.
    pub(super) fn was_set_back(&mut self) -> bool {
        mem::take(&mut self.set_back)
    }

    /// Reads the checkpoint, and makes sure that it belongs to the stream.
    pub(super) async fn load(&mut self) -> Result<Option<Checkpoint>, HandlerError> {
        let of = stream(self.stream.as_ref())?;
        let found = self.checkpoints.load(&of.source).await?;
        if let Some(checkpoint) = found {
            of.check(checkpoint)?;
        }
        self.known = Known::Stored(found);
        self.set_back |= offset(found) < self.floor;
        self.floor = offset(found);
        Ok(found)
    }

    /// Makes sure that this is the offset that is stored, as far as is known.
    pub(super) async fn expect(&mut self, expected: u64) -> Result<(), HandlerError> {
        let stored = match self.known {
            Known::Stored(checkpoint) => checkpoint,
            Known::Nothing | Known::Unsure { .. } => self.load().await?,
        };
        if offset(stored) == expected { Ok(()) } else { Err(HandlerError::Conflict) }
    }

    /// Stores the first checkpoint.
    pub(super) async fn first(&mut self, offset: u64) -> Result<(), HandlerError> {
        self.store(None, offset).await
    }

    /// Stores a checkpoint at an offset, if the one that is known is still stored.
    pub(super) async fn advance(&mut self, to: u64) -> Result<(), HandlerError> {
        let expected = match self.known {
            Known::Stored(checkpoint) => checkpoint,
            Known::Unsure { before, tried } => {
                let found = self.load().await?;
                if found != before && found != Some(tried) {
                    self.known = Known::Nothing;
                    return Err(HandlerError::Conflict);
                }
                found
            }
            Known::Nothing => return Err(HandlerError::Conflict),
        };
        if offset(expected) == to {
            return Ok(());
        }
        self.store(expected, to).await
    }

    /// Advances to the mark once an interval, while it moves, until its sender is gone. An error is
    /// always a conflict: whatever else fails may go well the next time.
    pub(super) async fn follow(
        &mut self,
        mut mark: watch::Receiver<u64>,
        interval: Duration,
    ) -> Result<(), HandlerError> {
        let mut pause = pin!(sleep(interval));
        let mut tried = self.floor;
        loop {
            if mark.wait_for(|mark| *mark > tried).await.is_err() {
                return Ok(());
            }
            tokio::select! {
                biased;
                // As there is no such mark, it waits until the sender is gone.
                _ = mark.wait_for(|_| false) => return Ok(()),
                () = pause.as_mut() => {}
            }
            tried = *mark.borrow();
            match self.advance(tried).await {
                Ok(()) => {}
                Err(HandlerError::Conflict) => return Err(HandlerError::Conflict),
                Err(error) => self.complain(&error),
            }
            pause.set(sleep(interval));
        }
    }

    /// Logs that a checkpoint could not be stored.
    pub(super) fn complain(&self, error: &HandlerError) {
        warn!(
            application = self.stream.as_ref().map(|of| tracing::field::display(&of.source)),
            offset = self.floor,
            error = error.source(),
            "the checkpoint could not be stored: after a restart what was handled since is handled \
             again"
        );
    }

    async fn store(
        &mut self,
        expected: Option<Checkpoint>,
        offset: u64,
    ) -> Result<(), HandlerError> {
        let of = stream(self.stream.as_ref())?;
        // A stream that can't tell just now is not taken for another one: what was known stays.
        let incarnation = of.incarnation.or(expected.and_then(|it| it.incarnation));
        let tried = Checkpoint { offset, incarnation };
        self.known = Known::Unsure { before: expected, tried };
        let stored = self.checkpoints.store(&of.source, expected, tried).await;
        match &stored {
            Ok(()) => {
                self.known = Known::Stored(Some(tried));
                self.floor = offset;
            }
            Err(HandlerError::Conflict) => self.known = Known::Nothing,
            Err(_) => {}
        }
        stored
    }
}

impl Stream {
    fn check(&self, checkpoint: Checkpoint) -> Result<(), OtherIncarnation> {
        match (checkpoint.incarnation, self.incarnation) {
            (Some(known), Some(found)) if known != found => Err(OtherIncarnation {
                source_name: self.source.to_string(),
                offset: checkpoint.offset,
                known,
                found,
            }),
            _ => Ok(()),
        }
    }
}

/// The offset of a checkpoint; that of the beginning if there is none.
fn offset(checkpoint: Option<Checkpoint>) -> u64 {
    checkpoint.map_or(0, |it| it.offset)
}

fn stream(stream: Option<&Stream>) -> Result<&Stream, HandlerError> {
    stream.ok_or_else(|| "the handler was not told of a stream: call `next_offset` first".into())
}

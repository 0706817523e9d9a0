use std::{collections::BTreeSet, convert::Infallible, pin::pin, sync::Arc, task::Poll};

use tokio_util::sync::CancellationToken;

use super::{
    alarm::Alarm,
    attempts::Attempts,
    bad_event,
    failure::Stop,
    failure_count::FailureCount,
    looks::Looks,
    reading::{fill, pull},
    settings::Settings,
    status::{Shared, Wants},
    telemetry::Meters,
    wait::{self, Waited},
};
use crate::{Cursor, Event, Finish, Handler, Identity};

/// So many events are handled before other tasks get a turn, if nothing has to be waited for.
/// Without that, whoever wants to cancel might never run.
const TURN: usize = 128;

/// From the opening of a cursor to the first failure.
pub(super) struct Round<'a, C, H> {
    pub(super) cursor: C,
    pub(super) handler: &'a mut H,
    pub(super) application: &'a Identity,
    pub(super) settings: &'a Settings,
    pub(super) shared: &'a Shared,
    pub(super) meters: &'a Meters,
    pub(super) cancel: &'a CancellationToken,
    pub(super) failures: &'a mut FailureCount,
    pub(super) attempts: &'a mut Attempts,
    pub(super) looks: &'a mut Looks,
    pub(super) alarm: &'a Arc<Alarm>,
    /// A batch has failed: the events below this are handled one by one.
    pub(super) suspects: &'a mut u64,
    /// Whether what is read now is handed on by itself, and not as a batch.
    pub(super) one_by_one: bool,
    /// The handler's offset.
    pub(super) offset: &'a mut u64,
    /// No event below it may come any more.
    pub(super) expected: u64,
    /// The position that the handler was last told to skip to; 0 before that.
    pub(super) skipped: u64,
    /// Where events stand that are parked, and not to be handled when they come.
    pub(super) parked: BTreeSet<u64>,
    /// Read, and not handed on yet; empty while reading.
    pub(super) events: Vec<Event>,
}

impl<C: Cursor, H: Handler> Round<'_, C, H> {
    /// Reads and handles events until something stops it.
    pub(super) async fn consume(&mut self) -> Result<Infallible, Stop> {
        // What was wanted while the cursor was opened.
        self.attend(self.shared.wants()).await?;
        let mut turn = 0;
        loop {
            self.read().await?;
            turn += self.events.len().max(1);
            let wants = self.take().await?;
            self.attend(wants).await?;
            if turn >= TURN {
                turn = 0;
                wait::yield_now().await;
            }
        }
    }

    /// Waits for events. Meanwhile the handler is told of those that are filtered out.
    async fn read(&mut self) -> Result<(), Stop> {
        self.one_by_one = self.settings.batch == 1 || self.expected < *self.suspects;
        let max = if self.one_by_one { 1 } else { self.settings.batch };
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Finished(Finish::Cancelled));
            }
            let waited = {
                let mut pull = pin!(pull(&mut self.cursor, &mut self.events, max));
                // Almost all of a replay ends here: nothing else is made ready before.
                match wait::poll_now(pull.as_mut()).await {
                    Poll::Ready(result) => Waited::Read(result),
                    Poll::Pending => {
                        wait::read(pull, self.cancel, self.looks, self.shared, self.alarm).await
                    }
                }
            };
            match waited {
                Waited::Read(Ok(())) => break,
                Waited::Read(Err(error)) => {
                    self.looks.delivered();
                    return Err(Stop::stream("reading the stream", error));
                }
                Waited::Cancelled => return Err(Stop::Finished(Finish::Cancelled)),
                Waited::Look => self.look().await?,
                Waited::Wanted(wants) => {
                    self.attend(wants).await?;
                    self.looks.unseen();
                }
            }
        }
        self.looks.delivered();
        let linger = self.settings.linger;
        if self.events.len() < max && !linger.is_zero() {
            let (cursor, events) = (&mut self.cursor, &mut self.events);
            Box::pin(fill(cursor, events, max, linger, self.cancel, self.shared)).await?;
        }
        Ok(())
    }

    /// Checks what was read, and hands it on. If one of the events is not as it should be, those
    /// before it are handled all the same: the next round begins behind them.
    async fn take(&mut self) -> Result<Wants, Stop> {
        let mut sound = 0;
        let mut stop = None;
        for event in &self.events {
            match bad_event::check(event, self.expected, self.application) {
                Ok(next) => self.expected = next,
                Err(bad) => {
                    stop = Some(Stop::stream("checking an event", bad));
                    break;
                }
            }
            sound += 1;
        }
        let mut wants = Wants::default();
        if sound > 0 {
            self.events.truncate(sound);
            self.failures.arrived();
            wants = self.hand_on().await?;
        }
        stop.map_or(Ok(wants), Err)
    }

    /// Does what others want.
    async fn attend(&mut self, wants: Wants) -> Result<(), Stop> {
        if wants.pause {
            return Err(Stop::Paused);
        }
        if wants.replay {
            Box::pin(self.replay()).await?;
        }
        Ok(())
    }
}

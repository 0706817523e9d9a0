use std::time::Duration;

use bytes::Bytes;
use eventstream_core::{BoxCursor, Event, EventStream, Result};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{consumption::Consumption, framer::Framer, reading::Reading};
use crate::{
    grpc::{Status, whole},
    proto::eventstream::v1::ConsumeResponse,
    server::{
        dialect::Dialect,
        status::{going_away_at, status_of_reading},
    },
};

/// A client hears of a position that has moved, though nothing matched, so soon. To see that, the read
/// has to be interrupted: twice as late if it has not moved, and so on without end, so that a read that
/// takes longer gets done, or fails, after all.
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// A stream that was read to its end is asked for its end so soon, then twice as late and so on, up to
/// this: not every stream wakes a read when events come that do not match. That interrupts no read.
const LAST_QUIET_LOOK: Duration = Duration::from_secs(1);

/// Makes the body of a `Consume`: reads ahead as long as something is at hand, and hands on what it
/// has when nothing is.
pub(super) struct Producer {
    consumption: Consumption,
    reading: Reading,
    framer: Framer,
    /// Whether the cursor was closed, as what was made was not taken.
    has_let_go: bool,
    /// Read, and not framed before `at`.
    events: Vec<Event>,
    at: usize,
    /// Said when all is handed on.
    failed: Option<Status>,
    /// The position that the client knows.
    said: Option<u64>,
    /// Whether the client knows if that is the tail.
    said_tail: bool,
    said_at: Instant,
    /// Whether the position may have moved: the stream goes on past it, or the read was woken.
    doubt: bool,
    /// When it was looked at last, or the doubt came up, and how long after that it is looked at.
    looked_at: Instant,
    look_after: Duration,
    /// The same, while there is no doubt.
    quiet_look_after: Duration,
    ending: CancellationToken,
}

impl Producer {
    pub(super) fn new(
        consumption: Consumption,
        cursor: BoxCursor,
        ending: CancellationToken,
    ) -> Self {
        Self {
            framer: Framer::new(consumption.dialect == Dialect::Ours),
            consumption,
            reading: Reading::new(cursor),
            has_let_go: false,
            events: Vec::new(),
            at: 0,
            failed: None,
            said: None,
            said_tail: false,
            said_at: Instant::now(),
            doubt: true,
            looked_at: Instant::now(),
            look_after: FIRST_LOOK,
            quiet_look_after: FIRST_LOOK,
            ending,
        }
    }

    /// Waits for the next piece; it does not end but by an error.
    pub(super) async fn piece(&mut self) -> Result<Bytes, Status> {
        loop {
            if let Some(piece) = self.framer.take() {
                return Ok(piece);
            }
            if let Some(status) = self.failed.take() {
                return Err(status);
            }
            if self.ending.is_cancelled() {
                return Err(going_away_at(self.position()));
            }
            if std::mem::take(&mut self.has_let_go) {
                let cursor = self.consumption.reopen(self.position()).await?;
                self.reading = Reading::new(cursor);
            }
            if self.said.is_none() && self.framer.is_batched() {
                self.say_hello();
                continue;
            }
            if self.read_at_hand() {
                self.frame().await;
            } else {
                self.wait().await;
            }
        }
    }

    /// Closes the cursor, with all that was read ahead. It is opened again when there is more to make.
    pub(super) fn let_go(&mut self) {
        if !self.has_let_go && self.failed.is_none() {
            self.reading = Reading::closed(self.position());
            (self.events, self.at) = (Vec::new(), 0);
            self.has_let_go = true;
        }
    }

    /// The next offset that is not framed: all below was framed, or does not match.
    fn position(&self) -> u64 {
        self.events.get(self.at).map_or_else(|| self.reading.position(), |event| event.offset)
    }

    /// So that the client knows at once that the stream is there, and which one it is.
    fn say_hello(&mut self) {
        let position = self.position();
        let incarnation = self.consumption.incarnation.clone();
        let hello = ConsumeResponse { position, incarnation, ..ConsumeResponse::default() };
        self.framer.push_frame(&whole(&hello));
        self.has_said(position, false);
    }

    fn has_said(&mut self, position: u64, tail: bool) {
        if self.said != Some(position) {
            self.look_after = FIRST_LOOK;
            self.quiet_look_after = FIRST_LOOK;
            self.looked_at = Instant::now();
        }
        self.said = Some(position);
        self.said_tail = tail;
        self.said_at = Instant::now();
    }

    /// Whether there is something to frame, without waiting.
    fn read_at_hand(&mut self) -> bool {
        if self.at < self.events.len() {
            return true;
        }
        self.at = 0;
        self.reading.recycle(std::mem::take(&mut self.events));
        let read = self.reading.at_hand();
        self.take_in(read);
        !self.events.is_empty()
    }

    fn take_in(&mut self, read: Option<Result<Vec<Event>>>) {
        match read {
            None => {}
            Some(Ok(events)) => {
                self.framer.reserve(&events);
                (self.events, self.at) = (events, 0);
            }
            Some(Err(error)) => {
                self.failed = Some(status_of_reading(&error, self.consumption.dialect));
            }
        }
    }

    /// Waits until there is something to frame, or something else to do.
    async fn wait(&mut self) {
        if self.failed.is_some() {
            return;
        }
        if self.framer.is_batched() && self.has_to_say() {
            return self.say_position().await;
        }
        self.framer.rest();
        let read = self.reading.rest();
        if read.is_some() {
            return self.take_in(read);
        }
        let due = self.framer.is_batched().then(|| self.due()).flatten();
        let read = tokio::select! {
            biased;
            () = self.ending.cancelled() => return,
            () = sleep_until(due.unwrap_or(self.said_at)), if due.is_some() => {
                return self.look().await;
            }
            read = self.reading.wait_or_wake() => read,
        };
        if read.is_none() {
            // Events may have been passed over.
            self.doubt();
        }
        self.take_in(read);
    }

    fn doubt(&mut self) {
        if !self.doubt {
            self.doubt = true;
            self.looked_at = Instant::now();
        }
    }

    /// When to look at the position.
    fn look_due(&self) -> Option<Instant> {
        let after = if self.doubt { self.look_after } else { self.quiet_look_after };
        self.looked_at.checked_add(after)
    }

    /// When there may be something to say, if nothing is read.
    fn due(&self) -> Option<Instant> {
        let heartbeat = self.said_at.checked_add(self.consumption.heartbeat);
        self.look_due().into_iter().chain(heartbeat).min()
    }

    /// Looks at the position, if it is time to, and if it can have moved.
    async fn look(&mut self) {
        if self.look_due().is_none_or(|due| due > Instant::now()) {
            return;
        }
        let position = self.position();
        match self.is_at_tail(position).await {
            None => {}
            Some(true) => {
                self.doubt = false;
                self.looked_at = Instant::now();
                self.quiet_look_after = LAST_QUIET_LOOK.min(self.quiet_look_after * 2);
            }
            Some(false) => {
                self.doubt = true;
                let read = self.reading.interrupt();
                self.take_in(read);
                self.looked_at = Instant::now();
                if self.position() == position {
                    self.look_after = self.look_after.saturating_mul(2);
                }
            }
        }
    }

    fn has_to_say(&self) -> bool {
        self.said != Some(self.position())
            || !self.said_tail
            || self.said_at.elapsed() >= self.consumption.heartbeat
    }

    async fn say_position(&mut self) {
        let position = self.position();
        // What was read says the position, too.
        let Some(at_tail) = self.is_at_tail(position).await else { return };
        self.framer.say_position(position, at_tail);
        self.has_said(position, true);
        self.is_known_to_be(at_tail);
    }

    fn is_known_to_be(&mut self, at_tail: bool) {
        if at_tail {
            self.doubt = false;
        } else {
            self.doubt();
        }
    }

    /// Frames what was read, and what is at hand besides, until there is a piece.
    async fn frame(&mut self) {
        loop {
            while let Some(event) = self.events.get_mut(self.at).filter(|_| !self.framer.is_full())
            {
                let Consumption { media_types, host, dialect, .. } = &self.consumption;
                if let Err(status) = media_types.transcode(event, host, *dialect) {
                    self.failed = Some(status);
                    break;
                }
                self.framer.push(event);
                self.at += 1;
            }
            let more = !self.framer.is_full() && self.failed.is_none() && self.read_at_hand();
            if !more {
                break;
            }
        }
        if self.framer.is_batched() {
            let position = self.position();
            let waits = !self.framer.is_full() && self.failed.is_none();
            let at_tail = if waits { self.is_at_tail(position).await } else { None };
            self.framer.end_batch(position, at_tail.unwrap_or_default());
            self.has_said(position, at_tail.is_some());
            self.is_known_to_be(at_tail.unwrap_or_default());
        }
    }

    /// Whether the stream ends at a position; none if there is something to read before that is known.
    async fn is_at_tail(&mut self, position: u64) -> Option<bool> {
        let end = self.consumption.host.stream.end();
        let read = tokio::select! {
            biased;
            read = self.reading.wait() => read,
            // An end that can't be had now is asked for again with the next position.
            end = end => return Some(end.ok().flatten().is_some_and(|end| position >= end)),
        };
        self.take_in(Some(read));
        None
    }
}

use std::time::Duration;

use bytes::Bytes;
use eventstream_core::{BoxCursor, Cursor, Event, EventStream, Result};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{consumption::Consumption, framer::Framer};
use crate::{
    grpc::{Status, whole},
    poll_once::poll_once,
    proto::eventstream::v1::ConsumeResponse,
    server::{
        dialect::Dialect,
        status::{going_away_at, status_of_reading},
    },
};

/// Read at a time. Together with what the cursor itself holds it is all that waits to be framed.
const BATCH: usize = 256;

/// Room for so many is kept while there is nothing to read.
const KEPT: usize = 16;

/// A client hears of a position that has moved, though nothing matched, so soon; twice as late when
/// it has not moved, and so on.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_secs(1);

/// Makes the body of a `Consume`: reads ahead as long as something is at hand, and hands on what it
/// has when nothing is.
pub(super) struct Producer {
    consumption: Consumption,
    cursor: BoxCursor,
    framer: Framer,
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
    look_after: Duration,
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
            cursor,
            events: Vec::new(),
            at: 0,
            failed: None,
            said: None,
            said_tail: false,
            said_at: Instant::now(),
            look_after: FIRST_LOOK,
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
            if self.said.is_none() && self.framer.is_batched() {
                self.say_hello();
                continue;
            }
            if self.read_at_hand() || self.wait().await {
                self.frame().await;
            }
        }
    }

    /// The next offset that is not framed: all below was framed, or does not match.
    fn position(&self) -> u64 {
        self.events.get(self.at).map_or_else(|| self.cursor.position(), |event| event.offset)
    }

    /// So that the client knows at once that the stream is there, and which one it is.
    fn say_hello(&mut self) {
        let position = self.position();
        let incarnation = std::mem::take(&mut self.consumption.incarnation);
        let hello = ConsumeResponse { position, incarnation, ..ConsumeResponse::default() };
        self.framer.push_frame(&whole(&hello));
        self.has_said(position, false);
    }

    fn has_said(&mut self, position: u64, tail: bool) {
        self.said = Some(position);
        self.said_tail = tail;
        self.said_at = Instant::now();
        self.look_after = FIRST_LOOK;
    }

    /// Whether there is something to frame, without waiting.
    fn read_at_hand(&mut self) -> bool {
        if self.at < self.events.len() {
            return true;
        }
        self.events.clear();
        self.at = 0;
        match poll_once(self.cursor.next_batch(&mut self.events, BATCH)) {
            None => {}
            Some(Ok(_)) => self.framer.reserve(&self.events),
            Some(Err(error)) => {
                self.failed = Some(status_of_reading(&error, self.consumption.dialect));
            }
        }
        !self.events.is_empty()
    }

    /// Waits until there is something to frame. False if there is something else to do.
    async fn wait(&mut self) -> bool {
        if self.failed.is_some() {
            return false;
        }
        if self.framer.is_batched() && self.has_to_say() {
            self.say_position().await;
            return false;
        }
        self.framer.rest();
        if self.events.capacity() > KEPT {
            self.events = Vec::new();
        }
        let look = self.framer.is_batched().then(|| self.next_look());
        let read = tokio::select! {
            biased;
            () = self.ending.cancelled() => return false,
            read = self.cursor.next_batch(&mut self.events, BATCH) => read,
            () = sleep_until(look.unwrap_or_else(Instant::now)), if look.is_some() => {
                self.look_after = LAST_LOOK.min(self.look_after * 2);
                return false;
            }
        };
        match read {
            Ok(_) => self.framer.reserve(&self.events),
            Err(error) => {
                self.failed = Some(status_of_reading(&error, self.consumption.dialect));
            }
        }
        !self.events.is_empty()
    }

    fn next_look(&self) -> Instant {
        let look = Instant::now() + self.look_after;
        let due = self.said_at.checked_add(self.consumption.heartbeat);
        due.map_or(look, |due| due.min(look))
    }

    fn has_to_say(&self) -> bool {
        self.said != Some(self.position())
            || !self.said_tail
            || self.said_at.elapsed() >= self.consumption.heartbeat
    }

    async fn say_position(&mut self) {
        let position = self.position();
        let at_tail = is_at_tail(&self.consumption, position).await;
        self.framer.say_position(position, at_tail);
        self.has_said(position, true);
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
            let at_tail = waits && is_at_tail(&self.consumption, position).await;
            self.framer.end_batch(position, at_tail);
            self.has_said(position, waits);
        }
    }
}

async fn is_at_tail(consumption: &Consumption, position: u64) -> bool {
    // An end that can't be had now is asked for again with the next position.
    let end = consumption.host.stream.end().await.ok().flatten();
    end.is_some_and(|end| position >= end)
}

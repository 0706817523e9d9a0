use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use eventstream_core::{BoxCursor, Cursor, Event, Result};
use futures_core::Stream;

use super::alarm::Alarm;
use crate::unfold::unfold;

/// Read at a time. Together with what the cursor itself holds it is all that waits to be framed.
const BATCH: usize = 256;

/// Room for so many is kept while there is nothing to read.
const KEPT: usize = 16;

/// A cursor, and the read of it that is under way.
///
/// A read goes on while its reader does something else. Dropping it would lose no event, but work: a
/// read that takes longer than the time from one drop to the next never gets done, and never fails.
pub(super) struct Reading {
    /// They never end. One allocation for all reads.
    reads: Pin<Box<dyn Stream<Item = Read> + Send>>,
    shared: Arc<Shared>,
    alarm: Arc<Alarm>,
    waker: Waker,
    /// Whether the read that is under way was woken, and nobody was told so.
    woken: bool,
    /// Of the cursor, before the read that is under way.
    position: u64,
    /// Whether the next read, or the one that is under way, has room for a whole batch.
    roomy: bool,
}

/// What a reading and its reads share.
#[derive(Default)]
struct Shared {
    /// The read has to end if it still waits.
    interrupt: AtomicBool,
    /// For the events of the next read.
    room: Mutex<Vec<Event>>,
}

struct Read {
    /// No events if it was interrupted.
    events: Result<Vec<Event>>,
    /// Of the cursor, afterwards.
    position: u64,
}

impl Reading {
    pub(super) fn new(cursor: BoxCursor) -> Self {
        let shared = Arc::new(Shared::default());
        let position = cursor.position();
        let of_reads = shared.clone();
        let reads = unfold(cursor, move |cursor| read(cursor, of_reads.clone()));
        Self { shared, position, ..Self::of(reads) }
    }

    fn of(reads: impl Stream<Item = Read> + Send + 'static) -> Self {
        let alarm = Arc::new(Alarm::default());
        let waker = alarm.clone().into();
        let shared = Arc::default();
        let reads = Box::pin(reads);
        Self { reads, shared, alarm, waker, woken: false, position: 0, roomy: false }
    }

    /// Of a cursor that is closed: it never brings anything, and just knows where it was.
    pub(super) fn closed(position: u64) -> Self {
        Self { position, ..Self::of(unfold((), |()| async { None })) }
    }

    /// The offset of the next event that will be read, as far as that is known: a read that is under
    /// way may have passed over more.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// What there is, without waiting; or else a read is under way from now on.
    pub(super) fn at_hand(&mut self) -> Option<Result<Vec<Event>>> {
        match self.poll() {
            Poll::Ready(read) => Some(read),
            Poll::Pending => None,
        }
    }

    /// Waits for events.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, the read goes on: it is waited for by the next call.
    pub(super) async fn wait(&mut self) -> Result<Vec<Event>> {
        poll_fn(|cx| self.poll_for(cx)).await
    }

    /// As `wait`; but if the read was woken and still waits, then that is said by `None`, once.
    pub(super) async fn wait_or_wake(&mut self) -> Option<Result<Vec<Event>>> {
        poll_fn(|cx| match self.poll_for(cx) {
            Poll::Ready(read) => Poll::Ready(Some(read)),
            Poll::Pending if mem::take(&mut self.woken) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Ends the read that is under way, unless there is something: its position is known then.
    pub(super) fn interrupt(&mut self) -> Option<Result<Vec<Event>>> {
        self.shared.interrupt.store(true, Ordering::Relaxed);
        let read = self.at_hand();
        self.shared.interrupt.store(false, Ordering::Relaxed);
        read
    }

    /// Takes the room of events that were handed on, if there are more to come as it seems.
    pub(super) fn recycle(&mut self, mut events: Vec<Event>) {
        if events.len() == BATCH {
            events.clear();
            *self.shared.room.lock().unwrap_or_else(PoisonError::into_inner) = events;
            self.roomy = true;
        }
    }

    /// Gives memory back, before a wait that may be long.
    pub(super) fn rest(&mut self) -> Option<Result<Vec<Event>>> {
        mem::take(&mut self.roomy).then(|| self.interrupt()).flatten()
    }

    fn poll_for(&mut self, cx: &Context<'_>) -> Poll<Result<Vec<Event>>> {
        self.alarm.wakes(cx.waker());
        self.poll()
    }

    fn poll(&mut self) -> Poll<Result<Vec<Event>>> {
        // What wakes the read from here on, this poll need not see.
        let rung = self.alarm.has_rung();
        match self.reads.as_mut().poll_next(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(Some(Read { events, position })) => {
                (self.position, self.woken, self.roomy) = (position, false, false);
                Poll::Ready(events)
            }
            Poll::Ready(None) | Poll::Pending => {
                self.woken |= rung;
                Poll::Pending
            }
        }
    }
}

async fn read(mut cursor: BoxCursor, shared: Arc<Shared>) -> Option<(Read, BoxCursor)> {
    let mut events = mem::take(&mut *shared.room.lock().unwrap_or_else(PoisonError::into_inner));
    let read = {
        let mut read = pin!(cursor.next_batch(&mut events, BATCH));
        poll_fn(|cx| match read.as_mut().poll(cx) {
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending if shared.interrupt.load(Ordering::Relaxed) => Poll::Ready(Ok(0)),
            Poll::Pending => Poll::Pending,
        })
        .await
    };
    if events.is_empty() && events.capacity() > KEPT {
        events = Vec::new();
    }
    Some((Read { events: read.map(|_| events), position: cursor.position() }, cursor))
}

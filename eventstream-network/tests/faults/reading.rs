use eventstream_core::{Cursor, Error, Event, EventStream, EventTypes, Result};

use crate::history::{TYPES, all_types, type_at};

/// Reads, and checks that each event comes once, in order.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The only type that is read, as the remainder of its offsets.
    only: Option<u64>,
    /// What is read next, or past it.
    pub(crate) next: u64,
}

impl Reading {
    pub(crate) fn all() -> Self {
        Self { only: None, next: 0 }
    }

    /// Of one type of a hundred.
    pub(crate) fn one_type() -> Self {
        Self { only: Some(7), next: 0 }
    }

    pub(crate) fn types(&self) -> EventTypes {
        self.only.map_or_else(all_types, |only| type_at(only).as_str().into())
    }

    /// Where the next event of these types is.
    fn expected(&self) -> u64 {
        self.only.map_or(self.next, |only| self.next + (only + TYPES - self.next % TYPES) % TYPES)
    }

    pub(crate) fn take(&mut self, event: &Event) {
        assert_eq!(event.offset, self.expected());
        assert_eq!(event.parcel.message_id(), format!("m-{}", event.offset));
        assert_eq!(event.parcel.event_type(), type_at(event.offset));
        self.next = event.offset + 1;
    }

    /// Whether nothing is left to come below `end`.
    pub(crate) fn is_at(&self, end: u64) -> bool {
        self.expected() >= end
    }

    /// Reads until nothing is left below `end`, or the cursor fails.
    pub(crate) async fn read(&mut self, cursor: &mut impl Cursor, end: u64) -> Result<()> {
        let mut events = Vec::new();
        while !self.is_at(end) {
            let read = cursor.next_batch(&mut events, 500).await;
            for event in events.drain(..) {
                self.take(&event);
            }
            self.check(cursor);
            read?;
        }
        Ok(())
    }

    /// Whoever opens a cursor at the position of this one reads on, and reads nothing twice.
    pub(crate) fn check(&self, cursor: &impl Cursor) {
        let position = cursor.position();
        assert!(self.next <= position, "{position}: {self:?}");
        assert!(position <= self.expected(), "{position}: {self:?}");
    }

    /// Reads to `end` with one cursor after the other, each from where the last one was; returns how
    /// many have failed. None may say anything but that it can be tried again.
    pub(crate) async fn read_by_many<S: EventStream>(&mut self, stream: &S, end: u64) -> u64 {
        let (mut failures, mut position) = (0, self.next);
        loop {
            let error = match stream.open(position, self.types()).await {
                Ok(mut cursor) => match self.read(&mut cursor, end).await {
                    Ok(()) => return failures,
                    Err(error) => {
                        // It says so again, and stays where it is.
                        let again = cursor.next().await.unwrap_err();
                        assert_lost(&again);
                        self.check(&cursor);
                        position = cursor.position();
                        error
                    }
                },
                Err(error) => error,
            };
            assert_lost(&error);
            failures += 1;
        }
    }
}

/// What a cursor says whose server has gone away: not that somebody has closed it.
pub(crate) fn assert_lost(error: &Error) {
    assert!(matches!(error, Error::Backend { retryable: true, .. }), "{error:?}");
}

use std::{future::pending, time::Duration};

use eventstream_core::{
    CloseHandle, Cursor, Error, Event, EventStream, EventTypes, Identity, Result,
};
use tokio::time::sleep;

use crate::support::{application, parcel};

/// A stream whose reads take long: who drops one begins anew. It has one event, and then it fails.
#[derive(Clone)]
pub(crate) struct SlowStream {
    pub(crate) takes: Duration,
}

pub(crate) struct SlowCursor {
    takes: Duration,
    position: u64,
}

impl EventStream for SlowStream {
    type Cursor = SlowCursor;

    fn application(&self) -> &Identity {
        static APPLICATION: std::sync::LazyLock<Identity> = std::sync::LazyLock::new(application);
        &APPLICATION
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(EventTypes::any())
    }

    async fn open(&self, position: u64, _: EventTypes) -> Result<SlowCursor> {
        Ok(SlowCursor { takes: self.takes, position })
    }

    async fn end(&self) -> Result<Option<u64>> {
        Ok(Some(2))
    }
}

impl Cursor for SlowCursor {
    async fn next(&mut self) -> Result<Event> {
        sleep(self.takes).await;
        match self.position {
            0 => {
                self.position = 1;
                Ok(Event::new(0, parcel(0, "a")))
            }
            1 => Err(Error::backend("read", false, "the disk is gone")),
            _ => pending().await,
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn close_handle(&self) -> CloseHandle {
        CloseHandle::new()
    }
}

use eventstream_core::{
    BoxError, CloseHandle, Cursor, Event, EventStream, EventTypes, Identity, Parcel, Result,
};
use eventstream_streamtest::{StreamEnv, event_types};

use super::log::Log;

/// A stream of a [`Log`].
pub struct Reference {
    pub log: Log,
    application: Identity,
    types: EventTypes,
}

impl Reference {
    pub fn new(first_offset: u64, types: EventTypes) -> Self {
        Self {
            log: Log::starting_at(first_offset),
            application: Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10"),
            types,
        }
    }

    /// One that declares the types of the suite.
    pub fn declaring(first_offset: u64) -> Self {
        Self::new(first_offset, event_types())
    }
}

impl EventStream for Reference {
    type Cursor = ReferenceCursor;

    fn application(&self) -> &Identity {
        &self.application
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(self.types.clone())
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<ReferenceCursor> {
        types.check_supported_by(&self.types)?;
        self.log.find(offset, &types)?.ok();
        Ok(ReferenceCursor {
            log: self.log.clone(),
            types,
            position: offset,
            close: CloseHandle::new(),
        })
    }

    async fn end(&self) -> Result<Option<u64>> {
        Ok(Some(self.log.end()))
    }
}

impl StreamEnv for Reference {
    type Stream = Self;

    fn stream(&self) -> &Self {
        self
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.log.append(parcels)
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.log.truncate(before);
        Ok(())
    }
}

pub struct ReferenceCursor {
    log: Log,
    types: EventTypes,
    position: u64,
    close: CloseHandle,
}

impl ReferenceCursor {
    /// Moves over what is filtered out.
    pub fn look_ahead(&mut self) {
        match self.log.find(self.position, &self.types) {
            Ok(Ok(event)) => self.position = event.offset,
            Ok(Err(end)) => self.position = end,
            Err(_) => {}
        }
    }

    /// What no good cursor does: it makes for faults.
    pub fn jump_to(&mut self, position: u64) {
        self.position = position;
    }
}

impl Cursor for ReferenceCursor {
    async fn next(&mut self) -> Result<Event> {
        loop {
            // Made before it looks: what is appended in between is not missed.
            let appended = self.log.appended();
            self.close.check()?;
            match self.log.find(self.position, &self.types)? {
                Ok(event) => {
                    self.position = event.offset + 1;
                    return Ok(event);
                }
                Err(position) => self.position = position,
            }
            let waiting = async {
                appended.await;
                Ok(())
            };
            self.close.guard(waiting).await?;
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

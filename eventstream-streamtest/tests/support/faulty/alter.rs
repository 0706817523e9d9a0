//! The faults of what a cursor delivers.

use eventstream_core::{Cursor, Error, Event, Parcel};

use super::{
    Fault,
    cursor::{FaultyCursor, now},
};

impl FaultyCursor {
    /// What becomes of an event on its way; `None` if it is left out.
    pub(super) fn alter(&mut self, mut event: Event) -> Option<Event> {
        match self.fault {
            Some(Fault::SkipsSome) if event.offset % 10 == 5 => return None,
            Some(Fault::FiltersTooMuch)
                if event.offset > 0 && !self.matches_at(event.offset - 1) =>
            {
                return None;
            }
            Some(Fault::Competes) if !self.shared.taken.lock().unwrap().insert(event.offset) => {
                return None;
            }
            Some(Fault::DropsEmptyPayloads) if event.parcel.data().is_empty() => return None,
            Some(Fault::CountsFromOne) => event.offset += 1,
            Some(Fault::CountsToAHundred) => event.offset %= 100,
            Some(Fault::CountsWhatItDelivers) => event.offset = self.opened + self.delivered,
            Some(Fault::CountsIn63Bits) => event.offset &= u64::MAX >> 1,
            Some(Fault::CutsPayloads) if event.parcel.data().len() > 1 << 16 => {
                let mut envelope = event.parcel.to_envelope();
                envelope.data.truncate(1 << 16);
                event.parcel = Parcel::seal(envelope).unwrap();
            }
            Some(Fault::DropsUnknownFields) => {
                event.parcel = Parcel::seal(event.parcel.to_envelope()).unwrap();
            }
            _ => {}
        }
        Some(event)
    }

    fn matches_at(&self, offset: u64) -> bool {
        matches!(self.log.find(offset, &self.types), Ok(Ok(event)) if event.offset == offset)
    }

    /// An event that comes in the place of the next one.
    pub(super) fn instead(&mut self, event: &Event, waited: bool) -> Option<Event> {
        match self.fault {
            Some(Fault::SwapsTwo) if event.offset % 10 == 3 => {
                now(self.inner.next()).and_then(Result::ok)
            }
            Some(Fault::RepeatsTheLast) if waited => self.last.clone(),
            Some(Fault::RepeatsAfterAFilteredEvent) => {
                self.last.clone().filter(|last| waited && last.offset + 1 < event.offset)
            }
            _ => None,
        }
    }
}

/// What becomes of an error on its way.
pub(super) fn alter_error(fault: Option<Fault>, position: u64, error: Error) -> Error {
    match (fault, error) {
        (Some(Fault::TruncatedNamesTheGone), Error::Truncated { oldest, .. }) => {
            Error::Truncated { requested: position, oldest: oldest - 1 }
        }
        (Some(Fault::TruncatedNamesTheOpening), Error::Truncated { oldest, .. }) => {
            Error::Truncated { requested: position, oldest }
        }
        (_, error) => error,
    }
}

//! The faults of where a handler begins.

use eventstream_core::{HandlerError, Identity};
use tokio::task::yield_now;

use super::{HandlerFault as Fault, handler::FaultyHandler};

impl FaultyHandler {
    /// What it says of itself.
    pub(super) fn is_started(&self, source: &Identity) -> bool {
        match self.fault {
            Some(Fault::HasNeverBegun) => false,
            Some(Fault::HasAlwaysBegun) => true,
            Some(Fault::HasBegunInMemory | Fault::StartInMemory) => self.has_started,
            _ => self.has_offset(source),
        }
    }

    /// What it goes by.
    fn has_offset(&self, source: &Identity) -> bool {
        let key = self.offset_key(source);
        self.table.with(|state| match self.fault {
            Some(Fault::StartsAgain) => false,
            Some(Fault::ZeroIsNoStart) => state.offset(&key) > 0,
            Some(Fault::EventsAreNoStart) => state.started.contains(&key),
            _ => state.offsets.contains_key(&key),
        })
    }

    pub(super) async fn start(
        &mut self,
        source: &Identity,
        offset: u64,
    ) -> Result<(), HandlerError> {
        let (key, table) = (self.offset_key(source), self.table.clone());
        let _turn = self.turn().await;
        if self.has(Fault::AsksAndThenStarts) {
            let has_begun = self.has_offset(source);
            yield_now().await;
            yield_now().await;
            if has_begun {
                return Err(HandlerError::Conflict);
            }
        } else if self.has_offset(source) {
            return Err(HandlerError::Conflict);
        }
        self.has_changed();
        match self.fault {
            Some(Fault::StartIsNotStored) => return Ok(()),
            Some(Fault::StartInMemory) => {
                self.has_started = true;
                self.known = Some(offset);
                return Ok(());
            }
            Some(Fault::StartIsToBeRetried) => return Err("there is no place for it".into()),
            Some(Fault::StartsInTwoSteps) => {
                table.with(|state| state.move_to(&key, 0));
                yield_now().await;
            }
            _ => {}
        }
        self.has_started = true;
        self.known = Some(offset);
        table.with(|state| {
            state.started.insert(key.clone());
            state.move_to(&key, offset);
        });
        match self.fault {
            Some(Fault::StartIsRejectedAndStored) => {
                Err(HandlerError::Reject("there is no place for it".into()))
            }
            _ => Ok(()),
        }
    }
}

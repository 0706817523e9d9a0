use bytes::Bytes;
use eventstream_core::{Event, Parcel};

use crate::postgres::{error::Result, sql::offset, store::Charter, watch::Bounds};

/// Events that were read with one statement, which saw the bounds of that moment.
pub(super) struct Page {
    pub(super) events: Vec<Event>,
    pub(super) bounds: Bounds,
    /// Whether all that matches in the range was read; else it goes on behind the last event.
    pub(super) is_whole: bool,
    /// How many events are to be asked for next.
    pub(super) limit: u32,
}

impl Page {
    pub(super) fn empty(bounds: Bounds, limit: u32) -> Self {
        Self { events: Vec::new(), bounds, is_whole: true, limit }
    }
}

/// The columns of a page: the envelopes stand one after another.
pub(super) struct Columns<'a> {
    pub(super) offsets: Option<Vec<i64>>,
    pub(super) sizes: Option<Vec<i32>>,
    pub(super) envelopes: Option<&'a [u8]>,
}

impl Columns<'_> {
    /// Takes the events apart. `dense` is the offset of the first one, if none may be missing.
    pub(super) fn events(self, charter: &Charter, dense: Option<u64>) -> Result<Vec<Event>> {
        let offsets = self.offsets.unwrap_or_default();
        let sizes = self.sizes.unwrap_or_default();
        // The one copy of all of them.
        let mut rest = Bytes::copy_from_slice(self.envelopes.unwrap_or_default());
        let mut events = Vec::with_capacity(offsets.len());
        let mut expected = dense;
        let mut least = 0;
        for (stored, size) in offsets.iter().zip(&sizes) {
            let at = offset(*stored);
            if let Some(missing) = expected.filter(|expected| *expected != at) {
                return Err(charter.damaged(missing, at.saturating_sub(1), "they are missing"));
            }
            expected = expected.and_then(|expected| expected.checked_add(1));
            let size = usize::try_from(*size).unwrap_or(usize::MAX);
            if size > rest.len() || at < least {
                return Err(charter.damaged(at, at, "it is not where it should be"));
            }
            least = at.saturating_add(1);
            let parcel = Parcel::from_wire(rest.split_to(size));
            let parcel = parcel.map_err(|error| charter.damaged(at, at, error.to_string()))?;
            events.push(Event::new(at, parcel));
        }
        Ok(events)
    }
}

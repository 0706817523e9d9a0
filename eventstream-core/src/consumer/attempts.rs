/// How often an event was tried in a row, for a consumer that keeps no note of it elsewhere.
///
/// The event that fails is the next one to be handled: there is only one at a time.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    offset: u64,
    count: u32,
}

impl Attempts {
    /// Counts a failure to handle the event at an offset; returns how many there were.
    pub(super) fn failed(&mut self, offset: u64) -> u32 {
        if self.offset != offset {
            *self = Self { offset, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

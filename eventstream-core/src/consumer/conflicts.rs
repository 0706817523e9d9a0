/// So many conflicts at one offset may be bad luck.
const MOST: u32 = 10;

/// Conflicts in a row at the same offset.
///
/// With each conflict the handler should be at another offset: that is what it means. One that
/// names an offset and refuses it, again and again, has something wrong with it, and must not keep
/// the stream and its database busy.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    offset: Option<u64>,
    count: u32,
}

impl Conflicts {
    /// Counts a conflict at the handler's offset; returns whether there is no end of them.
    pub(super) fn is_endless(&mut self, offset: Option<u64>) -> bool {
        if self.offset != offset {
            *self = Self { offset, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count > MOST
    }
}

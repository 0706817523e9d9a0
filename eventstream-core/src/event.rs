use crate::Parcel;

/// An event of a stream: a [`Parcel`], and where it stands. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The 0-based, gapless position of the event on its stream.
    pub offset: u64,
    /// What was recorded.
    pub parcel: Parcel,
}

impl Event {
    /// Puts a parcel at an offset.
    #[must_use]
    pub fn new(offset: u64, parcel: Parcel) -> Self {
        Self { offset, parcel }
    }
}

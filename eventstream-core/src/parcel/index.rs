//! Where the fields that are read most stand in the wire bytes.

use std::ops::Range;

use super::{
    number,
    wire::{Field, Fields, read_len},
};

/// For each indexed field the position of its length, in 16 bytes altogether: a parcel is moved
/// and cloned far more often than its fields are read, so its size counts.
#[derive(Clone, Copy, Default)]
pub(super) struct Index([u16; 8]);

/// The field is not there. (No length stands at position 0: a tag comes before it.)
const ABSENT: u16 = 0;
/// The field stands too far behind for 16 bits, and is searched for when it is asked for.
const FAR: u16 = u16::MAX;

impl Index {
    /// Notes a field. Where one stands twice, the later counts: so protobuf has it.
    #[inline]
    pub(super) fn note(&mut self, field: &Field) {
        if let Some(slot) = slot(field.number)
            && field.value.is_some()
        {
            self.0[slot] = u16::try_from(field.at).unwrap_or(FAR);
        }
    }

    /// Where the value of a field is; `None` if the field is not there.
    #[inline]
    pub(super) fn find(&self, wire: &[u8], number: u32) -> Option<Range<usize>> {
        match slot(number).map_or(FAR, |slot| self.0[slot]) {
            ABSENT => None,
            FAR => Fields::of(wire)
                .filter_map(Result::ok)
                .filter(|field| field.number == number)
                .filter_map(|field| field.value)
                .last(),
            at => read_len(wire, &mut usize::from(at)).ok(),
        }
    }
}

#[inline]
fn slot(number: u32) -> Option<usize> {
    Some(match number {
        number::MESSAGE_ID => 0,
        number::SOURCE_APPLICATION => 1,
        number::SOURCE_HANDLER => 2,
        number::SOURCE_INSTANCE_ID => 3,
        number::CREATED_AT => 4,
        number::PORTABLE_NAME => 5,
        number::MEDIA_TYPE => 6,
        number::DATA => 7,
        _ => return None,
    })
}

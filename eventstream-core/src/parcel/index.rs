//! Where the fields that are read most stand in the wire bytes.

use std::ops::Range;

use super::{
    number,
    wire::{Field, Fields, read_len},
};

/// For each indexed field how far its length stands behind that of the field before it, in 8 bytes
/// altogether: a parcel is kept, moved and cloned far more often than its fields are read, so its
/// size counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Index([u8; FIELDS]);

/// Where the length of each indexed field stands, while the fields are gone through.
#[derive(Default)]
pub(super) struct Positions([usize; FIELDS]);

const FIELDS: usize = 8;

/// The field is not there. (No length stands at position 0: a tag comes before it.)
const ABSENT: u8 = 0;
/// The field stands too far behind the one before it, or in front of it, and is searched for when
/// it is asked for.
const FAR: u8 = u8::MAX;

impl Positions {
    /// Notes a field. Where one stands twice, the later counts: so protobuf has it.
    #[inline]
    pub(super) fn note(&mut self, field: &Field) {
        if let Some(slot) = slot(field.number)
            && field.value.is_some()
        {
            self.0[slot] = field.at;
        }
    }

    pub(super) fn index(&self) -> Index {
        let mut steps = [ABSENT; FIELDS];
        let mut last = 0;
        for (step, at) in steps.iter_mut().zip(self.0).filter(|(_, at)| *at > 0) {
            *step = FAR;
            let near = at.checked_sub(last).and_then(|step| u8::try_from(step).ok());
            if let Some(near) = near.filter(|near| (1..FAR).contains(near)) {
                *step = near;
                last = at;
            }
        }
        Index(steps)
    }
}

impl Index {
    /// Where the value of a field is; `None` if the field is not there.
    #[inline]
    pub(super) fn find(self, wire: &[u8], number: u32) -> Option<Range<usize>> {
        let Some(slot) = slot(number) else {
            return search(wire, number);
        };
        match self.0[slot] {
            ABSENT => None,
            FAR => search(wire, number),
            _ => read_len(wire, &mut self.position(slot)).ok(),
        }
    }

    /// The sum of the steps to a field that is near: of all bytes at once, as this is asked several
    /// times for each event.
    #[inline]
    fn position(self, slot: usize) -> usize {
        const EACH: u64 = 0x0101_0101_0101_0101;
        const LOW: u64 = 0x7f * EACH;
        const PAIRS: u64 = 0x00ff_00ff_00ff_00ff;
        let steps = u64::from_le_bytes(self.0) & (u64::MAX >> (8 * (FIELDS - 1 - slot)));
        // The highest bit of each byte of which all bits are set.
        let far = steps & ((steps & LOW) + EACH) & !LOW;
        let near = steps & !((far >> 7) * u64::from(FAR));
        let sums = (near & PAIRS) + (near >> 8 & PAIRS);
        // No more than eight times 254, which is no more than the 16 bits that stay.
        (sums.wrapping_mul(0x0001_0001_0001_0001) >> 48) as usize
    }
}

#[cold]
fn search(wire: &[u8], number: u32) -> Option<Range<usize>> {
    Fields::of(wire)
        .filter_map(Result::ok)
        .filter(|field| field.number == number)
        .filter_map(|field| field.value)
        .last()
}

/// In the order in which the fields of a sealed envelope stand.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of fields whose lengths stand at these positions, and the wire bytes: each field
    /// has one byte, which is its number.
    fn index(fields: &[(u32, usize)]) -> (Index, Vec<u8>) {
        let end = fields.iter().map(|(_, at)| at + 2).max().unwrap_or(0);
        let (mut positions, mut wire) = (Positions::default(), vec![0xff; end]);
        for (number, at) in fields {
            let (number, at) = (*number, *at);
            positions.note(&Field { number, at, value: Some(at + 1..at + 2) });
            wire[at] = 1;
            wire[at + 1] = u8::try_from(number).unwrap();
        }
        (positions.index(), wire)
    }

    #[test]
    fn fields_are_found_by_their_steps() {
        let fields = [
            (number::MESSAGE_ID, 1),
            (number::SOURCE_APPLICATION, 255),
            (number::SOURCE_INSTANCE_ID, 509),
            (number::DATA, 512),
        ];
        let (index, wire) = index(&fields);
        assert_eq!(index.0, [1, 254, 0, 254, 0, 0, 0, 3]);
        for (number, at) in fields {
            assert_eq!(index.find(&wire, number), Some(at + 1..at + 2));
        }
        assert_eq!(index.find(&wire, number::SOURCE_HANDLER), None);
        assert_eq!(index.find(&wire, number::MEDIA_TYPE), None);
    }

    #[test]
    fn steps_of_any_size_add_up() {
        for steps in
            [[254; 8], [1; 8], [255, 254, 128, 127, 0, 255, 1, 254], [0, 255, 0, 255, 0, 255, 0, 7]]
        {
            for slot in 0..FIELDS {
                let near = steps[..=slot].iter().filter(|step| **step != FAR);
                let expected = near.copied().map(usize::from).sum::<usize>();
                assert_eq!(Index(steps).position(slot), expected, "{slot} of {steps:?}");
            }
        }
    }

    #[test]
    fn what_stands_too_far_or_out_of_order_is_searched_for_and_the_rest_is_not() {
        let fields = [
            (number::MESSAGE_ID, 300), // Too far from the beginning.
            (number::SOURCE_APPLICATION, 100),
            (number::SOURCE_HANDLER, 90), // In front of the one before it.
            (number::CREATED_AT, 355),    // One too far.
            (number::PORTABLE_NAME, 354),
            (number::DATA, 100_000),
        ];
        let (index, wire) = index(&fields);
        assert_eq!(index.0, [FAR, 100, FAR, 0, FAR, 254, 0, FAR]);
        assert_eq!(index.find(&wire, number::SOURCE_APPLICATION), Some(101..102));
        assert_eq!(index.find(&wire, number::PORTABLE_NAME), Some(355..356));
        assert_eq!(index.find(&wire, number::SOURCE_INSTANCE_ID), None);
    }
}

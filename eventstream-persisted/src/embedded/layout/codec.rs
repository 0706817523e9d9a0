//! Numbers and texts in bytes.

use super::FORMAT;

/// Takes numbers and texts from the front of bytes; `None` if there are not enough.
pub(super) struct Take<'a>(pub(super) &'a [u8]);

impl<'a> Take<'a> {
    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A text, after its length.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.u32()?).ok()?;
        std::str::from_utf8(self.bytes(len)?).ok()
    }
}

/// Adds numbers and texts to the end of bytes.
pub(super) trait Put {
    fn put_u16(&mut self, number: u16);
    fn put_u32(&mut self, number: u32);
    fn put_u64(&mut self, number: u64);
    /// A text, with its length before it.
    fn put_text(&mut self, text: &str);
}

impl Put for Vec<u8> {
    fn put_u16(&mut self, number: u16) {
        self.extend(number.to_le_bytes());
    }

    fn put_u32(&mut self, number: u32) {
        self.extend(number.to_le_bytes());
    }

    fn put_u64(&mut self, number: u64) {
        self.extend(number.to_le_bytes());
    }

    fn put_text(&mut self, text: &str) {
        self.put_u32(u32_of(text.len()));
        self.extend(text.as_bytes());
    }
}

/// A length that has been bounded before.
///
/// # Panics
///
/// If it has not: that would be an error of ours, and what is stored must not be wrong.
pub(super) fn u32_of(len: usize) -> u32 {
    u32::try_from(len).expect("lengths are checked at the door")
}

/// Where the checksum of a record with a fixed place stands: after its magic.
const CHECKSUM: std::ops::Range<usize> = 4..8;

/// Puts the checksum of all that follows it into a record that begins with a magic number.
pub(super) fn sign(record: &mut [u8]) -> u32 {
    sign_with(0, record)
}

/// As [`sign`], for records that are searched for: with a seed that only the store knows, so that
/// nothing in a payload can be taken for one.
pub(super) fn sign_with(seed: u32, record: &mut [u8]) -> u32 {
    let checksum = crc32c::crc32c_append(seed, &record[CHECKSUM.end..]);
    record[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    checksum
}

/// What follows the checksum of a record, if it is right; and the checksum.
pub(super) fn verified(record: &[u8], magic: [u8; 4]) -> Option<(Take<'_>, u32)> {
    verified_with(0, record, magic)
}

/// As [`verified`], of a record that was signed with a seed.
pub(super) fn verified_with(seed: u32, record: &[u8], magic: [u8; 4]) -> Option<(Take<'_>, u32)> {
    let mut take = Take(record);
    if take.array()? != magic {
        return None;
    }
    let checksum = take.u32()?;
    (crc32c::crc32c_append(seed, take.0) == checksum).then_some((take, checksum))
}

/// Whether a header, which begins with the number of its format, is whole and of another one.
pub(super) fn has_other_format(header: &[u8], magic: [u8; 4]) -> bool {
    let format = verified(header, magic).and_then(|(mut take, _)| take.u32());
    format.is_some_and(|format| format != FORMAT)
}

/// A record that begins with a magic number and room for the checksum.
pub(super) fn record(magic: [u8; 4], capacity: usize) -> Vec<u8> {
    let mut record = Vec::with_capacity(capacity);
    record.extend(magic);
    record.extend([0; 4]);
    record
}

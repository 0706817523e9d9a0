//! The protobuf wire format: reading fields out of bytes, in the order in which they stand.

use std::ops::Range;

/// Why bytes are no protobuf message.
pub(super) type Malformed = &'static str;

/// Protobuf's own limit: a message is shorter than 2 GiB.
pub(super) const MAX_LEN: usize = i32::MAX as usize;

/// Groups within groups: deeper than anyone nests them, and shallow enough for every stack.
const MAX_GROUP_DEPTH: usize = 64;

const WIRE_VARINT: u64 = 0;
const WIRE_FIXED64: u64 = 1;
const WIRE_LEN: u64 = 2;
const WIRE_START_GROUP: u64 = 3;
const WIRE_END_GROUP: u64 = 4;
const WIRE_FIXED32: u64 = 5;

/// A field of a message.
pub(super) struct Field {
    pub(super) number: u32,
    /// Where the field's length, or its value if it has none, begins.
    pub(super) at: usize,
    /// The bytes of the field's value, if it is one that has a length: all fields of an envelope
    /// are.
    pub(super) value: Option<Range<usize>>,
}

/// The fields of a message; after an error there are no more.
pub(super) struct Fields<'a> {
    wire: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn of(wire: &'a [u8]) -> Self {
        Self { wire, at: 0 }
    }

    /// Where the next field begins.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn read(&mut self) -> Result<Field, Malformed> {
        let (number, wire_type) = read_tag(self.wire, &mut self.at)?;
        let at = self.at;
        let value = if wire_type == WIRE_LEN {
            let range = read_len(self.wire, &mut self.at)?;
            self.at = range.end;
            Some(range)
        } else {
            skip(self.wire, &mut self.at, number, wire_type, 0)?;
            None
        };
        Ok(Field { number, at, value })
    }
}

impl Iterator for Fields<'_> {
    type Item = Result<Field, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.wire.len() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.at = self.wire.len();
        }
        Some(field)
    }
}

/// Reads the length at `at` and moves past it; returns where the bytes are that it counts.
#[inline]
pub(super) fn read_len(wire: &[u8], at: &mut usize) -> Result<Range<usize>, Malformed> {
    let len = read_varint(wire, at)?;
    usize::try_from(len)
        .ok()
        .and_then(|len| at.checked_add(len))
        .filter(|end| *end <= wire.len())
        .map(|end| *at..end)
        .ok_or("has a field that is longer than what is there")
}

#[inline]
fn read_tag(wire: &[u8], at: &mut usize) -> Result<(u32, u64), Malformed> {
    let tag = read_varint(wire, at)?;
    match u32::try_from(tag >> 3) {
        Ok(number @ 1..=0x1fff_ffff) => Ok((number, tag & 7)),
        _ => Err("has a field with an impossible number"),
    }
}

#[inline]
fn read_varint(wire: &[u8], at: &mut usize) -> Result<u64, Malformed> {
    // As nearly all are: tags, and the lengths of short texts.
    if let Some(byte @ ..0x80) = wire.get(*at) {
        *at += 1;
        return Ok(u64::from(*byte));
    }
    read_long_varint(wire, at)
}

fn read_long_varint(wire: &[u8], at: &mut usize) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *wire.get(*at).ok_or("ends in the middle of a field")?;
        *at += 1;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("has a number of more than 64 bits")
}

fn skip(
    wire: &[u8],
    at: &mut usize,
    number: u32,
    wire_type: u64,
    depth: usize,
) -> Result<(), Malformed> {
    match wire_type {
        WIRE_VARINT => read_varint(wire, at).map(drop),
        WIRE_FIXED64 => skip_fixed(wire, at, 8),
        WIRE_FIXED32 => skip_fixed(wire, at, 4),
        WIRE_LEN => read_len(wire, at).map(|range| *at = range.end),
        WIRE_START_GROUP if depth < MAX_GROUP_DEPTH => loop {
            let (inner, wire_type) = read_tag(wire, at)?;
            if wire_type == WIRE_END_GROUP {
                return if inner == number {
                    Ok(())
                } else {
                    Err("has a group that another one's end closes")
                };
            }
            skip(wire, at, inner, wire_type, depth + 1)?;
        },
        WIRE_START_GROUP => Err("has groups nested too deep"),
        WIRE_END_GROUP => Err("has the end of a group that never began"),
        _ => Err("has a field of an unknown wire type"),
    }
}

fn skip_fixed(wire: &[u8], at: &mut usize, len: usize) -> Result<(), Malformed> {
    let end = *at + len;
    if end > wire.len() {
        return Err("ends in the middle of a field");
    }
    *at = end;
    Ok(())
}

/// How many bytes a number takes as a varint.
pub(super) fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        // The lowest seven bits, and the sign that more follow.
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The tag of a field whose value has a length.
pub(super) fn len_tag(number: u32) -> u64 {
    u64::from(number) << 3 | WIRE_LEN
}

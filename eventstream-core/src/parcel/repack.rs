//! Another payload in the same envelope.

use super::{
    encode::put,
    number,
    wire::{Fields, Malformed},
};

/// The wire bytes of an envelope whose payload is replaced. All other fields stay as they are, byte
/// for byte and in their order, also those that nobody here knows.
pub(super) fn repack(wire: &[u8], media_type: &str, data: &[u8]) -> Result<Vec<u8>, Malformed> {
    // Besides the two values no more than is there: their tags and lengths, some bytes longer.
    let mut out = Vec::with_capacity(wire.len() + media_type.len() + data.len() + 16);
    let mut fields = Fields::of(wire);
    let (mut start, mut is_placed) = (0, false);
    while let Some(field) = fields.next() {
        let number = field?.number;
        if !matches!(number, number::MEDIA_TYPE | number::DATA) {
            out.extend_from_slice(&wire[start..fields.position()]);
        } else if !is_placed {
            put(&mut out, number::MEDIA_TYPE, media_type.as_bytes());
            put(&mut out, number::DATA, data);
            is_placed = true;
        }
        start = fields.position();
    }
    Ok(out)
}

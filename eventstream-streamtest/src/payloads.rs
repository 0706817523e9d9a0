//! Parcels that are not like most: empty, large, or with fields that nobody knows.

use bytes::Bytes;
use eventstream_core::Parcel;

use crate::{
    Parcels,
    failure::{Check, Failure},
    parcels::{A, B, C},
};

/// Some without a payload, between others.
// Like the others, though it can't fail.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn empty(parcels: &mut Parcels) -> Check<Vec<Parcel>> {
    Ok(vec![
        parcels.make(A),
        parcels.make_with(B, Bytes::new()),
        parcels.make_with(B, Bytes::new()),
        parcels.make(C),
    ])
}

/// One with a large payload, between others.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn one_mebibyte(parcels: &mut Parcels) -> Check<Vec<Parcel>> {
    Ok(vec![parcels.make(A), parcels.make_with(B, text_of(1 << 20)), parcels.make(C)])
}

/// A payload of this size. No two stretches of it are alike, so that none can stand for another.
pub(crate) fn text_of(size: usize) -> Vec<u8> {
    let mut payload = vec![b'"'];
    for i in 0.. {
        payload.extend(i.to_string().into_bytes());
        payload.push(b'.');
        if payload.len() >= size {
            break;
        }
    }
    payload.truncate(size - 1);
    payload.push(b'"');
    payload
}

/// Some with fields that no version of an envelope has.
pub(crate) fn unknown_fields(parcels: &mut Parcels) -> Check<Vec<Parcel>> {
    let mut unknown = Vec::new();
    for (number, wire_type, value) in [
        // A varint, eight bytes, some bytes with their length, four bytes, a group with a field
        // in it.
        (2_000, 0, &[0x96, 0x01][..]),
        (2_001, 1, b"12345678"),
        (2_002, 2, b"\x07unknown"),
        (2_003, 5, b"1234"),
        (2_004, 3, &[0x08, 0x07]),
        (2_004, 4, &[]),
        // The same number again, as a repeated field has it.
        (2_002, 2, b"\x00"),
    ] {
        put_tag(&mut unknown, number << 3 | wire_type);
        unknown.extend(value);
    }
    let known = parcels.make(B).wire().clone();
    let also_known = parcels.make(B).wire().clone();
    Ok(vec![
        parcels.make(A),
        from_parts(&[&known, &unknown])?,
        from_parts(&[&unknown, &also_known])?,
        parcels.make(C),
    ])
}

fn from_parts(parts: &[&[u8]]) -> Check<Parcel> {
    Parcel::from_wire(parts.concat().into())
        .map_err(|error| Failure::new(format!("a parcel with unknown fields is refused: {error}")))
}

/// A tag of two or three bytes, in protobuf's variable length.
fn put_tag(out: &mut Vec<u8>, mut tag: u32) {
    while tag >= 0x80 {
        out.push(tag.to_le_bytes()[0] | 0x80);
        tag >>= 7;
    }
    out.push(tag.to_le_bytes()[0]);
}

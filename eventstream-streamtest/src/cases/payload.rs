use bytes::Bytes;
use eventstream_core::Parcel;

use crate::{
    StreamHarness,
    call::Call,
    failure::{Check, Failure},
    parcels::{A, B, C},
    stage::Scene,
};

pub(crate) async fn empty<H: StreamHarness>(scene: Scene<H>) -> Check {
    delivers_as_appended(scene, |parcels| {
        Ok(vec![
            parcels.make(A),
            parcels.make_with(B, Bytes::new()),
            parcels.make_with(B, Bytes::new()),
            parcels.make(C),
        ])
    })
    .await
}

pub(crate) async fn one_mebibyte<H: StreamHarness>(scene: Scene<H>) -> Check {
    delivers_as_appended(scene, |parcels| {
        // No two stretches of it are alike, so that none can stand for another.
        let mut payload = vec![b'"'];
        for i in 0.. {
            payload.extend(i.to_string().into_bytes());
            payload.push(b'.');
            if payload.len() >= 1 << 20 {
                break;
            }
        }
        payload.truncate((1 << 20) - 1);
        payload.push(b'"');
        Ok(vec![parcels.make(A), parcels.make_with(B, payload), parcels.make(C)])
    })
    .await
}

pub(crate) async fn unknown_fields_are_kept<H: StreamHarness>(scene: Scene<H>) -> Check {
    delivers_as_appended(scene, |parcels| {
        let mut unknown = Vec::new();
        for (number, wire_type, value) in [
            // A varint, eight bytes, some bytes with their length, four bytes, a group with a
            // field in it.
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
    })
    .await
}

/// Appends these parcels and reads them back, from the history and as they come, in both ways.
async fn delivers_as_appended<H: StreamHarness>(
    scene: Scene<H>,
    make: impl FnOnce(&mut crate::Parcels) -> Check<Vec<Parcel>>,
) -> Check {
    let mut stage = scene.start().await?;
    let mut live = stage.open_any(0).await?;
    let parcels = make(&mut stage.parcels)?;
    let events = stage.append_parcels(parcels).await?;
    live.expect(&events).await?;
    for call in Call::BOTH {
        stage.open_any(0).await?.expect_by(call, &events).await?;
    }
    Ok(())
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

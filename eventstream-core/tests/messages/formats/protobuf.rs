use eventstream_core::{Codec, MarshalError, Marshaler};

use super::one;
use crate::support::Placed;

#[test]
fn protobuf_has_three_names() {
    let marshaler = Marshaler::new([]).message_with::<Placed>([Codec::protobuf()]);
    let payload = marshaler.marshal(&one()).unwrap();
    assert_eq!(payload.media_type, "application/vnd.google.protobuf");
    assert_eq!(payload.data, &b"\x08\x07\x12\x03Ada\x21\0\0\0\0\0\0\xf8\x3f"[..]);
    for media_type in [
        "application/vnd.google.protobuf",
        "application/protobuf",
        "Application/X-Protobuf; type=\"order.placed\"",
    ] {
        let read: Placed = marshaler.unmarshal_from(media_type, &payload.data).unwrap();
        assert_eq!(read, one());
        assert_eq!(marshaler.marshal_as(media_type, &one()).unwrap().media_type, media_type);
    }
    let error = marshaler.unmarshal_from::<Placed>("application/protobuf", b"\xff").unwrap_err();
    assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
}

#[cfg(feature = "json")]
#[test]
fn its_form_in_json_is_that_of_serde() {
    let marshaler = Marshaler::json().message_with::<Placed>([Codec::protobuf(), Codec::json()]);
    let media_type = "application/vnd.google.protobuf+json";
    let payload = marshaler.marshal_as(media_type, &one()).unwrap();
    assert_eq!(payload.data, Marshaler::json().marshal(&one()).unwrap().data);
}

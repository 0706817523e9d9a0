use eventstream_core::{MarshalError, Marshaler, Message};

use super::one;
use crate::support::{Placed, chain, parcel};

#[test]
fn json_is_json() {
    let marshaler = Marshaler::json();
    let payload = marshaler.marshal(&one()).unwrap();
    assert_eq!(payload.media_type, "application/json");
    assert_eq!(
        payload.data,
        r#"{"order":7,"customer":"Ada","discount":null,"weight":1.5,"items":[],"gift":null}"#
    );
    for media_type in ["application/json; charset=utf-8", "application/vnd.shop.v1+json"] {
        let read: Placed = marshaler.unmarshal_from(media_type, &payload.data).unwrap();
        assert_eq!(read, one());
    }
    for bad in [&b"{}"[..], b"", b"{\"order\":", b"null", b"\xff"] {
        let error = marshaler.unmarshal_from::<Placed>("application/json", bad).unwrap_err();
        assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
    }
    let more = [&payload.data[..], b"x"].concat();
    assert!(marshaler.unmarshal_from::<Placed>("application/json", &more).is_err());
}

#[test]
fn a_type_need_not_be_registered_to_be_marshalled() {
    let marshaler = Marshaler::json();
    assert!(marshaler.media_types_for(Placed::TYPE).is_empty());
    let parcel = parcel(Placed::TYPE, "application/json", r#"{"order":1}"#);
    let error = marshaler.unmarshal::<Placed>(&parcel).unwrap_err();
    assert!(chain(&error).contains("missing field `customer`"), "{}", chain(&error));

    let registered = marshaler.message::<Placed>();
    assert_eq!(registered.media_types_for(Placed::TYPE), ["application/json"]);
    assert_eq!(registered.marshal(&one()).unwrap(), Marshaler::json().marshal(&one()).unwrap());
}

use eventstream_core::{Format, MarshalError, Marshaler, Message};
use serde::{Deserialize, Serialize};

use super::one;
use crate::support::{Placed, chain};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Weighed {
    kilos: f64,
    at: String,
    lost: (),
}

impl Message for Weighed {
    const TYPE: &'static str = "parcel.weighed";
}

#[cfg(feature = "json")]
#[test]
fn formats_are_in_order_of_preference() {
    let marshaler = Marshaler::new([Format::Cbor, Format::Json]).message::<Placed>();
    assert_eq!(marshaler.media_types_for(Placed::TYPE), ["application/cbor", "application/json"]);
    let cbor = marshaler.marshal(&one()).unwrap();
    assert_eq!(cbor.media_type, "application/cbor");
    let json = marshaler.marshal_as("application/json", &one()).unwrap();
    for payload in [cbor, json] {
        let read: Placed = marshaler.unmarshal_from(&payload.media_type, &payload.data).unwrap();
        assert_eq!(read, one());
    }
}

/// What other encoders write, by the examples of RFC 8949's appendix A.
#[test]
fn what_others_write_is_read() {
    let marshaler = Marshaler::new([Format::Cbor]);
    let prefixed = |kilos: &[u8]| {
        // An open map, a text in two pieces with the tag of a date, and null for a unit.
        let mut data = b"\xbf\x65kilos".to_vec();
        data.extend(kilos);
        data.extend(b"\x62at\xc0\x7f\x662026-0\x633-2\xff\x64lost\xf6\xff");
        data
    };
    let halves: &[u8] = b"\xf9\x3e\x00";
    for kilos in [halves, b"\xfa\x3f\xc0\x00\x00", b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"] {
        let read: Weighed = marshaler.unmarshal_from("application/cbor", &prefixed(kilos)).unwrap();
        assert_eq!(read, Weighed { kilos: 1.5, at: "2026-03-2".to_owned(), lost: () });
    }
}

#[test]
fn what_is_not_all_of_the_payload_is_refused() {
    let marshaler = Marshaler::new([Format::Cbor]);
    let data = marshaler.marshal(&one()).unwrap().data;
    let read = |data: &[u8]| marshaler.unmarshal_from::<Placed>("application/cbor", data);
    assert_eq!(read(&data).unwrap(), one());
    for len in 0..data.len() {
        let error = read(&data[..len]).unwrap_err();
        assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
    }
    let error = read(&[&data[..], b"\xf6\xf6"].concat()).unwrap_err();
    assert!(chain(&error).ends_with("2 bytes follow the message"), "{}", chain(&error));
    // Nested deeper than anybody means it.
    let error = read(&vec![0x81; 100_000]).unwrap_err();
    assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
}

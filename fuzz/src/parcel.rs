//! The wire bytes of an envelope.

use bytes::Bytes;
use eventstream_core::{Envelope, Error, Identity, Parcel};
use prost::Message;

use crate::{dogma, memory::bounded};

/// Tags of fields, and values that are looked at.
pub const WORDS: &[&[u8]] = &[
    b"\x0a\x01m",
    b"\x12\x01m",
    b"\x1a\x01m",
    b"\x22\x06\x0a\x01a\x12\x01k",
    b"\x2a\x06\x0a\x01h\x12\x01k",
    b"\x32\x01i",
    b"\x3a\x142026-01-01T00:00:00Z",
    b"\x42\x00",
    b"\x4a\x01d",
    b"\x52\x01t",
    b"\x5a\x03a/b",
    b"\x62\x01x",
    b"\x6a\x06\x0a\x01s\x12\x01k",
    b"\xca\x3e\x06\x0a\x01a\x12\x01v",
    b"\x73\x08\x01\x74",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x7d\x00\x00\x00\x00",
];

/// What is accepted has the fields that prost reads, keeps its bytes, and can be sealed again from
/// its fields.
///
/// # Panics
///
/// If not.
pub fn check(data: &[u8]) {
    let wire = Bytes::copy_from_slice(data);
    // A message of the error may have the media type in it, escaped.
    let most = 4096 + 32 * data.len();
    let trusted = bounded(most, || Parcel::from_trusted_wire(wire.clone()));
    let checked = bounded(most, || Parcel::from_wire(wire.clone()));
    if let Ok(parcel) = &trusted {
        assert_eq!(parcel.wire(), data);
        look_at(parcel);
    }
    match checked {
        Ok(parcel) => {
            assert_eq!(parcel.wire(), data);
            assert_eq!(Some(&parcel), trusted.as_ref().ok());
            is_right(&parcel);
        }
        Err(Error::InvalidEnvelope { field, problem }) => {
            assert!(!field.is_empty() && !problem.is_empty());
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// Asks for all that a parcel has; what it is made of need not have been checked.
pub(crate) fn look_at(parcel: &Parcel) -> Envelope {
    let len = parcel.wire().len();
    // Each attribute may be six bytes, and takes two texts and a place in a map.
    let envelope = bounded(8192 + 64 * len, || parcel.to_envelope());
    assert_eq!(envelope.message_id, parcel.message_id());
    assert_eq!(parcel.data(), envelope.data);
    assert_eq!(parcel.source_application(), envelope.source_application);
    assert!(
        parcel.event_type_bytes() == parcel.event_type().as_bytes()
            || parcel.event_type().is_empty()
    );
    for (key, value) in &envelope.attributes {
        assert_eq!(parcel.attribute(key), Some(value.as_str()));
    }
    assert_eq!(parcel.attribute("\u{0}no such attribute"), None);
    let _ = (parcel.created_at(), format!("{parcel:?}"));
    envelope
}

fn is_right(parcel: &Parcel) {
    let envelope = look_at(parcel);
    let other = dogma::Envelope::decode(parcel.wire().clone()).expect("prost reads it, too");
    assert_eq!(dogma::Envelope::from(envelope.clone()), other);
    assert_eq!(parcel.event_type_bytes(), envelope.portable_name.as_bytes());
    assert_eq!(parcel.created_at(), envelope.created_at.to_system_time());

    let application = &envelope.source_application;
    assert!(parcel.check_is_from(application).is_ok());
    assert!(parcel.is_from(&Identity::new("another name", &application.key)));
    let longer = Identity::new(&application.name, format!("{}x", application.key));
    assert!(!parcel.is_from(&longer) && parcel.check_is_from(&longer).is_err());

    let sealed = Parcel::seal(envelope.clone()).expect("its fields were checked");
    assert!(sealed.wire().len() <= parcel.wire().len());
    assert_eq!(sealed.to_envelope(), envelope);
}

//! Codecs of one's own: what needs no feature.

use eventstream_core::{Codec, MarshalError, Marshaler, Payload};

use crate::support::{Digits, Paid, parcel, text, text_marshaler, unary};

#[test]
fn a_message_is_written_in_the_codec_that_is_preferred() {
    let marshaler = Marshaler::new([]).message_with([text(), unary("image/tally")]);
    assert_eq!(marshaler.marshal(&Paid(3)).unwrap(), Payload::new("text/plain", "3"));
    assert_eq!(marshaler.media_types_for("order.paid"), ["text/plain", "image/tally"]);

    let marshaler = Marshaler::new([]).message_with([unary("image/tally"), text()]);
    assert_eq!(marshaler.marshal(&Paid(3)).unwrap(), Payload::new("image/tally", "|||"));
    assert_eq!(marshaler.media_types_for("order.paid"), ["image/tally", "text/plain"]);
}

#[test]
fn each_codec_reads_its_own() {
    let marshaler = Marshaler::new([]).message_with([text(), unary("image/tally")]);
    for (media_type, data) in [("text/plain", "4"), ("image/tally", "||||")] {
        assert_eq!(marshaler.unmarshal_from::<Paid>(media_type, data.as_bytes()).unwrap(), Paid(4));
        let parcel = parcel("order.paid", media_type, data);
        assert_eq!(marshaler.unmarshal::<Paid>(&parcel).unwrap(), Paid(4));
        let payload = marshaler.marshal_as(media_type, &Paid(4)).unwrap();
        assert_eq!(payload, Payload::new(media_type, data));
    }
}

#[test]
fn rust_types_may_share_an_event_type() {
    let marshaler = text_marshaler();
    let parcel = parcel("order.paid", "text/plain", "1234");
    assert_eq!(marshaler.unmarshal::<Paid>(&parcel).unwrap(), Paid(1234));
    assert_eq!(marshaler.unmarshal::<Digits>(&parcel).unwrap(), Digits(4));

    // By name, it is the one that was registered last.
    let later = text_marshaler().message_with([unary("image/tally")]);
    assert_eq!(later.media_types_for("order.paid"), ["image/tally"]);
    assert_eq!(later.unmarshal::<Digits>(&parcel).unwrap(), Digits(4));
}

#[test]
fn a_clone_is_a_marshaler_of_its_own() {
    let empty = Marshaler::new([]);
    let more = empty.clone().message_with([text()]);
    assert!(empty.media_types_for("order.paid").is_empty());
    assert_eq!(more.media_types_for("order.paid").len(), 1);
}

#[test]
fn a_codec_is_checked() {
    let new = |media_type: &str| {
        Codec::<Paid>::new(media_type, |_| Ok(Vec::new()), |_| Ok(Paid(0))).map(|_| ())
    };
    assert!(new("text/plain; v=1; type=\"order.paid\"").is_ok());
    match new("text") {
        Err(MarshalError::InvalidMediaType { event_type, media_type, .. }) => {
            assert_eq!((event_type.as_str(), media_type.as_str()), ("order.paid", "text"));
        }
        other => panic!("{other:?}"),
    }
    match new("text/plain; type=other") {
        Err(MarshalError::WrongTypeParameter { event_type, parameter, .. }) => {
            assert_eq!((event_type.as_str(), parameter.as_str()), ("order.paid", "other"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_of_it_can_be_shared_by_threads() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    check::<Marshaler>();
    check::<Codec<Paid>>();
    check::<Payload>();
    check::<eventstream_core::Packer>();
    assert_eq!(
        format!("{:?}", text_marshaler()),
        "Marshaler { formats: [], type_parameter: false, registered: [\"order.paid\"] }"
    );
}

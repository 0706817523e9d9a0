//! Every error, and what it tells people.

use eventstream_core::{Identity, MarshalError, Marshaler, Packer, Payload};

use crate::support::{Paid, chain, parcel, shop, text, unary};

fn marshaler() -> Marshaler {
    Marshaler::new([]).message_with([text(), unary("image/tally")])
}

fn read(event_type: &str, media_type: &str, data: &str) -> MarshalError {
    marshaler().unmarshal::<Paid>(&parcel(event_type, media_type, data)).unwrap_err()
}

#[test]
fn wrong_type() {
    let error = read("order.placed", "text/plain", "1");
    assert!(matches!(&error, MarshalError::WrongType { expected: "order.paid", .. }), "{error:?}");
    assert_eq!(
        chain(&error),
        "the event is of type \"order.placed\", and can't be unmarshalled as \"order.paid\""
    );
}

#[test]
fn wrong_type_parameter() {
    let error = read("order.paid", "text/plain; type=other", "1");
    assert!(matches!(error, MarshalError::WrongTypeParameter { .. }), "{error:?}");
    assert_eq!(
        chain(&error),
        "the media type \"text/plain; type=other\" is one of \"other\", but the event type is \
         \"order.paid\": its parameter \"type\" has to say so or be left out"
    );
}

#[test]
fn invalid_media_type() {
    // The envelope takes it, as it does not read parameters.
    let error = read("order.paid", "text/plain; charset", "1");
    assert!(matches!(error, MarshalError::InvalidMediaType { .. }), "{error:?}");
    let text = chain(&error);
    assert!(text.contains("\"text/plain; charset\"") && text.contains("\"order.paid\""), "{text}");

    for media_type in ["", "plain", "text/plain; type=\"order.paid", "text/pl\u{e4}in"] {
        let error = marshaler().marshal_as(media_type, &Paid(1)).unwrap_err();
        assert!(matches!(error, MarshalError::InvalidMediaType { .. }), "{error:?}");
    }
}

#[test]
fn unsupported_media_type() {
    for error in [
        read("order.paid", "application/xml", "1"),
        marshaler().marshal_as("application/xml", &Paid(1)).unwrap_err(),
    ] {
        assert!(matches!(error, MarshalError::UnsupportedMediaType { .. }), "{error:?}");
        assert_eq!(
            chain(&error),
            "\"order.paid\" has no codec for \"application/xml\", but for text/plain, image/tally: \
             give its type another with `Marshaler::message_with`, or the marshaler another format"
        );
    }
}

#[test]
fn undecodable() {
    let error = read("order.paid", "text/plain; a=b", "a lot");
    assert!(matches!(error, MarshalError::Undecodable { .. }), "{error:?}");
    assert_eq!(
        chain(&error),
        "\"order.paid\" can't be decoded from \"text/plain; a=b\": invalid digit found in string"
    );
}

#[test]
fn unencodable() {
    for error in [
        marshaler().marshal(&Paid(u32::MAX)).unwrap_err(),
        marshaler().marshal_as("text/plain", &Paid(u32::MAX)).unwrap_err(),
        Packer::new(shop(), marshaler()).pack(&Paid(u32::MAX)).unwrap_err(),
    ] {
        assert!(matches!(error, MarshalError::Unencodable { .. }), "{error:?}");
        assert_eq!(chain(&error), "\"order.paid\" can't be encoded as \"text/plain\": too much");
    }
}

#[test]
fn no_codec() {
    let none = Marshaler::new([]);
    let nothing: [eventstream_core::Codec<Paid>; 0] = [];
    for marshaler in [none.clone(), none.message_with(nothing)] {
        for error in [
            marshaler.marshal(&Paid(1)).unwrap_err(),
            marshaler.marshal_as("text/plain", &Paid(1)).unwrap_err(),
            marshaler.unmarshal_from::<Paid>("text/plain", b"1").unwrap_err(),
        ] {
            assert!(matches!(error, MarshalError::NoCodec { .. }), "{error:?}");
            assert_eq!(
                chain(&error),
                "there is no codec for \"order.paid\": give the marshaler a format, or the type a \
                 codec with `Marshaler::message_with`"
            );
        }
    }
}

#[test]
fn unregistered() {
    let stored = Payload::new("text/plain", "1");
    let error = marshaler().transcode_payload("order.lost", &stored, &["a/b", "c/d"]).unwrap_err();
    assert!(matches!(error, MarshalError::Unregistered { .. }), "{error:?}");
    assert_eq!(
        chain(&error),
        "\"order.lost\" is \"text/plain\" and was asked for as a/b, c/d, and no message of this \
         type is known: register it with `Marshaler::message`"
    );
}

#[test]
fn not_producible() {
    let stored = parcel("order.paid", "text/plain", "1");
    let error = marshaler().transcode(&stored, &["a/b", "c/d"]).unwrap_err();
    assert!(matches!(error, MarshalError::NotProducible { .. }), "{error:?}");
    assert_eq!(
        chain(&error),
        "\"order.paid\" is \"text/plain\" and can become text/plain, image/tally, but was asked \
         for as a/b, c/d"
    );
    let error = marshaler().transcode(&stored, &[] as &[&str]).unwrap_err();
    assert!(chain(&error).ends_with("but was asked for as nothing"), "{error}");
}

#[test]
fn seal() {
    let nameless = Packer::new(Identity::new("", "key"), marshaler());
    let error = nameless.pack(&Paid(1)).unwrap_err();
    assert!(matches!(error, MarshalError::Seal { .. }), "{error:?}");
    assert_eq!(
        chain(&error),
        "\"order.paid\" can't be sealed into a parcel: invalid envelope: source_application has no \
         name"
    );

    // A tab is fine in a media type, and not in an envelope.
    let stored = parcel("order.paid", "image/tally", "|");
    let error = marshaler().transcode(&stored, &["text/plain;\ta=b"]).unwrap_err();
    assert!(chain(&error).contains("invalid envelope: media_type"), "{error:?}");
}

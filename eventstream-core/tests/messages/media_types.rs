//! Media types: names, suffixes and parameters.

use eventstream_core::{MarshalError, Marshaler, Payload};

use crate::support::{Paid, parcel, text, unary};

fn marshaler() -> Marshaler {
    let codecs = [
        text(),
        unary("application/tally"),
        unary("text/plain; charset=utf-8; form=unary"),
        unary("application/vnd.shop+tally"),
    ];
    Marshaler::new([]).message_with(codecs)
}

fn read(media_type: &str, data: &str) -> Result<Paid, MarshalError> {
    marshaler().unmarshal(&parcel("order.paid", media_type, data))
}

#[test]
fn what_makes_no_difference() {
    for media_type in [
        "text/plain",
        "TEXT/Plain",
        "text/plain; charset=utf-8",
        "text/plain;charset=\"US-ASCII\"",
        "text/plain; version=2; other=\"a b\"",
        "text/plain; type=order.paid",
        "text/plain; TYPE=\"order.paid\"",
        "text/plain; charset=utf-8; type=\"order.paid\"; a=b",
        "text/plain; a=b; type=\"order.paid\"; charset=utf-8",
        "text/plain; type=\"order\\.paid\"",
        "text/plain;",
        "text/plain; form=roman",
    ] {
        assert_eq!(read(media_type, "12").unwrap(), Paid(12), "{media_type}");
    }
}

#[test]
fn a_codec_with_parameters_is_for_those_who_have_them() {
    for media_type in [
        "text/plain; form=unary",
        "Text/Plain; Form=\"unary\"; type=order.paid",
        "text/plain; a=b; form=unary; charset=x",
    ] {
        assert_eq!(read(media_type, "||").unwrap(), Paid(2), "{media_type}");
    }
    // The value of a parameter has a case.
    assert!(matches!(read("text/plain; form=Unary", "||"), Err(MarshalError::Undecodable { .. })));
}

#[test]
fn a_suffix_stands_for_the_format() {
    for media_type in [
        "application/tally",
        "application/vnd.shop+tally",
        "application/vnd.other+tally",
        "x/y+TALLY; type=order.paid",
    ] {
        assert_eq!(read(media_type, "|||").unwrap(), Paid(3), "{media_type}");
        let written = marshaler().marshal_as(media_type, &Paid(3)).unwrap();
        assert_eq!(written, Payload::new(media_type, "|||"));
    }
    // It works one way only, and for `application` only.
    for media_type in ["application/vnd.shop", "application/shop+plain", "application/a-tally"] {
        let result = read(media_type, "1");
        assert!(matches!(result, Err(MarshalError::UnsupportedMediaType { .. })), "{media_type}");
    }
}

#[test]
fn a_codec_of_the_name_is_taken_rather_than_one_of_the_suffix() {
    let codecs = [unary("application/json"), text(), unary("application/vnd.text+json")];
    let own = Marshaler::new([]).message_with(codecs);
    assert_eq!(own.unmarshal_from::<Paid>("application/vnd.a+json", b"||").unwrap(), Paid(2));

    let text = eventstream_core::Codec::<Paid>::new(
        "application/vnd.text+json",
        |paid| Ok(paid.0.to_string().into()),
        |data| Ok(Paid(std::str::from_utf8(data)?.parse()?)),
    );
    let own = Marshaler::new([]).message_with([unary("application/json"), text.unwrap()]);
    assert_eq!(own.unmarshal_from::<Paid>("application/vnd.text+json", b"22").unwrap(), Paid(22));
    assert_eq!(own.unmarshal_from::<Paid>("Application/VND.text+json", b"22").unwrap(), Paid(22));
    assert_eq!(own.unmarshal_from::<Paid>("application/vnd.a+json", b"22").unwrap(), Paid(2));
}

#[test]
fn of_codecs_that_fit_as_well_the_first_is_taken() {
    for media_type in ["text/plain", "TEXT/plain", "text/plain; a=b"] {
        let both = Marshaler::new([]).message_with([unary("text/plain"), text()]);
        assert_eq!(both.unmarshal_from::<Paid>(media_type, b"22").unwrap(), Paid(2));
        let both = Marshaler::new([]).message_with([text(), unary("text/plain")]);
        assert_eq!(both.unmarshal_from::<Paid>(media_type, b"22").unwrap(), Paid(22));
    }
}

#[test]
fn the_type_is_written_if_it_is_asked_for() {
    let marshaler = Marshaler::new([])
        .message_with([text(), unary("application/tally; type=order.paid")])
        .with_type_parameter();
    assert_eq!(
        marshaler.marshal(&Paid(1)).unwrap(),
        Payload::new("text/plain; type=\"order.paid\"", "1")
    );
    assert_eq!(
        marshaler.media_types_for("order.paid"),
        ["text/plain; type=\"order.paid\"", "application/tally; type=order.paid"]
    );
    // What is asked for by its media type has exactly that one.
    for media_type in ["text/plain", "TEXT/plain; a=b", "text/plain; type=order.paid"] {
        let payload = marshaler.marshal_as(media_type, &Paid(1)).unwrap();
        assert_eq!(payload.media_type, media_type);
    }
}

#[test]
fn a_contradicting_type_is_an_error_wherever_it_stands() {
    for media_type in [
        "text/plain; type=order.placed",
        "text/plain; type=Order.Paid",
        "text/plain; type=\"\"",
        "text/plain; type=order.paid; type=other",
        "text/plain; type=other; TYPE=order.paid",
    ] {
        let read = read(media_type, "1");
        let written = marshaler().marshal_as(media_type, &Paid(1));
        for error in [read.unwrap_err(), written.unwrap_err()] {
            assert!(matches!(error, MarshalError::WrongTypeParameter { .. }), "{error:?}");
        }
    }
}

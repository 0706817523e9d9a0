//! Sealing, and taking wire bytes from outside.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use eventstream_core::{Envelope, Error, Identity, Parcel};
use proptest::prelude::*;

fn minimal() -> Envelope {
    Envelope {
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        ..Envelope::new("m", Identity::new("app", "key"), "type", "a/b")
    }
}

fn full() -> Envelope {
    Envelope {
        causation_id: "cause".to_owned(),
        correlation_id: "root".to_owned(),
        source_handler: Some(Identity::new("handler", "handler-key")),
        source_instance_id: "instance".to_owned(),
        description: "what happened".to_owned(),
        data: vec![0, 159, 146, 150].into(),
        source_site: Some(Identity::new("site", "site-key")),
        attributes: [("traceparent", "00-1"), ("empty", "")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..minimal()
    }
}

/// A field with a length, whose number fits one byte of tag.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2, u8::try_from(value.len()).unwrap()];
    out.extend(value);
    out
}

fn wire(parts: &[&[u8]]) -> Bytes {
    parts.concat().into()
}

fn refusal(wire: impl Into<Bytes>) -> (&'static str, String) {
    match Parcel::from_wire(wire.into()) {
        Err(Error::InvalidEnvelope { field, problem }) => (field, problem.into_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_wire_bytes_are_those_of_the_tables() {
    // Written out by hand from the protocol's table: tag, length, value.
    let expected: &[&[u8]] = &[
        &field(1, b"m"),
        &field(2, b"cause"),
        &field(3, b"root"),
        &field(4, &[field(1, b"app"), field(2, b"key")].concat()),
        &field(5, &[field(1, b"handler"), field(2, b"handler-key")].concat()),
        &field(6, b"instance"),
        &field(7, b"2026-01-02T03:04:05Z"),
        &field(9, b"what happened"),
        &field(10, b"type"),
        &field(11, b"a/b"),
        &field(12, &[0, 159, 146, 150]),
        &field(13, &[field(1, b"site"), field(2, b"site-key")].concat()),
        // Number 1001: its tag is 8010, in two bytes.
        &[0xca, 0x3e, 7],
        &field(1, b"empty"),
        &[0xca, 0x3e, 19],
        &[field(1, b"traceparent"), field(2, b"00-1")].concat(),
    ];
    assert_eq!(Parcel::seal(full()).unwrap().wire(), &wire(expected));
}

#[test]
fn every_field_can_be_read() {
    let parcel = Parcel::seal(full()).unwrap();
    assert_eq!(parcel.message_id(), "m");
    assert_eq!(parcel.causation_id(), "cause");
    assert_eq!(parcel.correlation_id(), "root");
    assert_eq!(parcel.source_application(), Identity::new("app", "key"));
    assert_eq!(parcel.source_handler().unwrap(), Identity::new("handler", "handler-key"));
    assert_eq!(parcel.source_instance_id(), "instance");
    assert_eq!(parcel.source_site().unwrap(), Identity::new("site", "site-key"));
    assert_eq!(parcel.created_at_text(), "2026-01-02T03:04:05Z");
    assert_eq!(parcel.created_at(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045));
    assert_eq!(parcel.description(), "what happened");
    assert_eq!(parcel.event_type(), "type");
    assert_eq!(parcel.media_type(), "a/b");
    assert_eq!(parcel.data(), Bytes::from_static(&[0, 159, 146, 150]));
    assert_eq!(parcel.attribute("traceparent"), Some("00-1"));
    assert_eq!(parcel.attribute("empty"), Some(""));
    assert_eq!(parcel.attribute("absent"), None);
    assert_eq!(parcel.to_envelope(), full());
}

#[test]
fn what_is_optional_may_be_missing() {
    let parcel = Parcel::seal(minimal()).unwrap();
    assert!(parcel.source_handler().is_none() && parcel.source_site().is_none());
    assert!(parcel.data().is_empty() && parcel.attributes().next().is_none());
    assert_eq!(parcel.to_envelope(), minimal());
}

#[test]
fn the_key_says_whose_event_it_is() {
    let parcel = Parcel::seal(full()).unwrap();
    assert!(parcel.is_from(&Identity::new("app", "key")));
    assert!(parcel.is_from(&Identity::new("renamed", "key")));
    assert!(!parcel.is_from(&Identity::new("app", "keys")));
    assert!(!parcel.is_from(&Identity::new("app", "ke")));
    assert!(parcel.check_is_from(&Identity::new("renamed", "key")).is_ok());
    let error = parcel.check_is_from(&Identity::new("other", "other-key")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid envelope: source_application is app (key), and not other (other-key)"
    );
}

#[test]
fn reading_the_payload_copies_nothing() {
    let parcel = Parcel::seal(full()).unwrap();
    let (wire, data) = (parcel.wire().as_ptr_range(), parcel.data().as_ptr_range());
    assert!(wire.contains(&data.start) && data.end <= wire.end);
}

#[test]
fn each_rule_is_checked_and_named() {
    type Break = fn(&mut Envelope);
    let broken: [(&str, &str, Break); 20] = [
        ("message_id", "is missing", |e| e.message_id.clear()),
        ("causation_id", "is missing", |e| e.causation_id.clear()),
        ("correlation_id", "is missing", |e| e.correlation_id.clear()),
        ("source_application", "no name", |e| e.source_application.name.clear()),
        ("source_application", "no key", |e| e.source_application.key.clear()),
        ("source_application", "white space", |e| e.source_application.key = "a b".into()),
        ("source_handler", "no name", |e| e.source_handler = Some(Identity::new("", "k"))),
        ("source_handler", "no key", |e| e.source_handler = Some(Identity::new("n", ""))),
        ("source_handler", "no name", |e| e.source_handler = Some(Identity::default())),
        ("source_instance_id", "without a handler", |e| e.source_handler = None),
        ("source_site", "no key", |e| e.source_site = Some(Identity::new("n", ""))),
        ("source_site", "white space", |e| e.source_site = Some(Identity::new("n", "\u{2003}"))),
        ("scheduled_for", "timeouts", |e| e.scheduled_for = Some(e.created_at.clone())),
        ("portable_name", "is missing", |e| e.portable_name.clear()),
        ("media_type", "is missing", |e| e.media_type.clear()),
        ("media_type", "type/subtype", |e| e.media_type = "json".into()),
        ("media_type", "type/subtype", |e| e.media_type = "application/".into()),
        ("media_type", "type/subtype", |e| e.media_type = "a b/json".into()),
        ("media_type", "type/subtype", |e| e.media_type = "a/b; x=\n".into()),
        ("attributes", "without a key", |e| drop(e.attributes.insert(String::new(), "v".into()))),
    ];
    for (field, problem, break_rule) in broken {
        let mut envelope = full();
        break_rule(&mut envelope);
        let error = Parcel::seal(envelope).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(field) && text.contains(problem), "{field}, {problem}: {text}");
    }
}

#[test]
fn media_types_may_carry_parameters() {
    for media_type in ["application/json; type=\"OrderPlaced\"", "a/b;x=y", "application/x+json"] {
        let parcel =
            Parcel::seal(Envelope { media_type: media_type.to_owned(), ..minimal() }).unwrap();
        assert_eq!(parcel.media_type(), media_type);
    }
}

#[test]
fn fields_may_stand_in_any_order_and_the_last_of_a_kind_counts() {
    let parcel = Parcel::from_wire(wire(&[
        &field(11, b"a/b"),
        &field(10, b"first"),
        &field(7, b"2026-01-02T03:04:05Z"),
        &field(4, &[field(2, b"key"), field(1, b"app")].concat()),
        &field(3, b"m"),
        &field(2, b"m"),
        &field(1, b"m"),
        &field(10, b"last"),
    ]))
    .unwrap();
    assert_eq!(parcel.event_type(), "last");
    assert_eq!(parcel.source_application(), Identity::new("app", "key"));
}

#[test]
fn unknown_fields_are_kept_byte_for_byte() {
    let sealed = Parcel::seal(full()).unwrap();
    let unknown: &[&[u8]] = &[
        &[14 << 3, 0xff, 0x01],                         // a varint
        &[0x79, 1, 2, 3, 4, 5, 6, 7, 8],                // 15: eight bytes
        &[0x85, 0x01, 1, 2, 3, 4],                      // 16: four bytes
        &[0x8a, 0x01, 2, 0xff, 0xfe],                   // 17: bytes that are no text
        &[0x93, 0x01, 0x08, 7, 0x1b, 0x1c, 0x94, 0x01], // 18: a group with a group in it
    ];
    let wire = wire(&[&unknown.concat(), sealed.wire(), &unknown.concat()]);
    let parcel = Parcel::from_wire(wire.clone()).unwrap();
    assert_eq!(parcel.wire(), &wire);
    assert_eq!(parcel.to_envelope(), full());
}

#[test]
fn another_payload_leaves_all_else_as_it_is() {
    let sealed = Parcel::seal(full()).unwrap();
    let unknown = [0xa2, 0x06, 2, 9, 9];
    // What counts is the later payload; it is the earlier one's place that the new one takes.
    let earlier = [field(12, b"earlier"), field(11, b"text/earlier")].concat();
    let wire = wire(&[&unknown, &earlier, sealed.wire(), &unknown]);
    let parcel = Parcel::from_wire(wire).unwrap();

    let repacked = parcel.with_payload("text/other", b"other").unwrap();
    let expected = Envelope { media_type: "text/other".into(), data: "other".into(), ..full() };
    assert_eq!(repacked.to_envelope(), expected);
    let place = [&unknown[..], &field(11, b"text/other"), &field(12, b"other")].concat();
    assert!(repacked.wire().starts_with(&place));
    assert!(repacked.wire().ends_with(&unknown));

    let (media_type, data) = (parcel.media_type(), parcel.data());
    assert_eq!(sealed.with_payload(media_type, &data).unwrap(), sealed);
    assert!(sealed.with_payload("text/plain", b"").unwrap().data().is_empty());
    assert!(matches!(sealed.with_payload("", b""), Err(Error::InvalidEnvelope { .. })));
}

#[test]
fn what_is_no_message_is_refused() {
    let valid = Parcel::seal(full()).unwrap();
    let with = |tail: &[u8]| wire(&[valid.wire(), tail]);
    for (tail, problem) in [
        (&[0x08][..], "ends in the middle"),
        (&[0x0a], "ends in the middle"),
        (&[0x72, 5, 1], "longer than what is there"),
        (&[0x72, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "longer"),
        (&[0x72, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "64 bits"),
        (&[0x02, 0], "impossible number"),
        (&[0x82, 0x80, 0x80, 0x80, 0x80, 0x01, 0], "impossible number"),
        (&[0x76], "unknown wire type"),
        (&[0x74], "never began"),
        (&[0x73, 0x7c], "another one's end"),
        (&[0x73], "ends in the middle"),
        (&[0x79, 1], "ends in the middle"),
        (&[0x73; 100], "too deep"),
    ] {
        let (field, found) = refusal(with(tail));
        assert_eq!(field, "envelope");
        assert!(found.contains(problem), "{tail:x?}: {found}");
    }
    assert_eq!(refusal(Bytes::new()), ("message_id", "is missing".to_owned()));
}

#[test]
fn fields_of_the_wrong_kind_are_refused_by_name() {
    let valid = Parcel::seal(full()).unwrap();
    let with = |tail: &[u8]| refusal(wire(&[valid.wire(), tail]));
    assert_eq!(with(&[0x08, 1]).0, "message_id");
    assert_eq!(with(&field(1, &[0xff])), ("message_id", "is not UTF-8".to_owned()));
    assert_eq!(with(&field(10, &[0xc3, 0x28])).0, "portable_name");
    assert_eq!(with(&field(5, &field(1, &[0xff]))), ("source_handler", "is not UTF-8".to_owned()));
    assert_eq!(with(&field(13, &[0x08, 1])).0, "source_site");
    assert_eq!(with(&field(13, &[0x0a, 9])).0, "source_site");
    let (name, problem) = with(&field(4, &[field(1, b"app"), field(2, b"other")].concat()));
    assert_eq!((name, problem.as_str()), ("source_application", "stands there twice"));
    assert_eq!(with(&field(7, b"today")).0, "created_at");
    assert_eq!(with(&[0xca, 0x3e, 2, 0x12, 0]).0, "attributes");
}

#[test]
fn of_an_attribute_that_is_there_twice_the_last_counts() {
    let entry = |value: &[u8]| {
        let pair = [field(1, b"k"), field(2, value)].concat();
        [&[0xca, 0x3e, u8::try_from(pair.len()).unwrap()][..], &pair].concat()
    };
    let sealed = Parcel::seal(minimal()).unwrap();
    let wire = wire(&[sealed.wire(), &entry(b"1"), &entry(b"2")]);
    let parcel = Parcel::from_wire(wire).unwrap();
    assert_eq!(parcel.attribute("k"), Some("2"));
    assert_eq!(parcel.to_envelope().attributes["k"], "2");
}

#[test]
fn fields_far_behind_are_found_too() {
    let large = "x".repeat(100_000);
    let envelope = Envelope { message_id: large.clone(), ..full() };
    let parcel = Parcel::seal(envelope.clone()).unwrap();
    assert_eq!(parcel.message_id(), large);
    assert_eq!(parcel.to_envelope(), envelope);
    assert_eq!(parcel.source_handler().unwrap(), Identity::new("handler", "handler-key"));
}

#[test]
fn a_parcel_is_small() {
    assert!(size_of::<Parcel>() <= 48);
    assert!(size_of::<eventstream_core::Event>() <= 56);
}

#[test]
fn an_envelope_can_be_written_as_json_and_read_again() {
    for envelope in [minimal(), full()] {
        let json = serde_json::to_string(&envelope).unwrap();
        assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
    }
    let mut json = serde_json::to_value(minimal()).unwrap();
    json["created_at"] = "yesterday".into();
    assert!(serde_json::from_value::<Envelope>(json).is_err());
}

fn identity() -> impl Strategy<Value = Identity> {
    ("\\PC{1,30}", "[!-~]{1,40}").prop_map(|(name, key)| Identity::new(name, key))
}

prop_compose! {
    fn envelope()(
        ids in proptest::array::uniform3("\\PC{1,40}"),
        source_application in identity(),
        handler in proptest::option::of((identity(), "\\PC{0,30}")),
        site in proptest::option::of(identity()),
        seconds in 0_u64..4_000_000_000,
        nanos in 0_u32..1_000_000_000,
        texts in ("\\PC{0,300}", "\\PC{1,60}"),
        data in proptest::collection::vec(any::<u8>(), 0..600),
        attributes in proptest::collection::btree_map("[a-z0-9]{1,20}", "\\PC{0,200}", 0..5),
    ) -> Envelope {
        let [message_id, causation_id, correlation_id] = ids;
        let (source_handler, source_instance_id) = handler.unzip();
        let created_at = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        Envelope {
            message_id,
            causation_id,
            correlation_id,
            source_application,
            source_handler,
            source_instance_id: source_instance_id.unwrap_or_default(),
            created_at: created_at.try_into().unwrap(),
            scheduled_for: None,
            description: texts.0,
            portable_name: texts.1,
            media_type: "application/json".to_owned(),
            data: data.into(),
            source_site: site,
            attributes,
        }
    }
}

proptest! {
    #[test]
    fn every_envelope_comes_back_from_the_wire(envelope in envelope()) {
        let sealed = Parcel::seal(envelope.clone()).unwrap();
        let received = Parcel::from_wire(sealed.wire().clone()).unwrap();
        prop_assert_eq!(received.to_envelope(), envelope);
        let stored = Parcel::from_trusted_wire(sealed.wire().clone()).unwrap();
        prop_assert_eq!(stored.to_envelope(), received.to_envelope());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        touch(bytes.into());
    }

    #[test]
    fn any_change_of_an_envelope_is_taken_or_refused(
        envelope in envelope(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut wire = Parcel::seal(envelope).unwrap().wire().to_vec();
        for (index, byte) in changes {
            let at = index.index(wire.len());
            wire[at] = byte;
        }
        touch(wire.clone().into());
        wire.truncate(cut.index(wire.len()));
        touch(wire.into());
    }
}

/// Whatever is taken can be read without a panic, checked before or not.
fn touch(wire: Bytes) {
    let taken = [Parcel::from_trusted_wire(wire.clone()), Parcel::from_wire(wire)];
    for parcel in taken.into_iter().flatten() {
        assert_eq!(parcel.to_envelope().data, parcel.data());
        let _ = (parcel.attribute("k"), parcel.created_at(), format!("{parcel:?}"));
    }
}

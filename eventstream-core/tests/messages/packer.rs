//! Packing messages into parcels.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use eventstream_core::{Envelope, Identity, MarshalError, Packer, Parcel};

use crate::support::{Paid, chain, shop, text_marshaler};

fn packer() -> Packer {
    Packer::new(shop(), text_marshaler())
}

/// With ids `m-0`, `m-1` and so on, at a second of the year 2026.
fn fixed() -> Packer {
    let count = AtomicU64::new(0);
    packer()
        .ids(move || format!("m-{}", count.fetch_add(1, Ordering::Relaxed)))
        .clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_322_999))
}

#[test]
fn a_root_is_its_own_cause() {
    let parcel = fixed().pack(&Paid(7)).unwrap();
    let expected = Envelope {
        created_at: "2026-01-02T03:03:19Z".parse().unwrap(),
        data: "7".into(),
        ..Envelope::new("m-0", shop(), "order.paid", "text/plain")
    };
    assert_eq!(parcel.to_envelope(), expected);
    assert_eq!((parcel.causation_id(), parcel.correlation_id()), ("m-0", "m-0"));
}

#[test]
fn a_child_has_a_cause_and_the_first_ancestor() {
    let packer = fixed();
    let root = packer.pack(&Paid(1)).unwrap();
    let child = packer.pack_child(&root, &Paid(2)).unwrap();
    let grandchild = packer.pack_child(&child, &Paid(3)).unwrap();
    for (parcel, ids) in
        [(&root, ["m-0"; 3]), (&child, ["m-1", "m-0", "m-0"]), (&grandchild, ["m-2", "m-1", "m-0"])]
    {
        assert_eq!([parcel.message_id(), parcel.causation_id(), parcel.correlation_id()], ids);
    }
}

#[test]
fn a_parcel_says_where_it_comes_from() {
    let handler = Identity::new("till", "till-key");
    let site = Identity::new("north", "north-key");
    let packer = packer().handler(handler.clone()).instance("till-1").site(site.clone());
    let root = packer.pack(&Paid(1)).unwrap();
    let child = packer.pack_child(&root, &Paid(2)).unwrap();
    for parcel in [root, child] {
        assert_eq!(parcel.source_application(), shop());
        assert_eq!(parcel.source_handler().unwrap(), handler);
        assert_eq!(parcel.source_instance_id(), "till-1");
        assert_eq!(parcel.source_site().unwrap(), site);
    }
}

#[test]
fn an_envelope_can_be_written_on_before_it_is_sealed() {
    let packer = fixed();
    let root = Parcel::seal(Envelope {
        description: "paid".to_owned(),
        attributes: [("tenant".to_owned(), "t-1".to_owned())].into(),
        ..packer.envelope(&Paid(1)).unwrap()
    })
    .unwrap();
    assert_eq!((root.description(), root.attribute("tenant")), ("paid", Some("t-1")));

    let child = packer.child_envelope(&root, &Paid(2)).unwrap();
    assert_eq!((child.causation_id.as_str(), child.correlation_id.as_str()), ("m-0", "m-0"));
    assert!(child.attributes.is_empty() && child.description.is_empty());
}

#[test]
fn ids_are_uuids_of_version_7_in_order() {
    let packer = packer();
    let before = unix_millis(SystemTime::now());
    let ids: Vec<String> =
        (0..5000).map(|_| packer.envelope(&Paid(1)).unwrap().message_id).collect();
    let after = unix_millis(SystemTime::now());
    for id in &ids {
        let uuid = uuid::Uuid::parse_str(id).unwrap();
        assert_eq!((uuid.get_version_num(), uuid.to_string()), (7, id.clone()));
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "each is greater than the one before");

    // They begin with the time in milliseconds. More than 2^11 in one of them may run ahead a bit.
    let millis = |id: &str| u128::from_str_radix(&id.replace('-', "")[..12], 16).unwrap();
    assert!(millis(&ids[0]) >= before && millis(&ids[0]) <= after);
}

fn unix_millis(time: SystemTime) -> u128 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()
}

#[test]
fn the_time_is_that_of_the_system() {
    let before = SystemTime::now();
    let parcel = packer().pack(&Paid(1)).unwrap();
    assert!(before <= parcel.created_at() && parcel.created_at() <= SystemTime::now());
}

#[test]
fn what_breaks_a_rule_is_told() {
    let refusal = |packer: Packer| {
        let error = packer.pack(&Paid(1)).unwrap_err();
        assert!(matches!(error, MarshalError::Seal { .. }), "{error:?}");
        chain(&error)
    };
    let years = Duration::from_secs(10_000 * 366 * 86_400);
    for (packer, problem) in [
        (packer().ids(String::new), "message_id is missing"),
        (packer().instance("i"), "source_instance_id is there without a handler"),
        (packer().handler(Identity::new("h", "a b")), "source_handler has a key with white space"),
        (packer().site(Identity::default()), "source_site has no name"),
        (packer().clock(move || SystemTime::UNIX_EPOCH + years), "created_at is out of range"),
    ] {
        let text = refusal(packer);
        assert!(text.contains(problem), "{text}");
    }
}

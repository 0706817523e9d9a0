use eventstream_core::{Envelope, Identity, Parcel};

use super::*;

fn records(count: usize, payload: usize) -> Vec<Record> {
    let application = Identity::new("app", "key");
    (0..count)
        .map(|n| Envelope {
            data: vec![0x61; payload].into(),
            ..Envelope::new(format!("m-{n}"), application.clone(), "type", "text/plain")
        })
        .map(|envelope| Parcel::seal(envelope).unwrap())
        .zip(0..)
        .map(|(parcel, n)| Record { parcel, type_hash: 7 + n % 3, source_hash: n % 5 })
        .collect()
}

#[test]
fn what_is_stored_is_read_again() {
    let records = records(100, 10);
    let chunk = Row::encode(40, &records).check().unwrap();
    assert_eq!(chunk.first(), 40);
    assert_eq!((chunk.event_at(139), chunk.event_at(140)), (Some(99), None));
    for (event, record) in records.iter().enumerate() {
        assert_eq!(chunk.parcel(event).unwrap(), record.parcel);
        assert_eq!(chunk.type_hash(event), Some(record.type_hash));
        assert_eq!(chunk.index().sources().nth(chunk.places(event).1), Some(record.source_hash));
    }
    let counts: Vec<_> = chunk.index().types().collect();
    assert_eq!(counts, [(7, 34), (8, 33), (9, 33)]);
}

#[test]
fn a_chunk_is_bounded_in_events_and_bytes() {
    let smallest = Envelope {
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        ..Envelope::new("m", Identity::new("a", "k"), "t", "a/b")
    };
    let parcel = Parcel::seal(smallest).unwrap();
    let record = Record { parcel, type_hash: 0, source_hash: 0 };
    assert_eq!(fill(&vec![record; 3000]), MAX_EVENTS);
    let large = records(10, MAX_BYTES / 3);
    assert_eq!(fill(&large), 2);
    assert_eq!(fill(&records(2, MAX_BYTES * 2)), 1);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let row = Row::encode(3, &records(4, 3));
    assert!(row.clone().check().is_ok());
    for byte in 0..row.body.len() {
        let mut body = row.body.to_vec();
        body[byte] ^= 1 << (byte % 8);
        assert!(Row { body: body.into(), ..row.clone() }.check().is_err(), "body {byte}");
    }
    for byte in 0..row.index.len() {
        let mut index = row.index.to_vec();
        index[byte] ^= 1 << (byte % 8);
        assert!(Index::check(row.first, row.count, &index).is_err(), "index {byte}");
    }
    assert!(Row { first: 4, ..row.clone() }.check().is_err());
    assert!(Row { count: 3, ..row.clone() }.check().is_err());
    assert!(Row { index: row.index.slice(..9), ..row.clone() }.check().is_err());
    let other = Row::encode(3, &records(5, 3)[1..]);
    assert!(Row { index: other.index, ..row.clone() }.check().is_err());
    assert!(Row { body: row.body.slice(..3), ..row }.check().is_err());
}

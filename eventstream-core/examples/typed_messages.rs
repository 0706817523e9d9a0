//! Messages of Rust types: marshalled in one format, transcoded into another one, and packed into
//! parcels that say what caused them.
//!
//! ```console
//! $ cargo run -p eventstream-core --example typed_messages --features cbor
//! ```

use eventstream_core::{Format, Identity, MarshalError, Marshaler, Message, Packer, Payload};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OrderPlaced {
    order: u64,
    items: Vec<String>,
}

impl Message for OrderPlaced {
    const TYPE: &'static str = "order.placed";
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OrderPaid {
    order: u64,
    amount: u32,
}

impl Message for OrderPaid {
    const TYPE: &'static str = "order.paid";
}

fn main() -> Result<(), MarshalError> {
    // Messages are written as JSON. Types that are registered can be had as CBOR, too, by those who
    // know only their names, such as a server.
    let marshaler = Marshaler::new([Format::Json, Format::Cbor])
        .message::<OrderPlaced>()
        .message::<OrderPaid>();
    let placed = OrderPlaced { order: 7, items: vec!["tea".to_owned(), "cup".to_owned()] };

    let Payload { media_type, data } = marshaler.marshal(&placed)?;
    println!("{media_type}: {}", String::from_utf8_lossy(&data));
    assert_eq!(media_type, "application/json");
    assert_eq!(data, r#"{"order":7,"items":["tea","cup"]}"#);

    // A root has caused itself; its child says so.
    let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
    let packer = Packer::new(shop, marshaler.clone());
    let root = packer.pack(&placed)?;
    let child = packer.pack_child(&root, &OrderPaid { order: 7, amount: 12 })?;
    for parcel in [&root, &child] {
        println!(
            "{} {}: caused by {}",
            parcel.event_type(),
            parcel.message_id(),
            parcel.causation_id()
        );
        assert_eq!(parcel.causation_id(), root.message_id());
        assert_eq!(parcel.correlation_id(), root.message_id());
    }
    assert!(child.message_id() > root.message_id(), "ids are in the order they were given in");

    // Somebody would take it as XML, else as CBOR.
    let transcoded = marshaler.transcode(&root, &["application/xml", "application/cbor"])?;
    println!(
        "{} bytes of {} are {} bytes of {}",
        root.data().len(),
        root.media_type(),
        transcoded.data().len(),
        transcoded.media_type(),
    );
    assert_eq!(transcoded.media_type(), "application/cbor");
    assert_eq!(transcoded.message_id(), root.message_id());
    assert_eq!(marshaler.unmarshal::<OrderPlaced>(&transcoded)?, placed);

    // An event of another type is not taken for this one.
    let error = marshaler.unmarshal::<OrderPlaced>(&child).expect_err("it is another type");
    println!("{error}");
    assert!(matches!(error, MarshalError::WrongType { .. }));
    Ok(())
}

//! What the examples have in common: a shop, and its orders in a store.

use std::path::Path;

use eventstream_core::{
    BoxError, EventStore, Expect, Identity, Marshaler, Message, Packer, Parcel,
};
use eventstream_persisted::EmbeddedStore;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrderPlaced {
    pub(crate) order: i64,
    pub(crate) amount: i64,
}

impl Message for OrderPlaced {
    const TYPE: &'static str = "order.placed";
}

pub(crate) fn shop() -> Identity {
    Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10")
}

pub(crate) fn packer() -> Packer {
    Packer::new(shop(), Marshaler::json())
}

/// The store in a directory, with so many more orders of 10 each.
pub(crate) async fn store(directory: &Path, orders: i64) -> Result<EmbeddedStore, BoxError> {
    let path = directory.join("store");
    let store = EmbeddedStore::builder(path).create_for(shop()).open().await?;
    let placed: Result<Vec<Parcel>, _> =
        (0..orders).map(|order| packer().pack(&OrderPlaced { order, amount: 10 })).collect();
    store.append(placed?, Expect::Any).await?;
    Ok(store)
}

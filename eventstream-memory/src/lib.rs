//! An ordered stream of event messages in memory.
//!
//! [`MemoryStream`] keeps the most recent events and hands them to any number of cursors. Reading
//! takes no lock and no allocation per event, and memory stays bounded whatever a cursor does: one
//! that falls behind what is kept is told so.
//!
//! # Examples
//!
//! ```
//! use eventstream_core::{Cursor, Envelope, EventStream, EventTypes, Identity, Parcel};
//! use eventstream_memory::MemoryStream;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
//! let stream = MemoryStream::builder(shop.clone()).buffer_size(1_000).build();
//! let mut cursor = stream.open(0, EventTypes::any()).await?;
//!
//! let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
//! stream.append(vec![Parcel::seal(placed)?])?;
//!
//! let event = cursor.next().await?;
//! assert_eq!(event.offset, 0);
//! assert_eq!(event.parcel.event_type(), "order.placed");
//! # Ok::<(), eventstream_core::Error>(())
//! # }).unwrap();
//! ```

mod builder;
mod cursor;
mod filter;
mod log;
mod reorder;
mod stream;
mod sync;
mod type_hash;
mod waiters;
mod woken;

pub use builder::MemoryStreamBuilder;
pub use cursor::MemoryCursor;
pub use reorder::ReorderQueueFull;
pub use stream::{MemoryStream, StreamDropped};

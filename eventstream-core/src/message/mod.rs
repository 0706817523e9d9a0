//! Messages of Rust types: as payloads, in parcels, and handled by functions.

mod codec;
mod codecs;
mod format;
mod marshal_error;
mod marshaler;
mod media_type;
// The trait is what the module is named after.
#[allow(clippy::module_inception)]
mod message;
mod packer;
mod payload;
mod router;
mod transcode;

pub use codec::Codec;
pub use format::Format;
pub use marshal_error::MarshalError;
pub use marshaler::Marshaler;
pub use message::Message;
pub use packer::Packer;
pub use payload::Payload;
pub use router::{Context, FromEvent, MessageHandler, Reaction, Router, State};

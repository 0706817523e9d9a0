//! What gRPC is over HTTP/2, for both ends: frames, codes, and how a call ends.

mod code;
mod content_type;
mod frame;
mod percent;
mod receive;
mod shortened;
mod splitter;
mod status;
mod timeout;

pub(crate) use code::Code;
pub(crate) use content_type::{APPLICATION_GRPC, is_grpc};
pub(crate) use frame::{PREFIX, prefix, whole};
pub(crate) use receive::next_data;
pub(crate) use shortened::{MAX_TEXT, shortened};
pub(crate) use splitter::{SplitError, Splitter};
pub(crate) use status::{MAX_DETAILS, Status};
pub(crate) use timeout::{GRPC_TIMEOUT, parse_timeout};

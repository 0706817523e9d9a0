//! The network's modules of this name, as they are: they are not for others. They name each other from
//! the root. What needs a connection is left out.
#![allow(dead_code)]

#[path = "../../eventstream-network/src/grpc/code.rs"]
mod code;
#[path = "../../eventstream-network/src/grpc/content_type.rs"]
mod content_type;
#[path = "../../eventstream-network/src/grpc/frame.rs"]
mod frame;
#[path = "../../eventstream-network/src/grpc/percent.rs"]
pub(crate) mod percent;
#[path = "../../eventstream-network/src/grpc/shortened.rs"]
mod shortened;
#[path = "../../eventstream-network/src/grpc/splitter.rs"]
mod splitter;
#[path = "../../eventstream-network/src/grpc/status.rs"]
mod status;
#[path = "../../eventstream-network/src/grpc/timeout.rs"]
mod timeout;

pub(crate) use code::Code;
pub(crate) use content_type::is_grpc;
pub(crate) use frame::{PREFIX, prefix};
pub(crate) use shortened::{MAX_TEXT, shortened};
pub(crate) use splitter::{SplitError, Splitter};
pub(crate) use status::Status;
pub(crate) use timeout::parse_timeout;

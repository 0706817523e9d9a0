//! Messages that hold events, written and read by hand: the bytes of an event are framed as they
//! are, and sliced out of what comes.

mod append;
mod batch;
mod fields;
mod recorded;
mod varint;

pub(crate) use append::{AppendMessage, AppendMessageError, encode_append};
pub(crate) use batch::{Batch, POSITION_LEN, put_position};
pub(crate) use fields::{Fields, Malformed, Value};
pub(crate) use recorded::{HEAD_LEN, Recorded, put_head, put_head_in_batch};

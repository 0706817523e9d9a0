//! Ordered streams of event messages: the traits, the value types, and the consumer.
//!
//! An event has a 0-based, gapless *offset*. A [`Cursor`] reads an [`EventStream`] from an offset,
//! filtered by event type, through its history and on into what is appended live. A [`Consumer`]
//! drives a [`Handler`] with it, and the handler keeps its own offset, so that effect and offset
//! commit together.
//!
//! This crate does no I/O. Its backends do: `eventstream-memory` and `eventstream-persisted`; and
//! whoever writes another one proves it with `eventstream-streamtest`.

mod consumer;
mod envelope;
mod error;
mod event;
mod event_type;
mod event_types;
mod handler;
mod identity;
mod incarnation;
mod message;
mod parcel;
mod parked;
mod report;
mod store;
mod stream;
mod timestamp;

pub use consumer::{
    Backoff, Consumer, ConsumerHandle, ConsumerState, ConsumerStopped, ExponentialBackoff, Finish,
    LastFailure, StartAt, Status,
};
pub use envelope::Envelope;
pub use error::{BoxError, Error, Result};
pub use event::Event;
pub use event_type::EventType;
pub use event_types::EventTypes;
pub use handler::{
    Apply, Checkpoint, Checkpointed, Checkpoints, Handler, HandlerError, MemoryCheckpoints,
    Partitioned,
};
pub use identity::{Identity, IdentityRef};
pub use incarnation::{Incarnation, ParseIncarnationError};
pub use message::{
    Codec, Context, Format, FromEvent, MarshalError, Marshaler, Message, MessageHandler, Packer,
    Payload, Reaction, Router, State,
};
pub use parcel::Parcel;
pub use parked::{ParkedEvent, ParkedEvents, Poison};
pub use report::Report;
pub use store::{BoxQuery, DynStore, EventQuery, EventRepository, EventStore, Expect};
pub use stream::{
    BoxCursor, CloseHandle, Cursor, CursorExt, CursorStream, DynStream, EventStream, ReadAhead,
};
pub use timestamp::{ParseTimestampError, Timestamp};

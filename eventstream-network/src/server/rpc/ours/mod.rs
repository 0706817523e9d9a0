//! Our own protocol: `eventstream.v1.EventStream`.

mod append;
mod catalogue;
mod consume;
mod repository;

pub(in crate::server) use append::{append, append_message, append_stream};
pub(in crate::server) use catalogue::{describe, list_applications};
pub(in crate::server) use consume::consume;
pub(in crate::server) use repository::{load, truncate, wait_for};

use eventstream_core::{DynStore, Error, EventTypes};

use crate::{
    grpc::{Code, Status},
    proto::eventstream::v1 as proto,
    server::{Hosted, dialect::Dialect, status::status_of},
};

const OURS: Dialect = Dialect::Ours;

#[allow(clippy::needless_pass_by_value)] // As `map_err` wants it.
fn failed(error: Error) -> Status {
    status_of(&error, OURS)
}

fn types_of(types: Option<proto::EventTypes>) -> EventTypes {
    match types {
        None => EventTypes::none(),
        Some(proto::EventTypes { any: true, .. }) => EventTypes::any(),
        Some(proto::EventTypes { portable_names, .. }) => portable_names.into_iter().collect(),
    }
}

fn store_of(host: &Hosted) -> Result<&DynStore, Status> {
    host.store.as_ref().ok_or_else(|| {
        let text = "the application can be consumed here, but there is no store to append to";
        Status::new(Code::Unimplemented, text)
    })
}

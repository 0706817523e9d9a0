use std::ops::Range;

use bytes::Bytes;
use eventstream_core::EventStore;

use super::{OURS, failed, store_of};
use crate::{
    grpc::{Code, Status},
    server::{
        access::Action,
        append::{Appends, appended},
        call::Call,
        dialect::Dialect,
        response::Reply,
        status::status_of,
    },
    wire::{AppendMessage, AppendMessageError},
};

pub(in crate::server) async fn append(mut call: Call) -> Result<Reply, Status> {
    let (message, _held) = call.appends()?.only().await?;
    let range = append_message(&call, message).await?;
    Ok(Reply::message(&appended(range)))
}

/// Each request is answered in its turn, whether it fails or not.
pub(in crate::server) fn append_stream(mut call: Call) -> Result<Reply, Status> {
    let requests = call.appends()?;
    Ok(Appends::new(requests, call).into_reply())
}

/// Stores what an append asks for.
pub(in crate::server) async fn append_message(
    call: &Call,
    message: Bytes,
) -> Result<Range<u64>, Status> {
    let append = AppendMessage::decode(&message).map_err(|error| match error {
        AppendMessageError::Malformed(malformed) => {
            Status::new(Code::Internal, malformed.to_string())
        }
        AppendMessageError::Envelope(error) => status_of(&error, Dialect::Ours),
    })?;
    let host = call.host(OURS, &append.application_key, Action::Append)?;
    store_of(&host)?.append(append.parcels, append.expect).await.map_err(failed)
}

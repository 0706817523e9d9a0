use bytes::Bytes;
use eventstream_core::EventStream;

use super::{OURS, failed, types_of};
use crate::{
    grpc::Status,
    proto::eventstream::v1::ConsumeRequest,
    server::{
        access::Action,
        call::Call,
        consume::{Consumption, MediaTypes, incarnation_changed},
        host::Wanted,
        response::Reply,
    },
};

pub(in crate::server) async fn consume(mut call: Call) -> Result<Reply, Status> {
    let request: ConsumeRequest = call.message().await?;
    let host = call.host(OURS, &request.application_key, Action::Read)?;
    let types = types_of(request.event_types);
    let declared = host.stream.event_types().await.map_err(failed)?;
    types.check_supported_by(&declared).map_err(failed)?;

    let wanted = Wanted::of(&request.media_types);
    let media_types = MediaTypes::for_all(request.media_types)?;
    // Of all types, those are known that the stream declares.
    let known = if types.is_any() { &declared } else { &types };
    let unavailable: Vec<_> = known
        .names()
        .unwrap_or_default()
        .iter()
        .map(eventstream_core::EventType::as_str)
        .filter(|name| !host.can_serve(name, &wanted))
        .collect();
    if !unavailable.is_empty() {
        return Err(OURS.unsupported_media_types(&unavailable));
    }
    let incarnation = host.stream.incarnation().await.map_err(failed)?;
    let bytes = incarnation.map_or_else(Bytes::new, |found| found.as_bytes().to_vec().into());
    if !request.incarnation.is_empty() && request.incarnation != bytes {
        return Err(incarnation_changed(bytes));
    }
    Consumption::new(OURS, host, types, media_types)
        .heartbeat(call.shared.heartbeat(request.heartbeat_milliseconds))
        .incarnation(bytes)
        .open(&call, request.offset)
        .await
}

//! Protocol A: `dogma.interop.v1.eventstream.StreamAPI`.

use std::collections::HashMap;

use eventstream_core::{EventStream, EventTypes};

use crate::{
    grpc::{Code, Status},
    proto::dogma::interop::v1::eventstream::{
        ConsumeRequest, EventType, EventTypesRequest, EventTypesResponse, UnsupportedStartPoint,
        consume_request::StartPoint,
    },
    server::{
        access::Action,
        call::Call,
        consume::{Consumption, MediaTypes},
        dialect::Dialect,
        host::Wanted,
        response::Reply,
        status::status_of,
    },
};

const A: Dialect = Dialect::A;

pub(in crate::server) async fn consume(mut call: Call) -> Result<Reply, Status> {
    let request: ConsumeRequest = call.message().await?;
    let host = call.host(A, &request.application_key, Action::Read)?;
    if request.event_types.is_empty() {
        return Err(Status::invalid("no event type is asked for: event_types is empty"));
    }
    let mut wanted = HashMap::<_, Vec<String>>::with_capacity(request.event_types.len());
    for EventType { portable_name, media_types } in request.event_types {
        wanted.entry(portable_name).or_default().extend(media_types);
    }
    let types: EventTypes = wanted.keys().map(String::as_str).collect();
    let declared = host.stream.event_types().await.map_err(|error| status_of(&error, A))?;
    types.check_supported_by(&declared).map_err(|error| status_of(&error, A))?;

    let mut unavailable: Vec<_> = wanted
        .iter()
        .filter(|(name, media_types)| !host.can_serve(name, &Wanted::of(media_types)))
        .map(|(name, _)| name.as_str())
        .collect();
    if !unavailable.is_empty() {
        unavailable.sort_unstable();
        return Err(A.unsupported_media_types(&unavailable));
    }
    let Some(StartPoint::Offset(offset)) = request.start_point else {
        let text = "the start point has to be an offset, and has to be there";
        return Err(Status::new(Code::Unimplemented, text).with(&UnsupportedStartPoint {}));
    };
    let media_types = MediaTypes::by_type(wanted)?;
    Consumption::new(A, host, types, media_types).open(&call, offset).await
}

pub(in crate::server) async fn event_types(mut call: Call) -> Result<Reply, Status> {
    let request: EventTypesRequest = call.message().await?;
    let host = call.host(A, &request.application_key, Action::Read)?;
    let known = host.known_types().await.map_err(|error| status_of(&error, A))?;
    let event_types = known
        .into_iter()
        .map(|(portable_name, media_types)| EventType { portable_name, media_types })
        .collect();
    Ok(Reply::message(&EventTypesResponse { event_types }))
}

//! Protocol B: `dogma.messaging.v1.EventStream`.

use eventstream_core::{EventStream, EventTypes};

use crate::{
    grpc::Status,
    proto::dogma::messaging::v1::{
        ConsumeRequest, MessageType, MessageTypesRequest, MessageTypesResponse,
    },
    server::{
        access::Action,
        call::Call,
        consume::{Consumption, MediaTypes},
        dialect::Dialect,
        response::Reply,
        status::status_of,
    },
};

const B: Dialect = Dialect::B;

pub(in crate::server) async fn consume(mut call: Call) -> Result<Reply, Status> {
    let request: ConsumeRequest = call.message().await?;
    let host = call.host(B, &request.application_key, Action::Read)?;
    if request.types.is_empty() {
        return Err(Status::invalid("no event type is asked for: types is empty"));
    }
    let types: EventTypes = request.types.into_iter().collect();
    let declared = host.stream.event_types().await.map_err(|error| status_of(&error, B))?;
    types.check_supported_by(&declared).map_err(|error| status_of(&error, B))?;
    let media_types = MediaTypes::as_stored();
    Consumption::new(B, host, types, media_types).open(&call, request.offset).await
}

pub(in crate::server) async fn event_types(mut call: Call) -> Result<Reply, Status> {
    let request: MessageTypesRequest = call.message().await?;
    let host = call.host(B, &request.application_key, Action::Read)?;
    let known = host.known_types().await.map_err(|error| status_of(&error, B))?;
    let message_types = known
        .into_iter()
        .map(|(portable_name, media_types)| MessageType {
            // What the type is called in the application's configuration is not known here.
            config_name: portable_name.clone(),
            portable_name,
            media_types,
        })
        .collect();
    Ok(Reply::message(&MessageTypesResponse { message_types }))
}

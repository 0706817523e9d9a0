use std::future::pending;

use eventstream_core::{EventRepository, EventStore};

use super::{OURS, failed, store_of, types_of};
use crate::{
    grpc::Status,
    proto::eventstream::v1::{
        LoadRequest, TruncateRequest, TruncateResponse, WaitForRequest, WaitForResponse,
        load_request::{BySource, ByType, Query},
    },
    server::{access::Action, call::Call, consume::load_all, response::Reply, status::going_away},
};

pub(in crate::server) async fn truncate(mut call: Call) -> Result<Reply, Status> {
    let request: TruncateRequest = call.message().await?;
    let host = call.host(OURS, &request.application_key, Action::Truncate)?;
    store_of(&host)?.truncate(request.before).await.map_err(failed)?;
    Ok(Reply::message(&TruncateResponse {}))
}

pub(in crate::server) async fn load(mut call: Call) -> Result<Reply, Status> {
    let request: LoadRequest = call.message().await?;
    let host = call.host(OURS, &request.application_key, Action::Read)?;
    let store = store_of(&host)?;
    let query = match request.query {
        None => return Err(Status::invalid("no query is asked for: by_type or by_source")),
        Some(Query::ByType(ByType { offset, event_types })) => {
            store.load_by_type(types_of(event_types), offset).await
        }
        Some(Query::BySource(BySource { handler_key, instance_id })) => {
            store.load_by_source(&handler_key, &instance_id).await
        }
    };
    let revoked = call.revoked(Action::Read, &request.application_key);
    Ok(load_all(query.map_err(failed)?, &call.shared).until(revoked))
}

pub(in crate::server) async fn wait_for(mut call: Call) -> Result<Reply, Status> {
    let request: WaitForRequest = call.message().await?;
    let host = call.host(OURS, &request.application_key, Action::Read)?;
    let store = store_of(&host)?;
    let revoked = call.revoked(Action::Read, &request.application_key);
    let next_offset = tokio::select! {
        biased;
        next_offset = store.wait_for(request.offset) => next_offset.map_err(failed)?,
        status = revoked.unwrap_or_else(|| Box::pin(pending())) => return Err(status),
        () = call.shared.drain.streams.cancelled() => return Err(going_away()),
    };
    Ok(Reply::message(&WaitForResponse { next_offset }))
}

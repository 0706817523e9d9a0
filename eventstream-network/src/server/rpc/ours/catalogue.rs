use bytes::Bytes;
use eventstream_core::{EventStream, Identity};

use super::{OURS, failed};
use crate::{
    grpc::Status,
    proto::{
        dogma::interop::v1::envelope,
        eventstream::v1::{
            DescribeRequest, DescribeResponse, EventType, ListApplicationsRequest,
            ListApplicationsResponse,
        },
    },
    server::{access::Action, call::Call, response::Reply},
};

fn identity(Identity { name, key }: Identity) -> envelope::Identity {
    envelope::Identity { name, key }
}

pub(in crate::server) async fn list_applications(mut call: Call) -> Result<Reply, Status> {
    let ListApplicationsRequest {} = call.message().await?;
    call.authorize(Action::List, None)?;
    let applications = call.shared.applications().into_iter().map(identity).collect();
    Ok(Reply::message(&ListApplicationsResponse { applications }))
}

pub(in crate::server) async fn describe(mut call: Call) -> Result<Reply, Status> {
    let DescribeRequest { application_key, without_oldest_offset } = call.message().await?;
    let host = call.host(OURS, &application_key, Action::Read)?;
    let declared = host.stream.event_types().await.map_err(failed)?;
    let event_types = if declared.is_any() && !without_oldest_offset {
        host.known_types().await.map_err(failed)?
    } else {
        host.with_media_types(&declared)
    };
    let incarnation = host.stream.incarnation().await.map_err(failed)?;
    let oldest_offset =
        if without_oldest_offset { None } else { host.oldest_offset().await.map_err(failed)? };
    let response = DescribeResponse {
        application: Some(identity(host.application.clone())),
        any_event_type: declared.is_any(),
        event_types: event_types
            .into_iter()
            .map(|(portable_name, media_types)| EventType { portable_name, media_types })
            .collect(),
        oldest_offset,
        next_offset: host.stream.end().await.map_err(failed)?,
        incarnation: incarnation
            .map_or_else(Bytes::new, |incarnation| incarnation.as_bytes().to_vec().into()),
        has_store: host.store.is_some(),
    };
    Ok(Reply::message(&response))
}
